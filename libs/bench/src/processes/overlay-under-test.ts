import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOverlay as startLocalOverlay, type LaunchOptions, type LocalOverlay } from '@banyan/local-overlay';

/** A node process of the overlay that is measured. */
export interface NodeUnderTest {
  readonly name: string;
  readonly pid: number;
  /** `host:port` of its API listener. */
  readonly api: string;
}

/** A running overlay in a folder of its own, and what a client needs of it. */
export interface OverlayUnderTest extends AsyncDisposable {
  readonly nodes: readonly NodeUnderTest[];
  /** Of every process of the overlay, nodes and control plane. */
  readonly pids: readonly number[];
  /** The processes: to be killed, restarted, and connected to. */
  readonly local: LocalOverlay;
  /** `host:port` of the tree builder's API. */
  readonly treeBuilder: string;
  readonly authorityFile: string;
  /** Allows everything. */
  readonly token: string;
  /** From the start of the first process to the last node's being ready. */
  readonly readySeconds: number;
}

/**
 * Starts an overlay of real processes and removes its folder when it is disposed of. `BENCH_NODE_OPTIONS` goes to every
 * process as `NODE_OPTIONS`: `--cpu-prof --cpu-prof-dir=/tmp/profiles` shows where the time goes.
 */
export async function startOverlay(options: Omit<LaunchOptions, 'dataDir' | 'env'>): Promise<OverlayUnderTest> {
  const dataDir = await mkdtemp(join(tmpdir(), 'banyan-bench-'));
  const startedMs = performance.now();
  const nodeOptions = process.env['BENCH_NODE_OPTIONS'];
  try {
    const overlay = await startLocalOverlay({ dataDir, ...options, ...(nodeOptions === undefined ? {} : { env: { NODE_OPTIONS: nodeOptions } }) });
    return await underTest(overlay, (performance.now() - startedMs) / 1_000, dataDir);
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}

async function underTest(overlay: LocalOverlay, readySeconds: number, dataDir: string): Promise<OverlayUnderTest> {
  const { nodes, services, authorityFile, tokenFile } = overlay.file;
  return {
    nodes: nodes.map(({ name, pid, addresses }) => ({ name, pid, api: addresses['api'] ?? '' })),
    pids: [...nodes, ...Object.values(services)].map(({ pid }) => pid),
    local: overlay,
    treeBuilder: services['tree-builder']?.addresses['api'] ?? '',
    authorityFile,
    token: (await readFile(tokenFile, 'utf8')).trim(),
    readySeconds,
    async [Symbol.asyncDispose]() {
      await overlay.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
