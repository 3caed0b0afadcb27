import 'reflect-metadata';
import { runService } from '@banyan/service-kit';
import { builderService } from './builder-service.ts';

await runService(builderService);
