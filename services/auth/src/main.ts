import 'reflect-metadata';
import { runService } from '@banyan/service-kit';
import { authService } from './auth-service.ts';

await runService(authService);
