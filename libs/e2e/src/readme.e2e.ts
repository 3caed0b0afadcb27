// The clients of the READMEs run as they stand there.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, it } from 'vitest';
import { banyanCommand } from './testing/cli-process.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const projectRoot = join(import.meta.dirname, '..', '..', '..');
const scene = sharedOverlay('readme', { nodes: 3 });
const scripts: string[] = [];
const running: ChildProcess[] = [];

afterAll(async () => {
  for (const client of running) client.kill();
  for (const script of scripts) rmSync(script, { force: true });
});

it('echoes what is routed to a key, at its root, and goes on', async () => {
  const [echo] = clientsOf('README.md');
  const { lines, stop } = start(echo);
  expect(await lines.next()).toMatchObject({ value: expect.stringMatching(/^[0-9a-f]{32} got hello after \d hops$/) as string });
  await banyanCommand(scene.overlay.paths.dataDir, 'route', 'another key', '--application', 'echo', '--payload', 'more');
  expect(await lines.next()).toMatchObject({ value: expect.stringContaining('got more') as string });
  stop();
});

it('publishes, and reads from a minute ago on, although the node in use is killed', async () => {
  const [publish, subscribe] = clientsOf('libs/client/README.md');
  const { dataDir } = scene.overlay.paths;
  expect(await banyanCommand(dataDir, 'group', 'create', 'demo')).toMatchObject({ code: 0 });
  expect(await start(publish, 'one', 'two').lines.next()).toMatchObject({ value: '2 messages are receipted, the last as number 2' });
  const { lines } = start(subscribe);
  expect([(await lines.next()).value, (await lines.next()).value]).toEqual(['1 one', '2 two']);
  await scene.overlay.kill(scene.overlay.nodes[0]?.name ?? '', 'SIGKILL');
  expect(await start(publish, 'three').lines.next()).toMatchObject({ value: '1 messages are receipted, the last as number 3' });
  expect(await lines.next()).toMatchObject({ value: '3 three' });
});

/** The programs in a README, of ten lines at most. */
function clientsOf(readme: string): readonly string[] {
  const blocks = [...readFileSync(join(projectRoot, readme), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');
  for (const code of blocks) expect(code.trim().split('\n')).toSatisfy((lines: readonly string[]) => lines.length <= 10);
  return blocks;
}

function start(code: string | undefined, ...words: readonly string[]): { readonly lines: AsyncIterator<string>; stop(): void } {
  // Beside the project's own packages, where a reader would put it.
  const script = join(projectRoot, 'node_modules', `.banyan-readme-client-${scripts.length}.mjs`);
  scripts.push(script);
  writeFileSync(script, code ?? '');
  const client = spawn(process.execPath, [script, ...words], { env: { ...process.env, BANYAN_DATA_DIR: scene.overlay.paths.dataDir }, stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(client);
  return { lines: createInterface({ input: client.stdout })[Symbol.asyncIterator](), stop: () => void client.kill() };
}
