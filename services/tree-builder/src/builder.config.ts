import { z } from 'zod';
import { listenSetting, memberSettings, serviceSettings } from '@banyan/service-kit/settings';

/** The settings of the tree builder. */
export const builderSchema = z.object({
  ...serviceSettings('tree-builder'),
  ...memberSettings(),
  apiListen: listenSetting('the API for clients (TLS and token)'),
  peerListen: listenSetting('the API for nodes (mutual TLS)'),
});

/** What the tree builder is told. */
export type BuilderConfig = z.infer<typeof builderSchema>;
