import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTarGzip } from 'nanotar';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestOverlay, type TestOverlay } from '@banyan/client/testing';
import { overlay as overlayApi } from '@banyan/proto';
import { banyanIn, type Outcome } from './testing/banyan.ts';

describe('what operators use', () => {
  let directory: string;
  const banyan = (argv: readonly string[]): Promise<Outcome> => banyanIn(directory, argv);
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'banyan-cli-'))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('answers a monitoring system with unknown when it cannot look, or was called wrongly', async () => {
    expect(await banyan(['check'])).toMatchObject({ code: 3, stdout: expect.stringContaining('BANYAN UNKNOWN - overlay: no local overlay runs here') as string });
    expect((await banyan(['check', 'moon'])).code).toBe(3);
    expect((await banyan(['check', 'groups'])).code).toBe(3);
    expect((await banyan(['check', '--warning', 'nodes'])).stderr).toContain('Give CHECK=NUMBER');
    expect((await banyan(['check', '--help'])).code).toBe(0);
  });

  describe('with an overlay', () => {
    let overlay: TestOverlay;
    let where: readonly string[];
    beforeAll(async () => (overlay = await startTestOverlay(2)));
    afterAll(() => overlay.stop());
    beforeEach(async () => {
      await writeFile(join(directory, 'ca.pem'), overlay.authority);
      where = ['--address', overlay.nodes.map((node) => node.address).join(','), '--authority', 'ca.pem', '--tree-builder', overlay.nodes[0]?.address ?? ''];
    });

    it('checks what a monitoring system asks for, by limits of its own', async () => {
      const one = overlay.nodes[0]!;
      const other = overlay.nodes[1]!;
      [one.leaves, other.leaves] = [[other.node], [one.node]];
      expect(await banyan(['check', 'nodes', 'ring', 'slow', ...where])).toMatchObject({ code: 0, stdout: expect.stringContaining('BANYAN OK - 2 of 2 nodes are ready') as string });
      other.isReady = false;
      expect((await banyan(['check', 'nodes', ...where])).code).toBe(1);
      expect((await banyan(['check', 'nodes', '--critical', 'nodes=1', ...where])).code).toBe(2);
      other.isReady = true;
      expect(await banyan(['check', 'ring', 'certificates', '--warning', 'certificates=60', ...where])).toMatchObject({ code: 1, stdout: expect.stringContaining('first to expire') as string });
      expect(await banyan(['check', ...where])).toMatchObject({ code: 2, stdout: expect.stringContaining('token: there is no token') as string });
      [one.leaves, other.leaves] = [[], []];
    });

    it('prints nodes and groups once where there is no terminal', async () => {
      const { code, stdout } = await banyan(['top', '--interval', '0.2', ...where]);
      expect({ code, first: stdout.split('\n')[0] }).toMatchObject({ code: 0, first: expect.stringContaining('2 of 2 nodes ready') as string });
    });

    it('keeps overlays under names, for this user alone, and reads the token from its file', async () => {
      const add = (name: string, ...more: readonly string[]) => banyan(['context', 'add', name, ...where, ...more]);
      await writeFile(join(directory, 'token'), 'x.y.z\n', { mode: 0o644 });
      expect(await add('prod', '--token-file', 'token')).toMatchObject({ code: 1, stderr: expect.stringContaining('(TOKEN_FILE_EXPOSED)') as string });
      await chmod(join(directory, 'token'), 0o600);
      expect((await add('prod', '--token-file', 'token')).stderr).toContain("talk to 'prod'");
      expect((await add('prod')).code).toBe(2);
      expect((await add('No')).code).toBe(2);
      expect((await add('other')).stderr).toContain('context use other');
      const { mode } = await stat(join(directory, 'config', 'banyan', 'contexts.json'));
      expect(mode & 0o777).toBe(0o600);
      expect((await banyan(['context', 'list'])).stdout).toMatch(/^ +NAME.*\n\* +prod .*token\n +other/);
      expect((await banyan(['nodes', '--json'])).code).toBe(0);
      expect((await banyan(['nodes', '--context', 'other', '--json'])).code).toBe(0);
      expect((await banyan(['nodes', '--context', 'nowhere'])).stderr).toContain("there is no context 'nowhere'");
      expect((await banyan(['nodes', '--context', 'prod', ...where])).stderr).toContain('not both');
      await banyan(['context', 'use', 'local']);
      expect((await banyan(['nodes'])).stderr).toContain('(OVERLAY_NOT_FOUND)');
      await banyan(['context', 'use', 'prod']);
      expect((await banyan(['context', 'remove', 'prod'])).stderr).toContain('which was in use');
      expect(JSON.parse((await banyan(['context', 'list', '--json'])).stdout)).toMatchObject([{ name: 'other', isCurrent: false }]);
    });

    it('drains a node step by step, and fails when something was left behind', async () => {
      const { DrainState, DrainStepName } = overlayApi;
      const step = (name: overlayApi.DrainStepName, state: overlayApi.DrainState, left = 0): overlayApi.DrainStep => ({ name, state, left, deadlineMs: 900, elapsedMs: 20 });
      const [node] = overlay.nodes;
      const first = step(DrainStepName.REFUSE, DrainState.DONE);
      node!.drains = [{ steps: [first, step(DrainStepName.CLIENTS, DrainState.RUNNING, 2)], done: false }, { steps: [first, step(DrainStepName.CLIENTS, DrainState.DONE)], done: true }];
      const well = await banyan(['drain', node!.address, ...where]);
      expect(well).toMatchObject({ code: 0, stderr: expect.stringContaining('has left the ring') as string });
      expect(well.stdout.split('\n').map((line) => line.slice(0, 10).trim())).toEqual(['✓ refuse', '✓ clients', '']);
      node!.drains = [{ steps: [first, step(DrainStepName.CLIENTS, DrainState.LATE, 3)], done: true }];
      expect(await banyan(['drain', node!.address, ...where])).toMatchObject({ code: 1, stderr: expect.stringContaining('3 clients left at clients') as string });
      node!.drains = [{ steps: [first], done: false }];
      expect(await banyan(['drain', node!.address, ...where])).toMatchObject({ code: 1, stderr: expect.stringContaining('was not heard of any more') as string });
    });

    it('packs what helps into an archive without the token', async () => {
      const token = 'a-token-of-this-overlay';
      await writeFile(join(directory, 'token'), token, { mode: 0o600 });
      await banyan(['context', 'add', 'here', ...where, '--token-file', 'token']);
      expect((await banyan(['doctor', '--gather', 'bundle.tar.gz'])).stderr).toContain('gathered');
      const packed = await readFile(join(directory, 'bundle.tar.gz'));
      const files = await parseTarGzip(packed);
      expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(['bundle/README.txt', 'bundle/findings.json', 'bundle/machine.json']));
      expect(files.filter(({ text }) => text.includes(token))).toEqual([]);
    });
  });
});
