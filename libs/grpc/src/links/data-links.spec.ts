import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { Client, type ServiceError } from '@grpc/grpc-js';
import { idToBytes } from '@banyan/ids';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { peer as wire } from '@banyan/proto';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { mutualTlsChannelCredentials } from '../credentials.ts';
import { OverlayError } from '../overlay-error.ts';
import { parseStatus } from '../status.ts';
import { dataParty, type DataParty } from '../testing/data-party.ts';
import { DATA_PATH } from './data-wire.ts';
import { framed, unframed } from './framing.ts';

let authority: TestAuthority;
const parties: DataParty[] = [];

beforeAll(async () => {
  authority = await mintTestAuthority();
});
afterEach(async () => {
  await Promise.all(parties.splice(0).map((party) => party.links.stop(50)));
});

async function party(options: Parameters<typeof dataParty>[1] = {}): Promise<DataParty> {
  const made = await dataParty(authority, options);
  parties.push(made);
  return made;
}

/** A parent and so many children whose links are up at both ends. */
async function family(children: number, options: Parameters<typeof dataParty>[1] = {}): Promise<{ parent: DataParty; children: DataParty[] }> {
  const parent = await party(options);
  const all = await Promise.all(Array.from({ length: children }, () => party()));
  for (const child of all) {
    child.links.dial(parent.target(), 'multicast');
    await child.until(() => child.ups.length === 1);
  }
  return { parent, children: all };
}

describe('data links', () => {
  it('bring one framed buffer to every child, in order, each byte as it was written', async () => {
    const { parent, children } = await family(3);
    const links = parent.ups.map((up) => up.link);
    const sent = Array.from({ length: 50 }, (_, i) => framed(Buffer.alloc(1 + i * 3_000, i)));
    for (const buffer of sent) parent.links.fanOut(links, buffer);
    for (const child of children) {
      await child.until(() => child.frames.length === sent.length);
      expect(child.frames.every((frame, i) => frame.equals(sent[i]!))).toBe(true);
    }
    expect(parent.ups.map(({ dialled, application }) => [dialled, application])).toEqual(Array(3).fill([false, 'multicast']));
  });

  it('pass on what they received without another copy, over three generations', async () => {
    const { parent, children } = await family(1);
    const middle = children[0]!;
    const leaf = await party();
    leaf.links.dial(middle.target(), 'multicast');
    await leaf.until(() => leaf.ups.length === 1);
    parent.links.fanOut([parent.ups[0]!.link], framed(Buffer.from('pass it on')));
    await middle.until(() => middle.frames.length === 1);
    middle.links.fanOut([middle.ups[1]!.link], middle.frames[0]!);
    await leaf.until(() => leaf.frames.length === 1);
    expect(unframed(leaf.frames[0]!).toString()).toBe('pass it on');
  });

  it('have one link per parent and application, however often it is dialled', async () => {
    const { parent, children } = await family(1);
    const child = children[0]!;
    child.links.dial(parent.target(), 'multicast');
    child.links.dial(parent.target(), 'storage');
    await child.until(() => child.ups.length === 2);
    expect([child.links.size, parent.links.size]).toEqual([2, 2]);
  });

  it('tell the other side when one hangs up, after what was sent before, and tell the one who did nothing', async () => {
    const { parent, children } = await family(1);
    const child = children[0]!;
    const link = parent.ups[0]!.link;
    parent.links.fanOut([link], framed(Buffer.alloc(500_000)));
    parent.links.hangUp(link);
    await child.until(() => child.happenings.length === 2);
    expect(child.frames).toHaveLength(1);
    expect(child.happenings[1]).toBe(`down ${parent.id} LINK_CLOSED`);
    expect(parent.happenings).toEqual([`up ${child.id}`]);
  });

  it('tell the parent when the child hangs up, and take a new dial as a new link', async () => {
    const { parent, children } = await family(1);
    const child = children[0]!;
    child.links.hangUp(child.ups[0]!.link);
    await parent.until(() => parent.happenings.length === 2);
    child.links.dial(parent.target(), 'multicast');
    await child.until(() => child.ups.length === 2);
    expect(child.ups[1]!.link).not.toBe(child.ups[0]!.link);
    expect(child.happenings.filter((h) => h.startsWith('down'))).toEqual([]);
  });

  it('go down at both ends when the queue of a child that does not read is full, and only for that child', async () => {
    const { parent, children } = await family(2, { queueBytesMax: 6 * 1024 * 1024 });
    const [reading, stuck] = children as [DataParty, DataParty];
    stuck.links.pause();
    const links = parent.ups.map((up) => up.link);
    const mebibyte = framed(Buffer.alloc(1024 * 1024));
    for (let i = 1; i <= 40 && !parent.happenings.some((h) => h.startsWith('down')); i++) {
      parent.links.fanOut(links, mebibyte);
      await reading.until(() => reading.frames.length === i);
    }
    expect(parent.happenings.filter((h) => h.startsWith('down'))).toEqual([`down ${stuck.id} LINK_OVERFLOW`]);
    stuck.links.resume();
    await stuck.until(() => stuck.happenings.some((h) => h.startsWith('down')));
    expect(parent.links.size).toBe(1);
  });

  it('lose nothing while the child pauses', async () => {
    const { parent, children } = await family(1);
    const child = children[0]!;
    child.links.pause();
    for (let i = 0; i < 20; i++) parent.links.fanOut([parent.ups[0]!.link], framed(Buffer.alloc(400_000, i)));
    child.links.resume();
    await child.until(() => child.frames.length === 20);
    expect(child.frames.map((frame) => frame[5])).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('say "not at this address" when another id answers', async () => {
    const [a, b] = [await party(), await party()];
    const stranger = (await authority.issue()).identity.id;
    a.links.dial({ id: stranger, incarnation: 1, address: b.address }, 'multicast');
    await a.until(() => a.happenings.length === 1);
    expect(a.happenings).toEqual([`unreachable ${stranger} NOT_AT_THIS_ADDRESS`]);
  });

  it('are not had with a certificate that has expired or is of another authority', async () => {
    const parent = await party();
    const foreign = { ...(await (await mintTestAuthority()).issue()), authority: authority.pem };
    for (const credentials of [await authority.issue({ lifetimeMs: -60_000 }), foreign]) {
      const child = await party({ credentials });
      child.links.dial(parent.target(), 'multicast');
      await child.until(() => child.happenings.length === 1);
      expect(child.happenings).toEqual([`unreachable ${parent.id} UNREACHABLE`]);
    }
    expect(parent.happenings).toEqual([]);
  });

  it('tell when nobody answers', async () => {
    const [a, b] = [await party(), await party()];
    await b.links.stop();
    a.links.dial(b.target(), 'multicast');
    await a.until(() => a.happenings.length === 1);
    expect(a.happenings).toEqual([`unreachable ${b.id} UNREACHABLE`]);
  });

  it('outlive a connection that stands only after its dial was given up', async () => {
    const parent = await party({ unprotected: true });
    // Nothing may take any time: the greeting is missed before the connection stands.
    const child = await party({ unprotected: true, greetingTimeoutMs: 0 });
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    child.links.dial(parent.target(), 'multicast');
    vi.runAllTimers();
    vi.useRealTimers();
    expect(child.happenings).toEqual([`unreachable ${parent.id} TIMEOUT`]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(child.ups).toEqual([]);
  });

  it('go without TLS where both ends were made so, and only there', async () => {
    const parent = await party({ unprotected: true });
    const child = await party({ unprotected: true });
    child.links.dial(parent.target(), 'multicast');
    await parent.until(() => parent.ups.length === 1);
    parent.links.fanOut([parent.ups[0]!.link], framed(Buffer.from('in the open')));
    await child.until(() => child.frames.length === 1);
    expect(parent.ups[0]!.peer.id).toBe(child.id);
    const wary = await party();
    wary.links.dial(parent.target(), 'multicast');
    await wary.until(() => wary.happenings.length === 1);
    expect(wary.happenings).toEqual([`unreachable ${parent.id} UNREACHABLE`]);
  });

  it('close when nothing was sent for a while', async () => {
    const { parent, children } = await family(1, { idleMs: 60 });
    const child = children[0]!;
    await child.until(() => child.happenings.length === 2);
    expect(parent.happenings[1]).toBe(`down ${child.id} LINK_CLOSED`);
    expect(child.happenings[1]).toBe(`down ${parent.id} LINK_CLOSED`);
  });

  it('refuse a child beyond the bound and say when to come again', async () => {
    const parent = await party({ linksMax: 1 });
    const [a, b] = [await party(), await party()];
    a.links.dial(parent.target(), 'multicast');
    await a.until(() => a.ups.length === 1);
    b.links.dial(parent.target(), 'multicast');
    await b.until(() => b.happenings.length === 1);
    expect(b.happenings).toEqual([`unreachable ${parent.id} BUSY`]);
  });

  it('all go with a peer that broke the protocol elsewhere', async () => {
    const { parent, children } = await family(1);
    const child = children[0]!;
    parent.links.dial(child.target(), 'multicast');
    await parent.until(() => parent.ups.length === 2);
    parent.links.close(child.id, new OverlayError('FRAME_MALFORMED', 'rubbish'));
    await child.until(() => child.links.size === 0);
    expect(parent.happenings.slice(-2)).toEqual([`down ${child.id} FRAME_MALFORMED`, `down ${child.id} FRAME_MALFORMED`]);
  });

  it('close the link of a parent whose frame is a fault, and only that', async () => {
    const { parent, children } = await family(1);
    const other = await party({ fault: () => new OverlayError('FRAME_MALFORMED', 'rubbish') });
    other.links.dial(parent.target(), 'multicast');
    await other.until(() => other.ups.length === 1);
    parent.links.fanOut(parent.ups.map((up) => up.link), framed(Buffer.from('rubbish')));
    await parent.until(() => parent.happenings.some((h) => h.startsWith('down')));
    expect(other.happenings.slice(1)).toEqual(['faulted FRAME_MALFORMED', `down ${parent.id} FRAME_MALFORMED`]);
    expect(children[0]!.links.size).toBe(1);
  });
});

describe('a stranger at the data port', () => {
  type Issued = Awaited<ReturnType<TestAuthority['issue']>>;

  function request(credentials: Issued, change: Partial<wire.Handshake> = {}): wire.DataRequest {
    const node = { id: idToBytes(credentials.identity.id), incarnation: 1n, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1, apiAddress: '' };
    return { handshake: { version: 1, oldestVersion: 1, node, ...change }, application: 'multicast' };
  }

  function grpcClient(at: DataParty, credentials: Issued): Client {
    return new Client(at.address, mutualTlsChannelCredentials(credentials, authority.pem, () => undefined), { 'grpc.ssl_target_name_override': 'localhost', 'grpc.use_local_subchannel_pool': 1 });
  }

  function read(client: Client, asked: wire.DataRequest): ReturnType<Client['makeServerStreamRequest']> {
    const { path, requestSerialize, responseDeserialize } = wire.PeerLinkServiceService.data;
    return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, asked);
  }

  async function refusal(at: DataParty, asked: (credentials: Issued) => wire.DataRequest): Promise<string> {
    const credentials = await authority.issue();
    const client = grpcClient(at, credentials);
    const call = read(client, asked(credentials));
    call.resume();
    const error = await new Promise<ServiceError>((resolve) => call.on('error', resolve));
    client.close();
    return parseStatus(error).reason;
  }

  it('reads a data link with a plain grpc-js client', async () => {
    const parent = await party();
    const credentials = await authority.issue();
    const client = grpcClient(parent, credentials);
    const call = read(client, request(credentials));
    const answers: wire.DataResponse[] = [];
    call.on('data', (answer: wire.DataResponse) => answers.push(answer));
    await parent.until(() => parent.ups.length === 1);
    const message = wire.DataResponse.encode({ content: { $case: 'frame', value: Buffer.from('hello') } }).finish();
    parent.links.fanOut([parent.ups[0]!.link], framed(message));
    parent.links.hangUp(parent.ups[0]!.link);
    await new Promise((resolve) => call.on('end', resolve));
    client.close();
    expect(answers[0]?.content).toMatchObject({ $case: 'handshake', value: { version: 1 } });
    expect(answers[1]?.content).toEqual({ $case: 'frame', value: Buffer.from('hello') });
  });

  it('gets the reason as a status', async () => {
    const parent = await party();
    expect(await refusal(parent, (own) => request(own, { version: 7, oldestVersion: 7 }))).toBe('VERSION_UNSUPPORTED');
    expect(await refusal(parent, (own) => ({ ...request(own), handshake: undefined }))).toBe('HANDSHAKE_INVALID');
    expect(await refusal(parent, (own) => ({ ...request(own), application: 'x'.repeat(20_000) }))).toBe('FRAME_TOO_LARGE');
    const other = await authority.issue();
    expect(await refusal(parent, () => request(other))).toBe('HANDSHAKE_INVALID');
    expect(parent.links.size).toBe(0);
  });

  it('is refused without a certificate, with another protocol, with another path, and harms nobody', async () => {
    const { parent, children } = await family(1);
    const [host, port] = parent.address.split(':') as [string, string];
    const noCertificate = connectHttp2(`https://${parent.address}`, { ca: authority.pem, checkServerIdentity: () => undefined });
    noCertificate.on('error', () => undefined);
    const unheard = noCertificate.request({ ':path': DATA_PATH });
    unheard.on('error', () => undefined);
    await new Promise<void>((resolve) => unheard.on('close', () => resolve()));
    const { key, certificate } = await authority.issue();
    const http1 = connectTls({ host, port: Number(port), ca: authority.pem, key, cert: certificate, ALPNProtocols: ['http/1.1'], checkServerIdentity: () => undefined });
    http1.on('error', () => undefined);
    await new Promise((resolve) => http1.on('close', resolve));
    const session = connectHttp2(`https://${parent.address}`, { ca: authority.pem, key, cert: certificate, checkServerIdentity: () => undefined });
    const stream = session.request({ ':method': 'POST', ':path': '/nothing/here', 'content-type': 'application/grpc' });
    const headers = await new Promise<Record<string, unknown>>((resolve) => stream.on('response', (answer) => resolve(answer)));
    session.destroy();
    expect(headers['grpc-status']).toBe('12');
    parent.links.fanOut([parent.ups[0]!.link], framed(Buffer.from('still here')));
    await children[0]!.until(() => children[0]!.frames.length === 1);
  });

  it('loses his call when he sends rubbish', async () => {
    const parent = await party();
    const { key, certificate } = await authority.issue();
    for (const rubbish of [Buffer.alloc(40, 0xff), Buffer.from([0, 0, 0, 0, 3, 255, 255, 255]), Buffer.from([0, 0])]) {
      const session = connectHttp2(`https://${parent.address}`, { ca: authority.pem, key, cert: certificate, checkServerIdentity: () => undefined });
      const stream = session.request({ ':method': 'POST', ':path': DATA_PATH, 'content-type': 'application/grpc' });
      stream.end(rubbish);
      const headers = await new Promise<Record<string, unknown>>((resolve) => stream.on('response', (answer) => resolve(answer)));
      session.destroy();
      expect(headers['grpc-status']).toBe('3');
    }
    expect(parent.happenings).toEqual(['faulted FRAME_MALFORMED', 'faulted HANDSHAKE_INVALID', 'faulted HANDSHAKE_INVALID']);
  });
});
