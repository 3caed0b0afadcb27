import { afterEach, describe, expect, it } from 'vitest';
import { groupKey } from '@banyan/identity';
import { createMetricsRegistry, type LogFields, type Logger } from '@banyan/telemetry';
import { decodePayload } from '@banyan/wire';
import { OverlayHost } from './overlay-host.ts';
import { HostRing } from './testing/host-ring.ts';

const PRESENT = { newest: 1, oldest: 1 };
const NEXT = { newest: 2, oldest: 1 };
const AFTER_NEXT = { newest: 3, oldest: 2 };
const NAME = 'ann/mixed';
const group = groupKey(NAME);
const MESSAGES = 60;

let ring: HostRing | undefined;
afterEach(async () => {
  await ring?.stop();
  ring = undefined;
});

describe('a ring of two adjacent releases', () => {
  it.each([['the older began', [PRESENT, NEXT, PRESENT, NEXT]], ['the newer began', [NEXT, PRESENT, NEXT, PRESENT]]])('is one ring, and messages reach everybody from either release, when %s', async (_, releases) => {
    ring = await HostRing.of(releases.length, (index) => ({ spoken: releases[index]! }));
    const descriptor = await ring.group(NAME);
    const readers = await Promise.all(ring.hosts.map(async (host) => {
      const events = host.groups.subscribe({ group, start: { type: 'latest' }, descriptor })[Symbol.asyncIterator]();
      expect((await events.next()).value).toMatchObject({ type: 'subscribed' });
      return events;
    }));
    // From one of each release, at once.
    const publications = ring.hosts.slice(0, 2).map((host, at) => host.groups.publish({ group, client: `client-${at}`, descriptor }));
    for (let counter = 1; counter <= MESSAGES; counter++) for (const [at, publication] of publications.entries()) await publication.send({ counter, messages: [Buffer.from(`${at}.${counter}`)] });
    for (const events of readers) {
      const texts: string[] = [];
      while (texts.length < 2 * MESSAGES) {
        const { value } = await events.next();
        if (value?.type === 'gap') throw new Error('a gap');
        if (value?.type === 'messages') texts.push(...decodePayload(value.payload)!.map((message) => Buffer.from(message).toString()));
      }
      for (const at of [0, 1]) expect(texts.filter((text) => text.startsWith(`${at}.`))).toEqual(Array.from({ length: MESSAGES }, (__, n) => `${at}.${n + 1}`));
    }
    for (const host of ring.hosts) expect((await host.lookup(group)).root.id).toBe((await ring.hosts[0]!.lookup(group)).root.id);
  });

  it('goes on while its nodes are upgraded one after the other', async () => {
    ring = await HostRing.of(3, () => ({ spoken: PRESENT }));
    for (const old of [...ring.hosts]) {
      await ring.add({ spoken: NEXT });
      await old.leave(5_000);
      ring.hosts.splice(ring.hosts.indexOf(old), 1);
    }
    const roots = await Promise.all(ring.hosts.map(async (host) => (await host.lookup(group)).root.id));
    expect(new Set(roots).size).toBe(1);
    expect(ring.hosts.map(({ self }) => self.id)).toContain(roots[0]);
  });

  it('refuses a release that is not adjacent, and both sides say so', async () => {
    const lines: LogFields[] = [];
    const log = (fields: LogFields): void => void lines.push(fields);
    const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
    const metrics = createMetricsRegistry({ processMetrics: false });
    ring = await HostRing.of(2, () => ({ spoken: PRESENT, logger, metrics }));
    const stranger = await OverlayHost.open({ credentials: await ring.authority.issue(), incarnation: 1, listen: { control: '127.0.0.1:0', data: '127.0.0.1:0' }, spoken: AFTER_NEXT, onFatal: () => undefined });
    await expect(stranger.discover(ring.hosts[0]!.self.controlAddress)).rejects.toMatchObject({ reason: 'VERSION_UNSUPPORTED', message: expect.stringContaining('speaks versions') as string });
    await stranger.stop();
    expect(lines).toContainEqual(expect.objectContaining({ event: 'version_refused', reason: 'VERSION_UNSUPPORTED' }));
    expect(await metrics.scrape()).toMatch(/banyan_overlay_peer_faults_total\{fault="version_unknown"\} [1-9]/);
  });
});
