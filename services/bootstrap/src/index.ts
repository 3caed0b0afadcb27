export { bootstrapService } from './bootstrap-service.ts';
export { bootstrapSchema, type BootstrapConfig } from './bootstrap.config.ts';
