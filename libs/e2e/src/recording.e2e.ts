// What a real node was told, told to the same machine again, has the same effects.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { startTestOverlay } from './testing/test-overlay.ts';

const lab = join(import.meta.dirname, '..', '..', 'lab', 'dist', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'banyan-recording-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('replays every node of a ring that routed and multicast', async () => {
  const recordings = ['node-1', 'node-2', 'node-3'].map((name) => join(folder, `${name}.jsonl`));
  {
    await using overlay = await startTestOverlay({
      dataDir: join(folder, 'data'),
      nodes: 3,
      envOf: (name): Readonly<Record<string, string>> => (name.startsWith('node-') ? { BANYAN_RECORD: join(folder, `${name}.jsonl`) } : {}),
    });
    using client = await overlay.connect();
    for (let i = 0; i < 10; i++) await client.overlay.lookup(`key ${i}`);
    await client.groups.create('admin/recorded');
    const subscription = await client.subscribe('admin/recorded');
    const publisher = await client.publish('admin/recorded');
    for (let i = 0; i < 50; i++) await publisher.send(Buffer.from(`message ${i}`));
    await publisher.close();
    await subscription.close();
  }
  for (const recording of recordings) {
    const { stdout } = await promisify(execFile)(process.execPath, [lab, 'replay', recording]);
    expect(stdout).toContain('differs at');
  }
});
