import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OverlayError } from '@banyan/grpc';
import { id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { NO_LOGGER } from '@banyan/telemetry';
import { enterRing, type EntryOptions } from './ring-entry.ts';
import { SupernodeList } from './supernode-list.ts';

const nodeAt = (controlAddress: string): NodeHandle => ({ id: id(controlAddress.replace(/\D/g, '').padStart(32, '0')), incarnation: 1, controlAddress, dataAddress: controlAddress, region: '', zone: '', capacity: 1 });
const ATTEMPT_MS = { join: 15_000, look: 60_000 };
const SELF = nodeAt('10.0.0.99:1');

/** A ring in which the nodes at `alive` answer; entering ends as soon as the machine was started and the list is kept. */
async function enter(alive: readonly string[], options: Partial<EntryOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'banyan-entry-'));
  const started: (readonly string[])[] = [];
  const asked: string[] = [];
  const done = new AbortController();
  const entry: EntryOptions = {
    overlay: {
      self: SELF,
      isAlone: false,
      discover(address) {
        asked.push(address);
        return alive.includes(address) ? Promise.resolve(nodeAt(address)) : Promise.reject(new Error('nobody'));
      },
      start: (seeds) => void started.push(seeds.map((node) => node.controlAddress)),
      whenReady: () => Promise.resolve(),
    },
    list: () => Promise.resolve(undefined),
    kept: new SupernodeList(join(directory, 'supernodes.json'), NO_LOGGER),
    seeds: [],
    startsRing: false,
    attemptMs: ATTEMPT_MS,
    failed: () => undefined,
    logger: { ...NO_LOGGER, info: () => setTimeout(() => done.abort(), 20), warn: () => done.abort() },
    signal: done.signal,
    ...options,
  };
  await enterRing(entry);
  return { started, asked };
}

/** Reasons of the first two attempts that failed, when each may take but a moment. */
async function failuresOf(overlay: Pick<EntryOptions['overlay'], 'discover' | 'whenReady'>): Promise<readonly string[]> {
  const failed: string[] = [];
  const done = new AbortController();
  await enter([], {
    overlay: { self: SELF, isAlone: false, start: () => undefined, ...overlay },
    seeds: ['10.0.0.1:1'],
    attemptMs: { join: 1, look: 1 },
    failed: (reason) => {
      if (failed.push(reason) === 2) done.abort();
    },
    logger: NO_LOGGER,
    signal: done.signal,
  });
  return failed;
}

function listFile(content: string): SupernodeList {
  const file = join(mkdtempSync(join(tmpdir(), 'banyan-list-')), 'supernodes.json');
  writeFileSync(file, content);
  return new SupernodeList(file, NO_LOGGER);
}

describe('enterRing', () => {
  it('joins through the nodes that answer among the first five of the list', async () => {
    const addresses = [1, 2, 3, 4, 5, 6].map((n) => `10.0.0.${n}:1`);
    const { started, asked } = await enter(['10.0.0.2:1', '10.0.0.5:1', '10.0.0.6:1'], { list: () => Promise.resolve(addresses) });
    expect(started).toEqual([['10.0.0.2:1', '10.0.0.5:1']]);
    expect(asked).toEqual(addresses.slice(0, 5));
  });

  it('says aloud when those who answer will not have this node, whatever it waits', async () => {
    const lines: unknown[] = [];
    const done = new AbortController();
    const refusing = { self: SELF, isAlone: false, discover: () => Promise.reject(new OverlayError('VERSION_UNSUPPORTED', 'the peer speaks versions 3 to 4, this node 1 to 1')), start: () => undefined, whenReady: () => Promise.resolve() };
    const logger = { ...NO_LOGGER, error: (line: unknown) => void lines.push(line), warn: () => done.abort(), info: () => setTimeout(() => done.abort(), 20) };
    await enter([], { overlay: refusing, seeds: ['10.0.0.1:1'], logger, signal: done.signal });
    expect(lines[0]).toMatchObject({ event: 'join_refused', address: '10.0.0.1:1', reason: 'VERSION_UNSUPPORTED', mend: expect.stringContaining('adjacent versions') as string });
  });

  it('goes on to the next five while nobody answers', async () => {
    const addresses = [1, 2, 3, 4, 5, 6].map((n) => `10.0.0.${n}:1`);
    expect((await enter(['10.0.0.6:1'], { list: () => Promise.resolve(addresses) })).started).toEqual([['10.0.0.6:1']]);
  });

  it('falls back to the last good list, then to the seeds', async () => {
    const kept = listFile('{"controlAddresses":["10.0.0.1:1"]}');
    expect((await enter(['10.0.0.1:1'], { kept, seeds: ['10.0.0.2:1'] })).started).toEqual([['10.0.0.1:1']]);
    expect((await enter(['10.0.0.2:1'], { kept, seeds: ['10.0.0.2:1'] })).started).toEqual([['10.0.0.2:1']]);
    expect((await enter(['10.0.0.2:1'], { kept: listFile('{"contr'), seeds: ['10.0.0.2:1'] })).started).toEqual([['10.0.0.2:1']]);
  });

  it('starts a ring only when it is to be first and nobody answers', async () => {
    expect((await enter([], { startsRing: true, seeds: ['10.0.0.2:1'] })).started).toEqual([[]]);
    expect((await enter(['10.0.0.2:1'], { startsRing: true, seeds: ['10.0.0.2:1'] })).started).toEqual([['10.0.0.2:1']]);
    expect((await enter([], { seeds: ['10.0.0.2:1'] })).started).toEqual([]);
  });

  it('a node that is alone in its ring goes on looking for others, in every list', async () => {
    const started: (readonly string[])[] = [];
    const done = new AbortController();
    let answers = false;
    const overlay: EntryOptions['overlay'] = {
      self: SELF,
      get isAlone() {
        return started.length < 2;
      },
      discover: (address) => (answers ? Promise.resolve(nodeAt(address)) : Promise.reject(new Error('nobody'))),
      start(seeds) {
        answers = true;
        if (started.push(seeds.map((node) => node.controlAddress).sort()) === 2) done.abort();
      },
      whenReady: () => Promise.resolve(),
    };
    const kept = listFile('{"controlAddresses":["10.0.0.2:1"]}');
    await enterRing({ overlay, list: () => Promise.resolve(undefined), kept, seeds: ['10.0.0.3:1'], startsRing: true, attemptMs: ATTEMPT_MS, failed: () => undefined, logger: NO_LOGGER, signal: done.signal });
    expect(started).toEqual([[], ['10.0.0.2:1', '10.0.0.3:1']]);
  });

  it('counts an attempt that took too long, with its reason, and goes on', async () => {
    const refusing = (): Promise<NodeHandle> => Promise.reject(new OverlayError('CERTIFICATE_REVOKED', 'the certificate was revoked'));
    const silent = (): Promise<NodeHandle> => Promise.reject(new Error('nobody'));
    const never = (signal?: AbortSignal): Promise<void> => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
    expect(await failuresOf({ discover: refusing, whenReady: never })).toEqual(['refused', 'refused']);
    expect(await failuresOf({ discover: silent, whenReady: never })).toEqual(['unanswered', 'unanswered']);
    expect(await failuresOf({ discover: (address) => Promise.resolve(nodeAt(address)), whenReady: never })).toEqual(['timed_out', 'timed_out']);
  });

  it('counts nothing while nobody answers for a shorter time than an attempt may take', async () => {
    const failed: string[] = [];
    await enter([], { seeds: ['10.0.0.1:1'], failed: (reason) => void failed.push(reason) });
    expect(failed).toEqual([]);
  });

  it('does not join through itself', async () => {
    expect((await enter([SELF.controlAddress], { seeds: [SELF.controlAddress], startsRing: true })).started).toEqual([[]]);
  });

  it('keeps the list it got for the next start, and never an empty one', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'banyan-list-')), 'supernodes.json');
    const kept = new SupernodeList(file, NO_LOGGER);
    await enter(['10.0.0.1:1'], { kept, list: () => Promise.resolve(['10.0.0.1:1', '10.0.0.2:1']) });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ controlAddresses: ['10.0.0.1:1', '10.0.0.2:1'] });
    await kept.save([]);
    expect(await kept.load()).toEqual(['10.0.0.1:1', '10.0.0.2:1']);
  });
});
