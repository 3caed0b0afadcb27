import { launch } from '@banyan/service-kit/launch';

await launch(async () => (await import('./bootstrap-service.ts')).bootstrapService);
