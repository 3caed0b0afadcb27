export { consoleService } from './console-service.ts';
export { consoleSchema, type ConsoleConfig } from './console.config.ts';
