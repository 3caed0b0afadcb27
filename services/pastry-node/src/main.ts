import { launch } from '@banyan/service-kit/launch';

await launch(async () => (await import('./node-service.ts')).nodeService);
