export { nodeSchema, type NodeConfig } from './node.config.ts';
export { nodeService } from './node-service.ts';
