import { launch } from '@banyan/service-kit/launch';

await launch(async () => (await import('./builder-service.ts')).builderService);
