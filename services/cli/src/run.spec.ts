import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestOverlay, type TestOverlay } from '@banyan/client/testing';
import { mintTestAuthority } from '@banyan/identity/testing';
import { multicast, overlay as overlayApi } from '@banyan/proto';
import { banyanIn, type Outcome } from './testing/banyan.ts';

const { HopRule } = overlayApi;

describe('banyan', () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'banyan-cli-'))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it.each([
    [[], 'Usage: banyan'],
    [['fly'], "unknown command 'fly'"],
    [['route'], 'missing required argument'],
    [['up', '--nodes', '0'], 'Give a number from 1 to 256'],
    [['subscribe', 'g', '--start', 'yesterday'], 'Give latest, first, seq:N, last:N or time:T'],
    [['subscribe', 'g', '--start', 'time:noon'], 'Give a time such as'],
    [['publish', 'g', '--rate', 'fast'], 'Give bytes per second'],
    [['publish', 'g', '--file', 'x', '--message', 'y'], 'give one of'],
    [['group', 'create', 'x', '--delivery', 'maybe'], 'Allowed choices are'],
    [['group', 'create', 'x', '--parity', '--stripes', '2'], '--parity needs --stripes of at least 3'],
    [['subscribe', 'g', '--raw', '--json'], '--raw writes the messages of one group and nothing else'],
    [['anycast', 'g', 'hello', '--answer', 'x'], 'who answers offers nothing'],
    [['plan', 'g'], 'give one of --lose-zone, --lose-region, --double, --fan-out and --best-root'],
    [['plan', 'g', '--double', '--fan-out', '3'], 'give one of'],
    [['nodes', '--address', '127.0.0.1:1'], '--address needs --authority'],
    [['token'], 'give --auth HOST:PORT and --authority FILE'],
    [['token', '--auth', '127.0.0.1:1', '--authority', 'ca.pem'], "put the secret of 'admin' into the environment as BANYAN_SECRET"],
    [['token', '--ttl', '0'], 'Give seconds from 1 to 86400'],
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

  it.each([['nodes'], ['route', 'x'], ['group', 'list'], ['publish', 'g', '--message', 'm'], ['subscribe', 'g'], ['tree', 'g'], ['coverage', 'g'], ['anycast', 'g'], ['plan', 'g', '--double'], ['slow'], ['doctor']])('says where it looked when no overlay runs: %s', async (...argv) => {
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

  it('says that a file cannot be written before it waits for one', async () => {
    expect(await banyan(['subscribe', 'g', '--out', 'nowhere/copy'])).toMatchObject({ code: 1, stderr: expect.stringContaining('(FILE_UNWRITABLE)') as string });
  });

  describe('with an overlay', () => {
    let overlay: TestOverlay;
    let where: readonly string[];
    beforeAll(async () => {
      overlay = await startTestOverlay(2);
    });
    afterAll(() => overlay.stop());
    beforeEach(async () => {
      await writeFile(join(directory, 'ca.pem'), overlay.authority);
      where = ['--address', overlay.nodes.map((node) => node.address).join(','), '--authority', 'ca.pem', '--tree-builder', overlay.nodes[0]?.address ?? ''];
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

    it('fails when no node answers, whatever keeps it', async () => {
      const nobody = ['nodes', '--address', '127.0.0.1:1', '--authority', 'ca.pem'];
      expect(await banyan(nobody)).toMatchObject({ code: 1, stdout: expect.stringContaining('UNREACHABLE') as string, stderr: expect.stringContaining('(UNREACHABLE)') as string });
      await writeFile(join(directory, 'other.pem'), (await mintTestAuthority()).pem);
      await writeFile(join(directory, 'rubbish.pem'), 'no certificate');
      const route = (authority: string) => banyan(['route', 'x', ...where, '--authority', authority]);
      expect(await route('other.pem')).toMatchObject({ code: 1, stderr: expect.stringContaining('(CERTIFICATE_UNTRUSTED)') as string });
      expect(await route('rubbish.pem')).toMatchObject({ code: 1, stderr: expect.stringContaining('(AUTHORITY_INVALID)') as string });
      expect(await route('nowhere.pem')).toMatchObject({ code: 1, stderr: expect.stringContaining('(FILE_NOT_FOUND)') as string });
    });

    it('creates, lists, describes and deletes groups', async () => {
      for (const name of ['one', 'two', 'ops/alerts']) expect((await banyan(['group', 'create', name, '--retention', '1M', ...where])).code).toBe(0);
      expect(await banyan(['group', 'create', 'one', ...where])).toMatchObject({ code: 1, stderr: expect.stringContaining('(GROUP_EXISTS)') as string });
      expect(await banyan(['group', 'create', 'No Such', ...where])).toMatchObject({ code: 1, stderr: expect.stringContaining('(GROUP_NAME_INVALID)') as string });
      const listed = JSON.parse((await banyan(['group', 'list', '--json', ...where])).stdout) as { readonly name: string }[];
      expect(listed.map(({ name }) => name)).toEqual(['admin/one', 'admin/two', 'ops/alerts']);
      expect((await banyan(['group', 'list', 'ops/', ...where])).stdout).toMatch(/^NAME .*\nops\/alerts {2}reliable {4}1\.0 MiB/);
      expect((await banyan(['group', 'describe', 'one', ...where])).stdout).toContain('keeps 1.0 MiB for 60.0 s');
      expect((await banyan(['group', 'delete', 'one', ...where])).stdout).toBe('deleted admin/one\n');
      expect(await banyan(['group', 'describe', 'one', ...where])).toMatchObject({ code: 1, stderr: expect.stringContaining('(GROUP_NOT_FOUND)') as string });
    });

    it('names who is slow, with his queue and what can be done', async () => {
      expect((await banyan(['slow', ...where])).stdout).toBe('nobody is slow\n');
      const { BLOCK, UNSPECIFIED } = multicast.SlowPolicy;
      overlay.nodes[0]!.slow = [{ group: 'admin/g', who: { $case: 'client', value: 'bob' }, queueBytes: 2n << 20n, ageMs: 1_500n, policy: BLOCK, counted: true, remedy: 'Read faster.' }];
      overlay.nodes[1]!.slow = [{ group: 'admin/g', who: { $case: 'child', value: nodeOf(3) }, queueBytes: 10n, ageMs: 9_000n, policy: UNSPECIFIED, counted: false, remedy: 'Look at it.' }];
      const lines = (await banyan(['slow', ...where])).stdout.trim().split('\n');
      expect(lines[1]).toMatch(/^admin\/g +node 03030303 .+ - +10 B +9\.0 s +Look at it\.$/);
      expect(lines[2]).toMatch(/^admin\/g +client bob .+ block +2\.0 MiB +1\.5 s +Read faster\.$/);
    });

    it('tells who has what of a group', async () => {
      const id = (n: number): Buffer => Buffer.alloc(16, n);
      const counts = { epoch: 3n, rosterVersion: 17n, members: 5n, committed: 97n, covered: 3n, reached: 97n };
      overlay.groups.coverage = { group: 'admin/g', ...counts, behind: [{ member: id(4), reached: 60n }], missing: [id(5)] };
      const { stdout } = await banyan(['coverage', 'g', ...where]);
      expect(stdout).toBe('admin/g: 3 of 5 have 1..97 (roster 3.17)\n  04040404 is 37 behind\n  05050505 is missing\n');
      expect(JSON.parse((await banyan(['coverage', 'g', '--json', ...where])).stdout)).toMatchObject({ group: 'admin/g', covered: 3 });
    });

    it('tells what would become of a tree', async () => {
      await banyan(['group', 'create', 'planned', ...where]);
      const { stdout } = await banyan(['plan', 'planned', '--lose-zone', 'z1', ...where]);
      expect(stdout).toMatch(/hops to the farthest +1 +1\n/);
      expect(stdout).toContain('1 node would die, 1 voter among them\nevery subscriber who lives would have what is new after 2.1 s\nno message would be lost\n');
      expect(JSON.parse((await banyan(['plan', 'planned', '--double', '--json', ...where])).stdout)).toMatchObject({ group: 'admin/planned', whatIf: { type: 'double' }, reachedAfterMs: 2_100 });
    });

    it('offers a message to one member of a group', async () => {
      const { code, stderr } = await banyan(['anycast', 'planned', 'job', ...where]);
      expect(code).toBe(1);
      expect(stderr).toContain('NOBODY_ACCEPTED');
    });

    it('prints what comes in all groups that a pattern means', async () => {
      await banyan(['group', 'create', 'wild/one', ...where]);
      await banyan(['publish', 'wild/one', '--message', 'hello', ...where]);
      const { code, stdout, stderr } = await banyan(['subscribe', 'wild/*', '--count', '1', ...where]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'wild/one\thello\n' });
      expect(stderr).toContain('subscribed to 1 group that wild/* means');
      expect((await banyan(['subscribe', 'wild/*', '--out', 'x', ...where])).code).toBe(2);
    });

    it('makes a group that waits for slow subscribers', async () => {
      await banyan(['group', 'create', 'patient', '--window', '1M', '--max-wait', '0.5', ...where]);
      expect((await banyan(['group', 'describe', 'patient', ...where])).stdout).toContain('from 1.0 MiB on, 500 ms at most');
    });

    it("draws a group's tree", async () => {
      const place = (n: number, parent: number | undefined, role: multicast.Role): multicast.Place => ({
        ...{ group: 'admin/tall', node: nodeOf(n), role, parent: parent === undefined ? undefined : nodeOf(parent), children: [] },
        ...{ subscribers: role === multicast.Role.LEAF ? 1 : 0, epoch: 1n, low: 1n, committed: 9n, next: 10n, voter: n < 3, fanOut: 8, publishers: [] },
      });
      await banyan(['group', 'create', 'tall', ...where]);
      expect((await banyan(['tree', 'tall', ...where])).stdout).toContain('no node has told its place yet');
      const { FORWARDER, LEAF, ROOT } = multicast.Role;
      overlay.groups.places = [place(1, undefined, ROOT), place(2, 1, FORWARDER), place(3, 2, LEAF), place(4, 2, LEAF), place(5, 1, LEAF), place(6, 9, LEAF)];
      const { stdout } = await banyan(['tree', 'tall', ...where]);
      const drawn = stdout.split('\n').slice(1, -1).map((line) => /^[│├└─ ]*\w+/.exec(line)?.[0]);
      expect(drawn).toEqual(['01010101', '├─ 02020202', '│  ├─ 03030303', '│  └─ 04040404', '└─ 05050505', '06060606']);
      expect(stdout).toContain('6 nodes, 4 subscriptions');
      expect(stdout).toContain('below 09090909, which tells nothing');
    });

    it('tells the hops of a route, and overlay against direct', async () => {
      const [asked] = overlay.nodes;
      if (asked === undefined) throw new Error('two nodes');
      asked.hops = [
        { at: Buffer.alloc(16, 1), to: Buffer.alloc(16, 2), rule: HopRule.ROUTING_TABLE, row: 0, column: 7, roundTripMs: 1, waitMs: 0 },
        { at: Buffer.alloc(16, 2), to: Buffer.alloc(16, 1), rule: HopRule.LEAF_SET, roundTripMs: 2, waitMs: 0.5 },
      ];
      const { stdout } = await banyan(['route', 'some name', ...where]);
      expect(stdout).toContain('routing table, row 0 column 7');
      expect(stdout).toContain('overlay 3.00 ms (2 hops), direct 1.50 ms, stretch 2.00');
      expect(JSON.parse((await banyan(['route', 'x', '--json', ...where])).stdout)).toMatchObject({ overlayRoundTripMs: 3, delivered: false, hops: [{ rule: 'routingTable' }, { rule: 'leafSet' }] });
    });

    it('stops quietly when the user wants no more', async () => {
      const stop = new AbortController();
      const running = banyan(['subscribe', 'chat', ...where], '', stop);
      setTimeout(() => stop.abort(), 200);
      expect((await running).code).toBe(0);
    });
  });

  function banyan(argv: readonly string[], input = '', stop = new AbortController()): Promise<Outcome> {
    return banyanIn(directory, argv, input, stop);
  }
});

function nodeOf(n: number): overlayApi.Node {
  return { id: Buffer.alloc(16, n), incarnation: 1n, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 8, apiAddress: '' };
}
