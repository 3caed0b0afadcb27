import { join } from 'node:path';
import { OverlayHost, readLatencyMap, weighBuffersWithHeap, type Overlay, type OverlayHostOptions } from '@banyan/host';
import { idToBytes } from '@banyan/ids';
import { DEFAULT_PASTRY_CONFIG, LOCAL_PASTRY_CONFIG, type PastryConfig } from '@banyan/pastry';
import { bootstrap, builder, overlay as overlayApi } from '@banyan/proto';
import { becomeMember, PeerService, type Membership, type PreparedService, type ServiceContext, type ServiceDefinition } from '@banyan/service-kit';
import { JOIN_FAILURES, OVERLAY_METRICS } from '@banyan/telemetry';
import { multicastMethods } from './api/subscribe-bytes.ts';
import { DescriptorFiles } from './groups/descriptor-files.ts';
import { DescriptorSource } from './groups/descriptor-source.ts';
import { NO_DIRECTORY, TreeBuilderDirectory } from './groups/group-directory.ts';
import { AdviceWatch } from './groups/advice-watch.ts';
import { PlaceReports } from './groups/place-reports.ts';
import { AttachedClients } from './drain/attached-clients.ts';
import { Drain } from './drain/drain.ts';
import { NodeLife, type Companion } from './node-life.ts';
import { nodeSchema, type NodeConfig } from './node.config.ts';
import { PastryNodeModule } from './node.module.ts';
import { SelfNode } from './ports.ts';
import { BootstrapRegistration, listApis, listSupernodes } from './ring/bootstrap-service.ts';
import { enterRing, JOIN_TIMEOUT_MS, LOOK_TIMEOUT_MS } from './ring/ring-entry.ts';
import { SupernodeList } from './ring/supernode-list.ts';

/** Names of things in a node's data directory. */
const SUPERNODES_FILE = 'supernodes.json';
const GROUPS_DIRECTORY = 'groups';
/** Share of the grace time of a stop that the drain gets; the rest is for listeners and files. */
const DRAIN_SHARE = 0.9;
/** How often it is looked whether the node holds all that it votes on, ms. */
const DUTIES_LOOK_MS = 250;

/** A node of the overlay: one ring member with the API of all its protocols. */
export const nodeService: ServiceDefinition<typeof nodeSchema> = { service: 'pastry-node', schema: nodeSchema, prepare };

/** The control plane as a node was told of it; what it was not told of it does without. */
interface ControlPlane {
  readonly bootstrap: PeerService<bootstrap.BootstrapServiceClient> | undefined;
  readonly builder: PeerService<builder.TreeBuilderServiceClient> | undefined;
}

async function prepare(context: ServiceContext<NodeConfig>): Promise<PreparedService> {
  const { config, readiness } = context;
  weighBuffersWithHeap();
  readiness.set('ring', false);
  const emulate = await emulated(context); // before anything is asked of anyone: a bad file ends the start at once
  const membership = await becomeMember(context, 'node', [config.apiListen, config.controlListen, config.dataListen]);
  const plane = controlPlane(config, membership);
  const overlay = await OverlayHost.open({ ...(await hostOptions(context, membership)), ...(emulate === undefined ? {} : { emulate }) });
  membership.onRenewed((credentials) => overlay.renewCredentials(credentials));
  membership.onRevoked((revoked) => overlay.expel(revoked));
  overlay.onReadyChanged((ready) => readiness.set('ring', ready));
  const self = new SelfNode(overlay);
  const directory = plane.builder === undefined ? NO_DIRECTORY : new TreeBuilderDirectory(plane.builder);
  const descriptors = new DescriptorSource(overlay.groups, await DescriptorFiles.open(join(config.dataDir, GROUPS_DIRECTORY)), directory);
  const clients = new AttachedClients(() => context.running.current.clientStreamsMax);
  const graceMs = (): number => context.running.current.stopGraceMs * DRAIN_SHARE;
  const drain: Drain = new Drain({
    ...{ overlay, readiness, clients, logger: context.logger },
    refuse: () => life.refuse(),
    others: async () => (plane.bootstrap === undefined ? [] : listApis(plane.bootstrap, config.region, idToBytes(overlay.self.id))),
  });
  const life = nodeLife(context, { overlay, self, plane, membership, drain, graceMs });
  const lookAtDuties = (): void => readiness.set('duties', overlay.holdsVotes);
  lookAtDuties();
  setInterval(lookAtDuties, DUTIES_LOOK_MS).unref();
  return {
    module: PastryNodeModule.of({ overlay, self, descriptors, life, clients, drain, graceMs }),
    tokenVerifier: membership.tokenVerifier,
    certificatesExpire: membership.certificatesExpire,
    id: overlay.self.id,
    addresses: { control: overlay.self.controlAddress, data: overlay.self.dataAddress },
    listeners: [
      {
        name: 'api',
        listen: config.apiListen,
        credentials: membership.apiCredentials,
        services: [overlayApi.OverlayServiceService, multicastMethods],
        hasReflection: true,
      },
    ],
    started({ api = '' }) {
      self.learnApiAddress(api);
      life.begin();
    },
  };
}

function controlPlane(config: NodeConfig, membership: Membership): ControlPlane {
  const { bootstrapAddress, treeBuilderAddress } = config;
  return {
    bootstrap: bootstrapAddress === undefined ? undefined : new PeerService(bootstrap.BootstrapServiceClient, bootstrapAddress, 'bootstrap', membership),
    builder: treeBuilderAddress === undefined ? undefined : new PeerService(builder.TreeBuilderServiceClient, treeBuilderAddress, 'builder', membership),
  };
}

async function hostOptions(context: ServiceContext<NodeConfig>, membership: Membership): Promise<OverlayHostOptions> {
  const { config, env, logger, metrics, tracer, fail } = context;
  const { advertisedHost, seed } = config;
  const recordFile = env['BANYAN_RECORD'];
  return {
    credentials: membership.credentials,
    incarnation: await membership.store.nextIncarnation(Date.now()),
    listen: { control: config.controlListen, data: config.dataListen },
    ...(advertisedHost === undefined ? {} : { advertise: { controlHost: advertisedHost, dataHost: advertisedHost } }),
    region: config.region,
    zone: config.zone,
    capacity: config.capacity,
    pastry: pastryConfig(config),
    ...(seed === undefined ? {} : { seed }),
    // One name serves all nodes that a launcher starts with the same environment.
    ...(recordFile === undefined || recordFile === '' ? {} : { recordFile: recordFile.replaceAll('{name}', config.name) }),
    isRevoked: (peer) => membership.isRevoked(peer),
    logger,
    metrics,
    tracer,
    onFatal: fail,
  };
}

/** The map that links emulate, if they do; it is said aloud, for such a node is of no use to anyone else. */
async function emulated({ config, logger }: ServiceContext<NodeConfig>): Promise<OverlayHostOptions['emulate']> {
  if (config.emulateLatency === undefined) return undefined;
  const map = await readLatencyMap(config.emulateLatency);
  logger.warn({ event: 'latency_emulated', file: config.emulateLatency, sites: map.sites, lossRate: map.lossRate });
  return map;
}

function pastryConfig({ network, leafSetSize, leaseMs }: NodeConfig): PastryConfig {
  const base = network === 'local' ? LOCAL_PASTRY_CONFIG : DEFAULT_PASTRY_CONFIG;
  // A lease of a node's own choice keeps the heartbeats that renew it within it, in the proportion of the preset.
  const lease = leaseMs === undefined ? {} : { leaseMs, heartbeatPeriodMs: (leaseMs / base.leaseMs) * base.heartbeatPeriodMs };
  return { ...base, ...lease, leafSetSize: leafSetSize ?? base.leafSetSize };
}

interface LifeParts {
  readonly overlay: Overlay;
  readonly self: SelfNode;
  readonly plane: ControlPlane;
  readonly membership: Membership;
  readonly drain: Drain;
  readonly graceMs: () => number;
}

function nodeLife({ config, logger, metrics, fail }: ServiceContext<NodeConfig>, { overlay, self, plane, membership, drain, graceMs }: LifeParts): NodeLife {
  const entry = new AbortController();
  const companions: Companion[] = [];
  if (plane.bootstrap !== undefined) companions.push(new BootstrapRegistration(plane.bootstrap, overlay, self, logger));
  if (plane.builder !== undefined) companions.push(new PlaceReports(plane.builder, overlay, self, logger), new AdviceWatch(plane.builder, overlay, logger));
  const { bootstrap: list } = plane;
  const { joins } = metrics.register(OVERLAY_METRICS);
  // From the start, so that the first failure is an increase.
  for (const outcome of JOIN_FAILURES) joins.add(0, { outcome });
  return new NodeLife({
    drain,
    entry,
    enterRing: () =>
      enterRing({
        overlay,
        list: () => (list === undefined ? Promise.resolve(undefined) : listSupernodes(list, config.region, idToBytes(overlay.self.id))),
        kept: new SupernodeList(join(config.dataDir, SUPERNODES_FILE), logger),
        seeds: config.seeds,
        startsRing: config.first,
        attemptMs: { join: JOIN_TIMEOUT_MS, look: LOOK_TIMEOUT_MS },
        failed: (outcome) => joins.add(1, { outcome }),
        logger,
        signal: entry.signal,
      }),
    companions,
    close() {
      for (const service of Object.values(plane) as readonly ({ close(): void } | undefined)[]) service?.close();
      membership.close();
    },
    graceMs,
    logger,
    fail,
  });
}
