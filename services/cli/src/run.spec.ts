import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestOverlay } from '@banyan/client/testing';
import { run } from './run.ts';

describe('banyan', () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'banyan-cli-'))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it.each([
    [[], 'Usage: banyan'],
    [['fly'], "unknown command 'fly'"],
    [['route'], 'missing required argument'],
    [['up', '--nodes', '0'], 'Give a number from 1 to 256'],
    [['subscribe', 'g', '--start', 'yesterday'], 'Give latest, first, seq:N or last:N'],
    [['publish', 'g', '--rate', 'fast'], 'Give bytes per second'],
    [['publish', 'g', '--file', 'x', '--message', 'y'], 'not both'],
    [['group', 'create', 'x', '--delivery', 'maybe'], 'Allowed choices are'],
    [['nodes', '--address', '127.0.0.1:1'], '--address needs --authority'],
    [['errors', 'NO_QUORUMS'], 'did you mean NO_QUORUM'],
  ])('says how it is used, and ends with 2: %j', async (argv, words) => {
    const { code, stderr, stdout } = await banyan(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(words);
  });

  it('explains itself and its errors', async () => {
    expect(await banyan(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('publish') as string });
    expect((await banyan(['errors', 'no-quorum'])).stdout).toContain('Too few voters');
    expect(JSON.parse((await banyan(['errors', 'GAP', '--json'])).stdout)).toMatchObject({ reason: 'GAP', code: 'DATA_LOSS' });
  });

  it.each([['nodes'], ['route', 'x'], ['group', 'list'], ['publish', 'g', '--message', 'm'], ['subscribe', 'g'], ['tree', 'g'], ['doctor']])('says where it looked when no overlay runs: %s', async (...argv) => {
    const { code, stderr } = await banyan(argv);
    expect(code).toBe(1);
    expect(stderr).toContain('no local overlay runs here');
    expect(stderr).toContain('(OVERLAY_NOT_FOUND)');
    expect(JSON.parse((await banyan([...argv, '--json'])).stderr)).toMatchObject({ error: { reason: 'OVERLAY_NOT_FOUND' } });
  });

  it('says that a file does not exist before it talks to anyone', async () => {
    expect(await banyan(['publish', 'g', '--file', 'nowhere'])).toMatchObject({ code: 1, stderr: expect.stringContaining('(FILE_NOT_FOUND)') as string });
    expect(await banyan(['publish', 'g', '--file', '.'])).toMatchObject({ code: 1, stderr: expect.stringContaining('no regular file') as string });
  });

  describe('with an overlay', () => {
    let overlay: Awaited<ReturnType<typeof startTestOverlay>>;
    let where: readonly string[];
    beforeAll(async () => {
      overlay = await startTestOverlay(2);
    });
    afterAll(() => overlay.stop());
    beforeEach(async () => {
      await writeFile(join(directory, 'ca.pem'), overlay.authority);
      where = ['--address', overlay.nodes.map((node) => node.address).join(','), '--authority', 'ca.pem'];
    });

    it('carries a file from one command to another, whole', async () => {
      const content = randomBytes(3_000_000);
      const sha256 = createHash('sha256').update(content).digest('hex');
      await writeFile(join(directory, 'song.bin'), content);
      const receiving = [banyan(['subscribe', 'files', '--out', 'copy', '--until-end', '--start', 'first', ...where]), banyan(['subscribe', 'files', '--out', 'in/', '--until-end', '--start', 'first', ...where])];
      expect((await receiving[1])?.stderr).toContain('there is no directory');

      const published = await banyan(['publish', 'files', '--file', 'song.bin', '--json', ...where]);
      expect(JSON.parse(published.stdout)).toMatchObject({ group: 'admin/files', name: 'song.bin', size: 3_000_000, sha256 });
      const received = await receiving[0];
      expect(received).toMatchObject({ code: 0, stdout: expect.stringContaining(`sha256 ${sha256}`) as string });
      expect((await readFile(join(directory, 'copy'))).equals(content)).toBe(true);

      const again = await banyan(['subscribe', 'files', '--out', '.', '--until-end', '--start', 'first', ...where]);
      expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('song.bin exists already') as string });
      expect((await readdir(directory)).sort()).toEqual(['ca.pem', 'copy', 'song.bin']);
    });

    it('takes a file from stdin and gives it to stdout', async () => {
      await banyan(['publish', 'pipe', '--file', '-', '--name', 'x', ...where], 'through the pipe');
      const { code, stdout, stderr } = await banyan(['subscribe', 'pipe', '--out', '-', '--until-end', '--start', 'last:3', ...where]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'through the pipe' });
      expect(stderr).toContain('sha256');
    });

    it('publishes lines of stdin, and prints messages until enough have come', async () => {
      expect((await banyan(['publish', 'chat', ...where], 'one\ntwo\nth\u001bree\n')).stdout).toContain('published 3 messages to admin/chat');
      expect((await banyan(['subscribe', 'chat', '--start', 'last:3', '--count', '3', ...where])).stdout).toBe('one\ntwo\nth?ree\n');
      const lines = (await banyan(['subscribe', 'chat', '--start', 'last:1', '--count', '1', '--json', ...where])).stdout.trim().split('\n');
      expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['subscribed', 'message']);
    });

    it('ends with 1 and no file after a gap', async () => {
      await writeFile(join(directory, 'big'), randomBytes(500_000));
      const before = overlay.log.next;
      await banyan(['publish', 'gap', '--file', 'big', ...where]);
      overlay.log.low = before + 3n;
      const { code, stderr } = await banyan(['subscribe', 'gap', '--out', 'copy', '--until-end', '--start', `seq:${before}`, ...where]);
      overlay.log.low = 1n;
      expect(code).toBe(1);
      expect(stderr).toContain(`sequences ${before} to ${before + 2n} (expired)`);
      expect(await readdir(directory)).not.toContain('copy');
      expect(await readdir(directory)).not.toContain('copy.part');
    });

    it('lists nodes, and says what ails those that do not answer', async () => {
      const { stdout } = await banyan(['nodes', '--json', ...where, '--node', '127.0.0.1:1']);
      expect(JSON.parse(stdout)).toMatchObject([{ state: 'UNREACHABLE' }, { state: 'ready', leaves: 0 }, { state: 'ready' }]);
    });

    it('stops quietly when the user wants no more', async () => {
      const stop = new AbortController();
      const running = banyan(['subscribe', 'chat', ...where], '', stop);
      setTimeout(() => stop.abort(), 200);
      expect((await running).code).toBe(0);
    });
  });

  async function banyan(argv: readonly string[], input = '', stop = new AbortController()): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const texts = Promise.all([textOf(stdout), textOf(stderr)]);
    const code = await run(argv, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr, env: {}, cwd: directory, signal: stop.signal });
    stdout.end();
    stderr.end();
    const [out, err] = await texts;
    return { code, stdout: out, stderr: err };
  }
});

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
