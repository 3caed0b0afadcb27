export { builderService } from './builder-service.ts';
export { builderSchema, type BuilderConfig } from './builder.config.ts';
