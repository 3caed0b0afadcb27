import { z } from 'zod';
import { listenSetting, memberSettings, serviceSettings } from '@banyan/service-kit/settings';

/** The settings of bootstrap. */
export const bootstrapSchema = z.object({
  ...serviceSettings('bootstrap'),
  ...memberSettings(),
  apiListen: listenSetting('the API for clients (TLS and token)'),
  peerListen: listenSetting('the API for nodes (mutual TLS)'),
  leaseMs: z.number().int().min(1_000).max(600_000).default(30_000).describe('How long a node stays on the list without a sign, ms'),
});

/** What bootstrap is told. */
export type BootstrapConfig = z.infer<typeof bootstrapSchema>;
