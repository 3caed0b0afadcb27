import { launch } from '@banyan/service-kit/launch';

await launch(async () => (await import('./console-service.ts')).consoleService);
