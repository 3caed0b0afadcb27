import { relative } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { DATA_DIR_NAME, startOverlay, type LocalOverlay } from '@banyan/local-overlay';
import type { Io } from '../io.ts';
import { note, say } from '../io.ts';
import { styleFor } from '../output/style.ts';
import { table } from '../output/table.ts';

interface UpOptions {
  readonly nodes: number;
  readonly dataDir?: string;
  readonly console: boolean;
  readonly regions: readonly string[];
}

/** `banyan up`: a local overlay of real processes, until Ctrl-C. */
export function upCommand(io: Io): Command {
  return new Command('up')
    .description('run a local overlay: auth, bootstrap, tree builder and nodes, each a process; Ctrl-C stops all')
    .option('--nodes <n>', 'how many nodes', nodesArgument, 8)
    .option('--data-dir <directory>', 'where everything is kept; a second start goes on with it (default: BANYAN_DATA_DIR, else .banyan)')
    .option('--regions <names>', 'labels to give to the nodes in turn, by commas: `eu-central,us-east,ap-south` shows them on the map of the console', regionsArgument, [])
    .option('--no-console', 'without the web page')
    .action(async (options: UpOptions) => {
      const dataDir = options.dataDir ?? (io.env['BANYAN_DATA_DIR'] || DATA_DIR_NAME);
      const startedAt = performance.now();
      await using overlay = await startOverlay({
        dataDir,
        nodes: options.nodes,
        console: options.console,
        nodeConfig: (_, index) => regionOf(options.regions, index),
        signal: io.signal,
        onProgress: ({ name, up, total }) => showProgress(io, `starting: ${up} of ${total} up (${name})`),
        onDeath: (name, exit) => note(io, `banyan: ${name} ended (${exit.signal ?? `code ${exit.code}`}); its log: ${overlay.paths.logOf(name)}`),
      });
      showProgress(io, '');
      say(io, introduction(io, overlay, performance.now() - startedAt));
      await stopAsked(io);
      note(io, 'stopping');
    });
}

function introduction(io: Io, overlay: LocalOverlay, startMs: number): string {
  const style = styleFor(io.stdout, io.env);
  const { services, nodes } = overlay.file;
  const rows = [...Object.entries(services).map(([name, entry]) => ({ name, id: '', ...entry })), ...nodes];
  const processes = table(rows, [
    { heading: 'NAME', text: (row) => row.name },
    { heading: 'ID', text: (row) => row.id },
    { heading: 'PID', text: (row) => String(row.pid), isNumber: true },
    { heading: 'API', text: (row) => row.addresses['api'] ?? '' },
    { heading: 'ADMIN', text: (row) => (row.addresses['admin'] === undefined ? '' : `http://${row.addresses['admin']}`) },
  ]);
  const where = isDefaultPlace(io, overlay) ? '' : ` --data-dir ${quoted(overlay.paths.dataDir)}`;
  const examples = [`npx banyan group create demo${where}`, `npx banyan subscribe demo --out copy.md --until-end${where}`, `npx banyan publish demo --file README.md${where}`];
  return [
    processes,
    '',
    `${style.bold(`${nodes.length} nodes are up`)} after ${(startMs / 1_000).toFixed(1)} s; data and logs in ${overlay.paths.dataDir}, certificate in ${relativeTo(io, overlay.paths.authorityFile)}.`,
    'Try, in another terminal (the second waits for the third, from yet another):',
    ...examples.map((example) => `  ${style.bold(example)}`),
    ...consoleLines(overlay, (path) => relativeTo(io, path), style.bold),
    'Ctrl-C stops everything.',
  ].join('\n');
}

function consoleLines(overlay: LocalOverlay, shown: (path: string) => string, bold: (text: string) => string): readonly string[] {
  const web = overlay.file.services.console?.addresses['web'];
  return web === undefined ? [] : [`The console: ${bold(web)} (sign in with the text of ${shown(overlay.paths.tokenFile)}).`];
}

function regionOf(regions: readonly string[], index: number): Readonly<Record<string, string>> {
  const region = regions[index % regions.length];
  return region === undefined ? {} : { region };
}

function isDefaultPlace(io: Io, overlay: LocalOverlay): boolean {
  return relativeTo(io, overlay.paths.dataDir) === DATA_DIR_NAME;
}

function relativeTo(io: Io, path: string): string {
  const short = relative(io.cwd, path);
  return short.startsWith('..') ? path : short;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** One line that is written over, on a terminal only. */
function showProgress(io: Io, text: string): void {
  if (io.stderr.isTTY === true) io.stderr.write(`\r\u001b[K${text}`);
}

function stopAsked(io: Io): Promise<void> {
  return new Promise((resolve) => {
    if (io.signal.aborted) return resolve();
    // A signal alone does not keep a process up.
    const alive = setInterval(() => undefined, 1 << 30);
    io.signal.addEventListener('abort', () => {
      clearInterval(alive);
      resolve();
    });
  });
}

function regionsArgument(text: string): readonly string[] {
  const regions = text.split(',').map((region) => region.trim());
  if (regions.some((region) => !/^[a-z0-9-]{1,64}$/.test(region))) throw new InvalidArgumentError('Give names of a-z, 0-9 and hyphens, separated by commas.');
  return regions;
}

const NODES_MAX = 256;

function nodesArgument(text: string): number {
  const nodes = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (nodes < 1 || nodes > NODES_MAX) throw new InvalidArgumentError(`Give a number from 1 to ${NODES_MAX}.`);
  return nodes;
}
