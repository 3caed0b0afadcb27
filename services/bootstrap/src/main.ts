import 'reflect-metadata';
import { runService } from '@banyan/service-kit';
import { bootstrapService } from './bootstrap-service.ts';

await runService(bootstrapService);
