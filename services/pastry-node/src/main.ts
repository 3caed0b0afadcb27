import '@banyan/service-kit/lean-start';
import 'reflect-metadata';
import { runService } from '@banyan/service-kit';
import { nodeService } from './node-service.ts';

await runService(nodeService);
