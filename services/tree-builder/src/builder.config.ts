import { z } from 'zod';
import { reloadable, secret } from '@banyan/config';
import { DATABASE_URL } from '@banyan/database';
import { listenSetting, memberSettings, serviceSettings } from '@banyan/service-kit/settings';

/** The settings of the tree builder. */
export const builderSchema = z.object({
  ...serviceSettings('tree-builder'),
  ...memberSettings(),
  apiListen: listenSetting('the API for clients (TLS and token)'),
  peerListen: listenSetting('the API for nodes (mutual TLS)'),
  databaseUrl: secret(z.string().regex(DATABASE_URL, 'must be sqlite:FILE or postgres://…').optional().describe('Store: sqlite:FILE, or postgres://USER:PASSWORD@HOST/DATABASE, which replicas share; tree-builder.sqlite in the data directory when left out')),
  adviceEveryMs: reloadable(z.number().int().min(0).default(5_000).describe('How often trees are looked at for better parents, ms; 0: never')),
  linkPrices: z.string().min(1).optional().describe('File with what links between regions and zones cost, JSON; without one only delay counts'),
});

/** What the tree builder is told. */
export type BuilderConfig = z.infer<typeof builderSchema>;
