// A real file over a group of four stripes, whose payloads no single node forwards, while one of the nodes dies.
import { expect, it } from 'vitest';
import { banyanCommand } from './testing/cli-process.ts';
import { FileRun } from './testing/file-run.ts';
import { sha256Of } from './testing/random-file.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const scene = sharedOverlay('stripes', { nodes: 8 });

it('brings a file whole to every subscriber of a striped group while a node dies that stands in its trees', async () => {
  await using run = await FileRun.start(scene.overlay, scene.folder, { name: 'striped', subscribers: 5, megabytes: 16, seed: 3, retention: '64M', retentionSeconds: 120, fanOut: 3, stripes: 4, rate: '4M' });
  const described = await banyanCommand(scene.overlay.paths.dataDir, 'group', 'describe', 'admin/striped');
  expect(described.stdout).toMatch(/stripes +4 trees/);
  await run.until(0.3);
  // The last two nodes have no users: they are there as voters and forwarders only.
  await scene.overlay.kill(scene.overlay.nodes.at(-1)?.name ?? '', 'SIGKILL');

  const published = await run.publisher.ended;
  expect(published, published.stderr).toMatchObject({ code: 0 });
  for (const [i, subscriber] of run.subscribers.entries()) {
    const { code, stdout, stderr } = await subscriber.ended;
    expect(code, `subscriber ${i + 1}: ${stderr}`).toBe(0);
    expect(stdout).toContain(run.digest);
    expect(sha256Of(run.output(i))).toBe(run.digest);
  }
});
