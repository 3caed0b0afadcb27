import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '@banyan/client';
import { startTestOverlay, type TestOverlay } from '@banyan/client/testing';
import { checkCertificates } from './certificates.ts';
import { checkDisk, checkNode } from './machine.ts';
import { checkNames } from './names.ts';
import { checkPorts } from './ports.ts';
import { checkRing } from './ring.ts';
import { checkToken } from './token.ts';

const DAY_MS = 24 * 3_600_000;

describe('the doctor', () => {
  let directory: string;
  let overlay: TestOverlay | undefined;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'banyan-doctor-'))));
  afterEach(async () => {
    overlay?.stop();
    await rm(directory, { recursive: true });
  });

  it('finds a closed ring well', async () => {
    overlay = await startTestOverlay(3);
    closeRing(overlay);
    expect(await ringOf(overlay)).toEqual(['ok APIs', 'ok ready', 'ok ring']);
  });

  it('names the node that does not answer, does not deliver, or does not see its neighbor', async () => {
    overlay = await startTestOverlay(4);
    const [first, second, third] = overlay.nodes;
    closeRing(overlay);
    if (first === undefined || second === undefined || third === undefined) throw new Error('four nodes');
    first.leaves = [];
    second.isReady = false;
    third.kill();
    expect(await ringOf(overlay)).toEqual(['fail API of node-3', 'fail ready', 'fail ring']);
    const findings = await checkRing(askedNodes(overlay));
    expect(findings.map(({ detail }) => detail)).toEqual([expect.stringContaining('nothing answers at'), 'node-2 does not deliver keys', 'node-1 does not see node-4']);
    expect(findings.every(({ mend }) => mend !== undefined)).toBe(true);
  });

  it('takes a node that left in order for no hole', async () => {
    overlay = await startTestOverlay(3);
    closeRing(overlay);
    const [first, second] = overlay.nodes;
    Object.assign(second!, { isReady: false, isLeaving: true });
    first!.leaves = first!.leaves.filter(({ id }) => id[0] !== second!.node.id[0]);
    expect(await ringOf(overlay)).toEqual(['ok APIs', 'warn ready', 'ok ring']);
  });

  it.each([
    [{}, 'ok', 'valid for 29 days'],
    [{ lifetimeMs: DAY_MS }, 'warn', 'expires on'],
    [{ lifetimeMs: -1_000 }, 'fail', 'expired'],
    [{ addresses: ['elsewhere'] }, 'fail', 'does not match'],
  ])('judges a certificate of %j', async (member, verdict, words) => {
    overlay = await startTestOverlay(1, member);
    const [authority, certificate] = await certificatesOf(overlay, overlay);
    expect(authority).toMatchObject({ verdict: 'ok' });
    expect(certificate).toMatchObject({ verdict, detail: expect.stringContaining(words) as string });
  });

  it('finds out a certificate of another overlay, and an authority that is none', async () => {
    const other = await startTestOverlay(1);
    overlay = await startTestOverlay(1);
    expect((await certificatesOf(overlay, other))[1]).toMatchObject({ verdict: 'fail' });
    other.stop();
    await writeFile(join(directory, 'ca.pem'), 'no certificate');
    expect(await checkCertificates(join(directory, 'ca.pem'), [])).toMatchObject([{ verdict: 'fail' }]);
    expect(await checkCertificates(join(directory, 'nowhere.pem'), [])).toMatchObject([{ verdict: 'fail', detail: expect.stringContaining('cannot read') as string }]);
  });

  it('names the ports that are closed, and what that means', async () => {
    overlay = await startTestOverlay(1);
    const open = { what: 'API port of node-1', address: overlay.nodes[0]!.address, isForPeers: false };
    expect(await checkPorts([open])).toMatchObject([{ verdict: 'ok' }]);
    overlay.stop();
    const closed = await checkPorts([open, { ...open, what: 'data port of node-1', isForPeers: true }]);
    expect(closed).toMatchObject([{ what: 'API port of node-1', verdict: 'fail', detail: expect.stringContaining('nothing listens there') as string }, { verdict: 'warn' }]);
  });

  it('judges host names', async () => {
    const zone = (host: string): Promise<readonly string[]> => (host === 'known' ? Promise.resolve(['10.0.0.1']) : Promise.reject(Object.assign(new Error(host), { code: host === 'silent' ? 'EAI_AGAIN' : 'ENOTFOUND' })));
    expect(await checkNames(['127.0.0.1:1', '[::1]:2'], zone)).toMatchObject([{ verdict: 'ok', detail: expect.stringContaining('not needed') as string }]);
    expect(await checkNames(['known:1', 'known:2'], zone)).toMatchObject([{ verdict: 'ok', detail: 'known is 10.0.0.1' }]);
    expect(await checkNames(['gone:1', 'silent:2'], zone)).toMatchObject([{ verdict: 'fail', detail: 'the name means nothing' }, { verdict: 'fail', detail: 'no name server answers' }]);
  });

  it('judges token, Node and disk', async () => {
    const token = (exp: number): string => `x.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.x`;
    expect(checkToken(token(Date.now() / 1_000 + 7_260))).toMatchObject({ verdict: 'ok', detail: 'good for 2 h' });
    expect(checkToken(token(1_000))).toMatchObject({ verdict: 'fail', detail: expect.stringContaining('expired at 1970') as string });
    expect([checkToken(undefined), checkToken('x')]).toMatchObject([{ verdict: 'fail' }, { verdict: 'fail' }]);
    expect([checkNode('24.21.0'), checkNode('20.9.0')]).toMatchObject([{ verdict: 'ok' }, { verdict: 'fail' }]);
    expect((await checkDisk(directory)).detail).toContain('free for');
  });

  async function certificatesOf(trusted: TestOverlay, asked: TestOverlay): ReturnType<typeof checkCertificates> {
    await writeFile(join(directory, 'ca.pem'), trusted.authority);
    return checkCertificates(join(directory, 'ca.pem'), asked.nodes.map(({ address }) => ({ name: 'node-1', address })));
  }
});

function closeRing(overlay: TestOverlay): void {
  for (const node of overlay.nodes) node.leaves = overlay.nodes.filter((other) => other !== node).map((other) => other.node);
}

async function ringOf(overlay: TestOverlay): Promise<string[]> {
  return (await checkRing(askedNodes(overlay))).map(({ verdict, what }) => `${verdict} ${what}`);
}

function askedNodes(overlay: TestOverlay): Parameters<typeof checkRing>[0] {
  return overlay.nodes.map(({ address }, at) => ({ name: `node-${at + 1}`, address, connect: () => connect({ addresses: [address], authority: overlay.authority }) }));
}
