import { launch } from '@banyan/service-kit/launch';

await launch(async () => (await import('./auth-service.ts')).authService);
