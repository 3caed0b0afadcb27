// What makes each alert fire, one cause a row: harm as it happens in the field, done to a live overlay.
import { createPublicKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { issueToken } from '@banyan/client';
import { certificateToPem, CertificateAuthority, parseCertificate, peerFromCertificate, privateKeyFromPem, publicKeyToSpki, type AuthorityFiles } from '@banyan/identity';
import type { AlertScene } from './alert-scene.ts';
import { eventually } from './eventually.ts';

/** Ends a cause; what it did is undone. */
type Undo = () => Promise<void> | void;

/** One row: what is done, and what must be heard of it. */
export interface AlertCause {
  readonly what: string;
  readonly alerts: readonly string[];
  readonly begin: (scene: AlertScene) => Promise<Undo>;
}

const HALF_A_DAY_MS = 12 * 3_600_000;
const NOBODY = '127.0.0.1:1';

/** Runs beside all others: its longest alert takes a quarter of an hour even with durations divided by twenty. */
export const lastingCause: AlertCause = {
  what: 'routes to an application that no node has',
  alerts: ['BanyanBudgetBurnsInHours', 'BanyanBudgetBurnsInADay', 'BanyanBudgetBurnsInDays', 'BanyanBudgetBurnsInAMonth'],
  begin: async ({ client }) => again(250, (round) => client.overlay.route(`key ${round}`, 'nobody', Buffer.from('x'))),
};

/** Everything else, one after the other. */
export const causes: readonly AlertCause[] = [
  { what: 'no node is scraped', alerts: ['BanyanNodesAbsent'], begin: (scene) => unwatched(scene, ['pastry-node']) },
  { what: 'no control plane is scraped', alerts: ['BanyanAuthAbsent', 'BanyanBootstrapAbsent', 'BanyanTreeBuilderAbsent'], begin: (scene) => unwatched(scene, ['auth', 'bootstrap', 'tree-builder']) },
  { what: 'auth is killed', alerts: ['BanyanControlPlaneDown'], begin: (scene) => killed(scene, ['auth']) },
  {
    what: 'a process starts again and again',
    alerts: ['BanyanProcessRestarts'],
    begin: async ({ overlay }) => {
      // Each life has to be scraped.
      for (let life = 0; life < 3; life++) await overlay.restart('bootstrap').then(() => pause(4_000));
      return () => undefined;
    },
  },
  {
    what: 'somebody tries secrets',
    alerts: ['BanyanAuthRefuses'],
    begin: async (scene) => {
      const authority = await readFile(scene.overlay.paths.authorityFile, 'utf8');
      return again(100, () => issueToken({ address: scene.addressOf('auth', 'api'), authority, subject: 'admin', secret: 'a guess of somebody', scopes: ['admin'] }));
    },
  },
  { what: 'most of the files a node may open are open', alerts: ['BanyanFilesRunOut'], begin: (scene) => scene.changed(scene.last, { burden: 'files' }) },
  { what: 'a node has no core left', alerts: ['BanyanProcessFull'], begin: (scene) => scene.changed(scene.last, { burden: 'full' }) },
  { what: 'a node works a second without a pause', alerts: ['BanyanEventLoopLate'], begin: (scene) => scene.changed(scene.last, { burden: 'late' }) },
  { what: 'a node takes its inputs late', alerts: ['BanyanInboxWaits'], begin: (scene) => scene.changed(scene.last, { burden: 'waiting' }) },
  {
    what: 'a certificate that soon ends is put in place',
    alerts: ['BanyanCertificateExpiresSoon', 'BanyanCertificateExpires'],
    begin: async (scene) => {
      const back = await withShortCertificate(scene, scene.last);
      await scene.overlay.kill(scene.last, 'SIGHUP');
      return async () => {
        await back();
        await scene.overlay.kill(scene.last, 'SIGHUP');
      };
    },
  },
  {
    what: 'a node refuses subscribers for want of room',
    alerts: ['BanyanCallsFail'],
    begin: async (scene) => {
      const back = await scene.changed(scene.last, { settings: { clientStreamsMax: 1 } });
      const clients = await Promise.all(Array.from({ length: 2 }, () => scene.clientAt(scene.last, 1)));
      const attempts = clients.map((client) => again(10, () => client.subscribe('admin/steady')));
      return async () => {
        await Promise.all(attempts.map((end) => end()));
        await back();
      };
    },
  },
  {
    what: 'a peer sends rubbish',
    alerts: ['BanyanPeerFaults'],
    begin: async (scene) => {
      const [key, cert, ca] = await Promise.all(['key.pem', 'certificate.pem', 'authority.pem'].map((name) => readFile(join(scene.overlay.paths.dirOf(scene.last), name))));
      return again(1_000, () => rubbish(scene.addressOf(scene.nodes[0] ?? '', 'data'), { key: String(key), cert: String(cert), ca: String(ca) }));
    },
  },
  {
    what: 'a subscriber begins before what is kept',
    alerts: ['BanyanGapsTold'],
    begin: async ({ client }) => {
      await client.groups.create('admin/short', { retentionMs: 1_000n, retentionBytes: 65_536n });
      const publisher = await client.publish('admin/short');
      for (let n = 0; n < 200; n++) await publisher.send(Buffer.alloc(4_096));
      await publisher.close();
      return again(1_000, async () => {
        const subscription = await client.subscribe('admin/short', { start: { type: 'sequence', sequence: 1n } });
        for await (const event of subscription) if (event.type === 'gap') break;
      });
    },
  },
  { what: 'nobody reads', alerts: ['BanyanDeliveryStopped'], begin: async (scene) => scene.stopReading() },
  {
    what: 'links lose half of everything and take half a second',
    alerts: ['BanyanLinksEmulated', 'BanyanHopsTimeOut', 'BanyanMessagesGivenUp'],
    begin: async (scene) => {
      const map = join(scene.folder, 'map.json');
      await writeFile(map, JSON.stringify({ roundTripMs: [[0, 1_000], [1_000, 0]], lossRate: 0.5 }));
      const back = await scene.changed(scene.last, { settings: { emulateLatency: map } });
      const client = await scene.clientAt(scene.last);
      const lookups = Array.from({ length: 8 }, (_, at) => again(20, (round) => client.overlay.lookup(`key ${at} ${round}`)));
      return async () => {
        await Promise.all(lookups.map((end) => end()));
        await back();
      };
    },
  },
  {
    what: 'the root stands still again and again',
    alerts: ['BanyanNodeStalls', 'BanyanPeersDie', 'BanyanTreesUnsettled', 'BanyanReceiptsSlow'],
    begin: async (scene) =>
      again(4_000, async () => {
        const root = await scene.rootName();
        await scene.overlay.kill(root, 'SIGSTOP');
        await pause(6_000);
        await scene.overlay.kill(root, 'SIGCONT');
      }),
  },
  {
    what: 'all nodes but the publisher\'s stand still',
    alerts: ['BanyanReceiptsMissing'],
    begin: async ({ overlay, nodes }) => {
      const others = nodes.slice(1);
      for (const name of others) await overlay.kill(name, 'SIGSTOP');
      return async () => {
        for (const name of others) await overlay.kill(name, 'SIGCONT');
      };
    },
  },
  {
    what: 'a node makes a ring of its own and tells nobody',
    alerts: ['BanyanLeafSetThin', 'BanyanNodesUnreported'],
    begin: (scene) => scene.changed(scene.last, { settings: { first: true, bootstrapAddress: NOBODY, treeBuilderAddress: NOBODY, dataDir: join(scene.folder, 'apart') } }),
  },
  { what: 'a node runs another version', alerts: ['BanyanVersionsMixed'], begin: (scene) => scene.changed(scene.last, { burden: 'other-version' }) },
  {
    what: 'a node stands still while it joins',
    alerts: ['BanyanJoinsSlow'],
    begin: async (scene) => {
      const { last } = scene; // another one is the last while it is dead
      await scene.overlay.kill(last, 'SIGKILL');
      const isBack = scene.overlay.restart(last);
      await stoppedAt(scene, last, 'joining', 31_000);
      await isBack;
      return () => undefined;
    },
  },
  {
    what: 'nodes look for a ring and find nobody',
    alerts: ['BanyanNodeNotReady', 'BanyanJoinsFail'],
    begin: async (scene) => {
      const lost = scene.nodes.slice(-5);
      for (const name of lost) scene.settings.set(name, { bootstrapAddress: NOBODY, dataDir: join(scene.folder, `lost-${name}`) });
      const starts = lost.map((name) => scene.overlay.restart(name).catch(() => undefined));
      return async () => {
        await Promise.all(starts);
        for (const name of lost) scene.settings.delete(name);
        for (const name of lost) await scene.overlay.restart(name);
      };
    },
  },
  { what: 'all nodes but one are killed', alerts: ['BanyanNodeDown', 'BanyanManyNodesDown', 'BanyanSupernodesFew'], begin: (scene) => killed(scene, scene.nodes.slice(1)) },
];

/** Does something every so many ms until it is told to stop; that it fails is what is wanted. */
function again(everyMs: number, work: (round: number) => Promise<unknown>): () => Promise<void> {
  const isOver = new AbortController();
  const all = (async () => {
    for (let round = 0; !isOver.signal.aborted; round++) {
      await work(round).catch(() => undefined);
      await pause(everyMs, undefined, { signal: isOver.signal }).catch(() => undefined);
    }
  })();
  return () => {
    isOver.abort();
    return all;
  };
}

async function unwatched(scene: AlertScene, jobs: readonly string[]): Promise<Undo> {
  scene.watchAll(jobs);
  return () => scene.watchAll();
}

async function killed({ overlay }: AlertScene, names: readonly string[]): Promise<Undo> {
  await Promise.all(names.map((name) => overlay.kill(name, 'SIGKILL')));
  return async () => {
    for (const name of names) await overlay.restart(name);
  };
}

/** Puts a certificate of half a day where a node keeps its own. */
async function withShortCertificate({ overlay }: AlertScene, name: string): Promise<Undo> {
  const file = join(overlay.paths.dirOf(name), 'certificate.pem');
  const before = await readFile(file, 'utf8');
  const identity = peerFromCertificate(parseCertificate(before)?.raw ?? Buffer.alloc(0));
  if (identity === undefined) throw new Error(`${file} names no peer`);
  const authority = await CertificateAuthority.load(JSON.parse(await readFile(join(overlay.paths.dirOf('auth'), 'authority.json'), 'utf8')) as AuthorityFiles);
  const key = privateKeyFromPem(await readFile(join(overlay.paths.dirOf(name), 'key.pem'), 'utf8'));
  const { der } = await authority.issue({ ...identity, publicKey: publicKeyToSpki(createPublicKey(key)), now: Date.now(), lifetimeMs: HALF_A_DAY_MS });
  await writeFile(file, certificateToPem(der));
  return () => writeFile(file, before);
}

/** A frame that is none, over a link of a good member. */
async function rubbish(address: string, credentials: { readonly key: string; readonly cert: string; readonly ca: string }): Promise<void> {
  const session = connectHttp2(`https://${address}`, { ...credentials, checkServerIdentity: () => undefined });
  try {
    await new Promise<void>((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({ ':method': 'POST', ':path': '/banyan.peer.v1.PeerLinkService/Data', 'content-type': 'application/grpc+proto', te: 'trailers' });
      stream.on('error', () => undefined).on('close', () => resolve());
      stream.end(Buffer.alloc(40, 0xff));
    });
  } finally {
    session.destroy();
  }
}

/** Holds a process for so long at the moment in which its log tells an event. */
async function stoppedAt({ overlay }: AlertScene, name: string, event: string, ms: number): Promise<void> {
  const file = overlay.paths.logOf(name);
  const lives = (text: string): number => text.split(`"event":"${event}"`).length;
  const before = lives(await readFile(file, 'utf8'));
  const line = await eventually(`${name} tells '${event}'`, async () => {
    for (const until = Date.now() + 200; Date.now() < until; await pause(2)) {
      const text = await readFile(file, 'utf8');
      if (lives(text) > before) return text.slice(text.lastIndexOf(`"event":"service_starting"`) - 400);
    }
    return undefined;
  });
  const pid = Number(/"pid":(\d+)/.exec(line)?.[1]);
  process.kill(pid, 'SIGSTOP');
  await pause(ms);
  process.kill(pid, 'SIGCONT');
}
