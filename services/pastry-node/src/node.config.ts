import { z } from 'zod';
import { reloadable } from '@banyan/config';
import { HOST_PORT, listenSetting, memberSettings, serviceSettings } from '@banyan/service-kit/settings';

const address = (what: string) => z.string().regex(HOST_PORT, 'must be host:port').optional().describe(what);
const label = (what: string) => z.string().max(64).regex(/^[A-Za-z0-9._-]*$/, 'must be of letters, digits, dot, underscore and hyphen').default('').describe(what);

/** The settings of a node. */
export const nodeSchema = z.object({
  ...serviceSettings('pastry-node'),
  ...memberSettings(),
  apiListen: listenSetting('the API'),
  controlListen: listenSetting('the control link'),
  dataListen: listenSetting('the data link'),
  bootstrapAddress: address('Peer address of the bootstrap service, which lists live nodes'),
  treeBuilderAddress: address('Peer address of the tree builder, which describes groups and watches trees'),
  seeds: z.array(z.string().regex(HOST_PORT, 'must be host:port')).max(64).default([]).describe('Control addresses of nodes to join through when no list is to be had'),
  first: z.boolean().default(false).describe('Starts a ring when nobody can be found; exactly one node of an overlay should'),
  region: label('Label of the region, for placement and for the eye'),
  zone: label('Label of the failure zone'),
  capacity: z.number().int().min(1).max(10_000).default(32).describe('Children the node carries at once, over all groups'),
  clientStreamsMax: reloadable(z.number().int().min(1).max(1_000_000).default(10_000).describe('Streams of publishers and subscribers that are open at once; one more is sent elsewhere (BUSY)')),
  network: z.enum(['local', 'wide']).default('local').describe('Figures of the protocols: local for one machine or site, wide for many'),
  leafSetSize: z.number().int().min(8).max(64).multipleOf(2, 'must be even').optional().describe('Nodes in the leaf set; by default what `network` says'),
  leaseMs: z.number().int().min(2_000).max(600_000).optional().describe('How long a lease of a ring neighbor lasts, ms; by default what `network` says'),
  emulateLatency: z.string().min(1).optional().describe('File of a latency map whose delays and losses the links to peers emulate; the same on all nodes, for experiments'),
  seed: z.number().int().min(0).optional().describe('Makes the chance of the protocols repeatable; drawn when left out'),
});

/** What a node is told. */
export type NodeConfig = z.infer<typeof nodeSchema>;
