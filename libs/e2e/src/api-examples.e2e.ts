// The examples of proto/examples as their README says to run them, against a live overlay: Python with Debian's grpcio, and
// `buf curl`.
import { execFile, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LocalOverlay } from '@banyan/local-overlay';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestOverlay } from './testing/test-overlay.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'banyan-examples-'));
// Debian's, for which grpcio is a package: another one that is first on the path may know nothing of it.
const python = '/usr/bin/python3';
const PYTHON_INSTALL = 'apt-get install python3-grpcio python3-protobuf protobuf-compiler protobuf-compiler-grpc';
const hasPython = spawnSync(python, ['-c', 'import grpc, google.protobuf'], { stdio: 'ignore' }).status === 0 && spawnSync('sh', ['-c', 'command -v protoc grpc_python_plugin'], { stdio: 'ignore' }).status === 0;

describe('the examples', () => {
  let overlay: LocalOverlay;
  let env: Readonly<Record<string, string | undefined>>;
  beforeAll(async () => {
    overlay = await startTestOverlay({ dataDir: join(directory, 'overlay'), nodes: 3 });
    const { services, nodes } = overlay.file;
    env = {
      ...process.env,
      BANYAN_CA: overlay.paths.authorityFile,
      BANYAN_TOKEN: readFileSync(overlay.paths.tokenFile, 'utf8').trim(),
      BANYAN_NODE: nodes[0]?.addresses['api'],
      BANYAN_BUILDER: services['tree-builder']?.addresses['api'],
    };
  });
  afterAll(async () => {
    await overlay?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it.skipIf(!hasPython && process.env['CI'] === undefined)(`publish and subscribe in Python (${PYTHON_INSTALL})`, async () => {
    const stubs = join(directory, 'stubs');
    mkdirSync(stubs);
    const plugin = spawnSync('sh', ['-c', 'command -v grpc_python_plugin'], { encoding: 'utf8' }).stdout.trim();
    await run('protoc', ['-I', 'proto', `--python_out=${stubs}`, `--grpc_out=${stubs}`, `--plugin=protoc-gen-grpc=${plugin}`, ...globSync('proto/banyan/**/*.proto', { cwd: root })], { cwd: root });
    const { stdout } = await run(python, ['proto/examples/publish_subscribe.py', 'demo'], { cwd: root, env: { ...env, PYTHONPATH: stubs }, timeout: 60_000 });
    expect(stdout).toBe('group admin/demo\nsubscribed from sequence 1\n3 messages are receipted from sequence 1 on\n1 one\n2 two\n3 three\n');
  });

  it('look with buf curl', async () => {
    const { stdout } = await run('sh', ['proto/examples/look.sh', 'hello'], { cwd: root, env: { ...env, BUF: join(root, 'node_modules', '.bin', 'buf') }, timeout: 60_000 });
    expect(stdout).toContain('"replicas"');
    expect(stdout).toMatch(/HOP_RULE_LEAF_SET|"elapsedMs"/);
  });
});
