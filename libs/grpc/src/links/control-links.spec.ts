import { Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { idToBytes } from '@banyan/ids';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { peer as wire } from '@banyan/proto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mutualTlsChannelCredentials } from '../credentials.ts';
import { OverlayError } from '../overlay-error.ts';
import { parseStatus } from '../status.ts';
import { linkParty, partyWith, type LinkParty } from '../testing/link-party.ts';
import { CONTROL_FRAME_BYTES_MAX } from './exchange-stream.ts';

let authority: TestAuthority;
const parties: LinkParty[] = [];

beforeAll(async () => {
  authority = await mintTestAuthority();
});
afterEach(async () => {
  await Promise.all(parties.splice(0).map((party) => party.links.stop()));
});

async function party(...options: Parameters<typeof linkParty> extends [unknown, ...infer Rest] ? Rest : never): Promise<LinkParty> {
  const made = await linkParty(authority, ...options);
  parties.push(made);
  return made;
}

/** Two parties, the lower id first. */
async function pair(): Promise<[LinkParty, LinkParty]> {
  const both = [await party(), await party()];
  const [low, high] = both.sort((a, b) => (a.id < b.id ? -1 : 1));
  return [low!, high!];
}

function text(value: string): Buffer {
  return Buffer.from(value);
}

describe('control links', () => {
  it('carry messages both ways over the one link that was dialled', async () => {
    const [a, b] = await pair();
    a.links.send(b.target(), text('hello'));
    await b.until(() => b.received.length === 1);
    b.links.send(a.target(), text('hello yourself'));
    await a.until(() => a.received.length === 1);
    expect(b.received).toEqual([{ from: a.id, text: 'hello' }]);
    expect(a.received).toEqual([{ from: b.id, text: 'hello yourself' }]);
    expect([a.links.size, b.links.size]).toEqual([1, 1]);
    expect(b.happenings).toEqual([`opened ${a.id}@1`]);
  });

  it('keep the one that the lower id dialled when both dial at once, and lose nothing that waited', async () => {
    for (let round = 0; round < 5; round++) {
      const [low, high] = await pair();
      for (let i = 0; i < 20; i++) {
        high.links.send(low.target(), text(`up ${i}`));
        low.links.send(high.target(), text(`down ${i}`));
      }
      await high.until(() => high.received.length === 20);
      await low.until(() => low.received.length === 20);
      expect([low.links.size, high.links.size]).toEqual([1, 1]);
      expect(low.happenings.filter((h) => h.startsWith('dropped'))).toEqual([]);
      expect(high.happenings.filter((h) => h.startsWith('dropped'))).toEqual([]);
    }
  });

  it('say "not at this address" when another id answers, before anything is sent to it', async () => {
    const [a, b] = await pair();
    const stranger = (await authority.issue()).identity.id;
    a.links.send({ id: stranger, incarnation: 1, address: b.address }, text('secret'));
    await a.until(() => a.happenings.some((h) => h.startsWith('unreachable')));
    expect(a.happenings).toEqual(['dropped 1 unreachable', `unreachable ${stranger} NOT_AT_THIS_ADDRESS`]);
    expect(b.received).toEqual([]);
  });

  it('count what cannot be sent to a node that is gone, and do not dial it again at once', async () => {
    const [a, b] = await pair();
    await b.links.stop();
    a.links.send(b.target(), text('one'));
    await a.until(() => a.happenings.length === 2);
    expect(a.happenings).toEqual(['dropped 1 unreachable', `unreachable ${b.id} UNREACHABLE`]);
    a.links.send(b.target(), text('two'));
    expect(a.happenings.at(-1)).toBe('dropped 1 unreachable');
  });

  it('tell a clean end from a lost connection', async () => {
    const [a, b] = await pair();
    a.links.send(b.target(), text('x'));
    await b.until(() => b.received.length === 1);
    await b.links.stop();
    await a.until(() => a.happenings.length === 2);
    expect(a.happenings[1]).toBe(`closed ${b.id} LINK_CLOSED`);
  });

  it('deliver what was sent before a clean stop', async () => {
    const [a, b] = await pair();
    a.links.send(b.target(), text('first'));
    await b.until(() => b.received.length === 1);
    for (let i = 0; i < 100; i++) a.links.send(b.target(), text(`last ${i}`));
    await a.links.stop();
    await b.until(() => b.happenings.some((h) => h.startsWith('closed')));
    expect(b.received).toHaveLength(101);
    expect(b.happenings.at(-1)).toBe(`closed ${a.id} LINK_CLOSED`);
  });

  it('go over to a new life of the peer', async () => {
    const [a, b] = await pair();
    a.links.send(b.target(), text('x'));
    await b.until(() => b.received.length === 1);
    const reborn = await partyWith(b.credentials, { incarnation: 2 });
    parties.push(reborn);
    a.links.send(reborn.target(), text('y'));
    await reborn.until(() => reborn.received.length === 1);
    expect(a.happenings).toContain(`opened ${b.id}@2`);
  });

  it('accept a peer that lost its end and dials again', async () => {
    const [a, b] = await pair();
    b.links.send(a.target(), text('x'));
    await a.until(() => a.received.length === 1);
    const again = await partyWith(b.credentials);
    parties.push(again);
    again.links.send(a.target(), text('y'));
    await a.until(() => a.received.length === 2);
    expect(a.links.size).toBe(1);
  });

  it('give up the least recently used beyond the bound', async () => {
    const hub = await party({ linksMax: 2 });
    const [a, b, c] = [await party(), await party(), await party()];
    for (const other of [a, b]) {
      hub.links.send(other.target(), text('x'));
      await other.until(() => other.received.length === 1);
    }
    hub.links.send(a.target(), text('x'));
    hub.links.send(c.target(), text('x'));
    await c.until(() => c.received.length === 1);
    await b.until(() => b.happenings.length === 2);
    expect(b.happenings[1]).toBe(`closed ${hub.id} LINK_CLOSED`);
    expect(hub.links.size).toBe(2);
  });

  it('drop and count beyond the queue while the peer does not answer', async () => {
    const [a, b] = await pair();
    for (let i = 0; i < 1_030; i++) a.links.send(b.target(), text('x'));
    expect(a.happenings).toEqual(Array(6).fill('dropped 1 queue_full'));
    await b.until(() => b.received.length === 1_024);
  });

  it('ask whoever listens at an address who he is', async () => {
    const [a, b] = await pair();
    expect(await a.links.discover(b.address)).toMatchObject({ id: b.id, incarnation: 1 });
    await b.links.stop();
    await expect(a.links.discover(b.address)).rejects.toMatchObject({ reason: 'UNREACHABLE' });
  });

  it('close the link of a peer whose message is a fault, and only that', async () => {
    const bad = new OverlayError('FRAME_MALFORMED', 'rubbish');
    const hub = await party({ fault: (message) => (message === 'rubbish' ? bad : undefined) });
    const [good, evil] = [await party(), await party()];
    good.links.send(hub.target(), text('x'));
    evil.links.send(hub.target(), text('x'));
    await hub.until(() => hub.received.length === 2);
    evil.links.send(hub.target(), text('rubbish'));
    await evil.until(() => evil.happenings.length === 2);
    expect(evil.happenings[1]).toBe(`closed ${hub.id} FRAME_MALFORMED`);
    expect(hub.happenings).toContain('faulted FRAME_MALFORMED');
    good.links.send(hub.target(), text('still here'));
    await hub.until(() => hub.received.length === 4);
  });
});

describe('a stranger who dials a control link', () => {
  async function dial(hub: LinkParty, messages: readonly Uint8Array[], as = authority): Promise<OverlayError> {
    const credentials = await as.issue();
    return dialWith(hub, credentials, messages);
  }

  function dialWith(hub: LinkParty, credentials: Awaited<ReturnType<TestAuthority['issue']>>, messages: readonly Uint8Array[]): Promise<OverlayError> {
    const client = new Client(hub.address, mutualTlsChannelCredentials(credentials, authority.pem, () => undefined), { 'grpc.ssl_target_name_override': 'localhost', 'grpc.use_local_subchannel_pool': 1 });
    const call = client.makeBidiStreamRequest('/banyan.overlay.v1.PeerLinkService/Exchange', (bytes: Buffer) => bytes, (bytes) => bytes, new Metadata());
    for (const message of messages) call.write(Buffer.from(message));
    return new Promise((resolve) => {
      call.resume();
      call.on('error', (error: ServiceError) => {
        client.close();
        resolve(parseStatus(error));
      });
    });
  }

  async function greeting(change: Partial<wire.Handshake> = {}): Promise<{ credentials: Awaited<ReturnType<TestAuthority['issue']>>; bytes: Uint8Array }> {
    const credentials = await authority.issue();
    const node = { id: idToBytes(credentials.identity.id), incarnation: 1n, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1, apiAddress: '' };
    return { credentials, bytes: wire.ExchangeRequest.encode({ content: { $case: 'handshake', value: { version: 1, oldestVersion: 1, node, ...change } } }).finish() };
  }

  it('is told that his version is not spoken here', async () => {
    const hub = await party();
    const { credentials, bytes } = await greeting({ version: 9, oldestVersion: 8 });
    expect(await dialWith(hub, credentials, [bytes])).toMatchObject({ reason: 'VERSION_UNSUPPORTED', message: 'the peer speaks versions 8 to 9, this node 1 to 1' });
    expect(hub.happenings).toEqual(['faulted VERSION_UNSUPPORTED']);
  });

  it('may speak newer versions if he also speaks ours', async () => {
    const hub = await party();
    const { credentials, bytes } = await greeting({ version: 2, oldestVersion: 1 });
    void dialWith(hub, credentials, [bytes]);
    await hub.until(() => hub.happenings.length > 0);
    expect(hub.happenings).toEqual([`opened ${credentials.identity.id}@1`]);
  });

  it('may not name another node than his certificate', async () => {
    const hub = await party();
    const { bytes } = await greeting();
    expect((await dial(hub, [bytes])).reason).toBe('HANDSHAKE_INVALID');
  });

  it('may not begin with anything but a handshake', async () => {
    const hub = await party();
    expect((await dial(hub, [Buffer.from('GET / HTTP/1.1')])).reason).toBe('HANDSHAKE_INVALID');
  });

  it('may not send a frame over the bound', async () => {
    const hub = await party();
    const { credentials, bytes } = await greeting();
    expect((await dialWith(hub, credentials, [bytes, Buffer.alloc(CONTROL_FRAME_BYTES_MAX + 1)])).reason).toBe('FRAME_TOO_LARGE');
    const second = await greeting();
    expect((await dialWith(hub, second.credentials, [second.bytes, Buffer.alloc(8 * CONTROL_FRAME_BYTES_MAX)])).reason).toBe('FRAME_TOO_LARGE');
  });

  it('is not let in with the certificate of another authority, an expired one, or a service\'s', async () => {
    const hub = await party();
    const foreign = await (await mintTestAuthority()).issue();
    const { bytes } = await greeting();
    expect((await dialWith(hub, foreign, [bytes])).reason).toBe('UNREACHABLE');
    expect((await dialWith(hub, await authority.issue({ lifetimeMs: -60_000 }), [bytes])).reason).toBe('UNREACHABLE');
    expect((await dialWith(hub, await authority.issue({ role: 'bootstrap' }), [bytes])).reason).toBe('CERTIFICATE_INVALID');
  });

  it('is not let in when revoked', async () => {
    const hub = await party({ refusal: () => new OverlayError('CERTIFICATE_REVOKED', 'revoked') });
    const { credentials, bytes } = await greeting();
    expect((await dialWith(hub, credentials, [bytes])).reason).toBe('CERTIFICATE_REVOKED');
  });

  it('is told to hurry when he says nothing', async () => {
    const hub = await party({ greetingTimeoutMs: 20 });
    expect((await dial(hub, [])).reason).toBe('TIMEOUT');
  });
});
