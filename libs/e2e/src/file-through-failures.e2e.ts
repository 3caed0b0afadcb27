// A real file through a tree whose nodes die: every subscriber has every byte, or is told which are missing.
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { FileRun } from './testing/file-run.ts';
import { nameOf } from './testing/live-tree.ts';
import { sha256Of } from './testing/random-file.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const stoppedForMs = 10_000;
const scene = sharedOverlay('file', { nodes: 16 });

// First what leaves every node alive.
it('tells the gap as a range, and leaves no file, where more was missed than the group retains', async () => {
  await using run = await FileRun.start(scene.overlay, scene.folder, { name: 'short', subscribers: 5, megabytes: 24, seed: 2, retention: '4M', retentionSeconds: 120, fanOut: 3, rate: '2M' });
  await run.until(0.1);
  // The node of a subscriber stands still; its subscriber waits for it and comes back to it.
  const carriers = new Set<string | undefined>([run.tree.root, ...run.tree.interior].map((place) => place?.node.id));
  const victim = run.subscribers.findIndex((_, i) => !carriers.has(scene.overlay.nodes[i + 1]?.id));
  const subscriber = run.subscribers[victim];
  const name = scene.overlay.nodes[victim + 1]?.name;
  if (subscriber === undefined || name === undefined) throw new Error('no subscriber sits on a leaf');
  await standStill(name);

  const { code, stderr } = await subscriber.ended;
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/\d+.{1,5}\d+/);
  expect(stderr).toMatch(/expired/i);
  expect(existsSync(run.output(victim))).toBe(false);
  expect(existsSync(`${run.output(victim)}.part`)).toBe(false);
});

it('brings a file of 64 MiB to 15 subscribers while a forwarder and the root die and another forwarder stands still', async () => {
  await using run = await FileRun.start(scene.overlay, scene.folder, { name: 'long', subscribers: 15, megabytes: 64, seed: 1, retention: '256M', retentionSeconds: 120, fanOut: 3, rate: '16M' });
  await run.until(0.3);
  const [toKill, toStop] = run.tree.interior;
  const { root } = run.tree;
  if (toKill === undefined || toStop === undefined || root === undefined) throw new Error('the tree has no two forwarders and a root');
  const standing = standStill(nameOf(scene.overlay, toStop));
  await scene.overlay.kill(nameOf(scene.overlay, toKill), 'SIGKILL');
  await run.until(0.5);
  await scene.overlay.kill(nameOf(scene.overlay, root), 'SIGKILL');
  await standing;

  const published = await run.publisher.ended;
  expect(published, published.stderr).toMatchObject({ code: 0 });
  for (const [i, subscriber] of run.subscribers.entries()) {
    const { code, stdout, stderr } = await subscriber.ended;
    expect(code, `subscriber ${i + 1}: ${stderr}`).toBe(0);
    expect(stdout).toContain(run.digest);
    expect(sha256Of(run.output(i))).toBe(run.digest);
  }
});

async function standStill(name: string): Promise<void> {
  await scene.overlay.kill(name, 'SIGSTOP');
  await pause(stoppedForMs);
  await scene.overlay.kill(name, 'SIGCONT');
}
