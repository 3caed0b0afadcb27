import { ControlLinks, DataLinks, framed, type DataLink } from '@banyan/grpc';
import { idFromBytes, idToBytes } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { overlay } from '@banyan/proto';
import { seededRng, type Rng } from '@banyan/sansio';
import { createMetricsRegistry, NO_LOGGER } from '@banyan/telemetry';
import { nodeCodec } from '@banyan/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { controlTarget } from './handles.ts';
import { HostMetrics } from './host-metrics.ts';
import type { HostInput } from './machine.ts';
import type { OverlayHost } from './overlay-host.ts';
import { PeerSide } from './peer-side.ts';
import { HostRing } from './testing/host-ring.ts';

let ring: HostRing | undefined;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await ring?.stop();
  ring = undefined;
});

/** A member with a good certificate and bad manners. */
async function rogue(): Promise<{ control: ControlLinks; data: DataLinks; closed: Promise<string>; self: overlay.Node; up: Promise<DataLink>; address: string }> {
  const credentials = await ring!.authority.issue();
  const { id } = credentials.identity;
  const self: overlay.Node = { id: idToBytes(id), incarnation: 1n, controlAddress: '127.0.0.1:1', dataAddress: '127.0.0.1:1', region: '', zone: '', capacity: 1, apiAddress: '' };
  let tell: (reason: string) => void;
  let tellUp: (link: DataLink) => void;
  const closed = new Promise<string>((resolve) => (tell = resolve));
  const up = new Promise<DataLink>((resolve) => (tellUp = resolve));
  const quiet = { faulted: () => undefined, unreachable: () => undefined };
  const control = new ControlLinks({ id, self: () => self, credentials, events: { ...quiet, frame: () => undefined, opened: () => undefined, closed: (_peer, error) => tell(error.reason), dropped: () => undefined } });
  const data = new DataLinks({ id, self: () => self, credentials, events: { ...quiet, up: (link) => tellUp(link), down: (_link, error) => tell(error.reason), frame: () => undefined } });
  const { address } = await data.listen('127.0.0.1:0');
  closing.push(() => control.stop(), () => data.stop(50));
  return { control, data, closed, self, up, address };
}

function rubbish(rng: Rng, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => rng.below(256)));
}

async function serves(host: OverlayHost): Promise<void> {
  expect((await host.lookup(host.self.id)).root.id).toBe(host.self.id);
}

describe('a peer that sends rubbish', () => {
  it('loses its control link, never the process, and others notice nothing (seed 5)', async () => {
    const metrics = createMetricsRegistry({ processMetrics: false });
    ring = await HostRing.of(2, (index) => (index === 0 ? { metrics } : {}));
    const [host, other] = ring.hosts as [OverlayHost, OverlayHost];
    const rng = seededRng(5);
    for (let i = 0; i < 12; i++) {
      const peer = await rogue();
      // There is no wire type 7: whatever follows is unreadable, and is not taken for a message of a newer version.
      peer.control.send(controlTarget(host.self), Buffer.concat([Buffer.from([0x07]), rubbish(rng, rng.below(200))]));
      expect(await peer.closed).toBe('FRAME_MALFORMED');
    }
    await serves(host);
    expect((await other.lookup(host.self.id)).root.id).toBe(host.self.id);
    expect(await metrics.scrape()).toContain('banyan_overlay_peer_faults_total{fault="frame_malformed"} 12');
  });

  it('loses its data link as a parent, and the machine is told', async () => {
    ring = await HostRing.of(0);
    const told: HostInput[] = [];
    const { side, tellBy } = await lonelySide(ring, told);
    const peer = await rogue();
    side.dial({ ...handle(peer.self), dataAddress: peer.address });
    const link = await peer.up;
    peer.data.fanOut([link.link], framed(Buffer.from('this is no frame')));
    await tellBy(2);
    expect(told.map(({ type }) => type)).toEqual(['linkUp', 'linkDown']);
    expect(told[1]).toMatchObject({ app: 'multicast', dialled: true, peer: { id: idFromBytes(peer.self.id) } });
  });

  it('is told apart from one that says what only newer versions know', async () => {
    ring = await HostRing.of(1);
    const host = ring.hosts[0]!;
    const peer = await rogue();
    // Field 100 of ControlFrame, empty.
    for (let i = 0; i < 3; i++) peer.control.send(controlTarget(host.self), Buffer.from([0xa2, 0x06, 0x00]));
    peer.control.send(controlTarget(host.self), Buffer.from([0xff]));
    expect(await peer.closed).toBe('FRAME_MALFORMED');
    await serves(host);
  });
});

/** The peer side of a host without its machine: what the machine would be told is written down. */
async function lonelySide(of: HostRing, told: HostInput[]): Promise<{ side: PeerSide; tellBy(count: number): Promise<void> }> {
  const credentials = await of.authority.issue();
  const self: overlay.Node = { id: idToBytes(credentials.identity.id), incarnation: 1n, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1, apiAddress: '' };
  let look = (): void => undefined;
  const post = (input: HostInput): boolean => {
    told.push(input);
    look();
    return true;
  };
  const metrics = new HostMetrics(createMetricsRegistry({ processMetrics: false }), () => {
    throw new Error('nobody scrapes');
  });
  const side = new PeerSide({ id: credentials.identity.id, self: () => self, credentials, isSigned: () => true, refusal: () => undefined, logger: NO_LOGGER, metrics: () => metrics, post, postSurely: (input) => void post(input) });
  closing.push(() => side.control.stop(), () => side.data.stop(50));
  return {
    side,
    tellBy: (count) =>
      new Promise((resolve) => {
        look = () => void (told.length >= count && resolve());
        look();
      }),
  };
}

function handle(node: overlay.Node): NodeHandle {
  return nodeCodec.fromWire(node);
}
