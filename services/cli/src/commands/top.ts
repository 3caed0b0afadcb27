import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { Command, InvalidArgumentError } from 'commander';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { json } from '../output/json.ts';
import { accessOverlay, openClient, withAdmins, withOverlay, type OverlayOptions } from '../overlay-options.ts';
import { Looker, type Look } from '../top/look.ts';
import { screenText } from '../top/screen.ts';

interface TopOptions extends OverlayOptions {
  readonly interval: number;
  readonly json?: boolean;
}

// The alternate screen keeps what was on the terminal before; the cursor only disturbs.
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** `banyan top`: nodes and groups, live. Where there is no terminal it looks twice, and prints once. */
export function topCommand(io: Io): Command {
  return withAdmins(withOverlay(new Command('top')))
    .description('watch nodes and groups: load, memory, links, messages a second; q or Ctrl-C ends. Without a terminal it prints once')
    .option('--interval <seconds>', 'how often it looks', intervalArgument, 2)
    .option('--json', 'print what was seen once, as JSON')
    .action(async (options: TopOptions) => {
      const access = await accessOverlay(io, options);
      using looker = new Looker(access, await openClient(access, 'first', options.node !== undefined));
      if (io.stdout.isTTY === true && options.json !== true) await watch(io, looker, options.interval * 1_000);
      else await once(io, looker, options);
    });
}

async function once(io: Io, looker: Looker, options: TopOptions): Promise<void> {
  const before = await looker.look();
  await patiently(options.interval * 1_000, io.signal); // rates need a second look
  if (io.signal.aborted) return;
  const now = await looker.look();
  say(io, options.json === true ? json(plain(now), 2) : screenText(io, before, now));
}

/** Samples as an object. */
function plain({ nodes, ...look }: Look): unknown {
  return { ...look, nodes: nodes.map(({ samples, ...node }) => ({ ...node, samples: samples === undefined ? undefined : Object.fromEntries(samples) })) };
}

async function watch(io: Io, looker: Looker, intervalMs: number): Promise<void> {
  const over = new AbortController();
  const unlisten = onQuit(io, over);
  io.stdout.write(ENTER);
  try {
    for (let before: Look | undefined; !over.signal.aborted; ) {
      const now = await looker.look();
      io.stdout.write(frame(io, screenText(io, before, now)));
      before = now;
      await patiently(intervalMs, over.signal);
    }
  } finally {
    io.stdout.write(LEAVE);
    unlisten();
  }
}

/** One screen: lines that are cut at its edges, over those of the last one. */
function frame({ stdout }: Io, text: string): string {
  const [columns, rows] = [stdout.columns ?? 80, stdout.rows ?? 24];
  const lines = text.split('\n');
  const shown = lines.length < rows ? lines : [...lines.slice(0, rows - 2), `… ${lines.length - rows + 2} more lines`];
  return HOME + shown.map((line) => cut(line, columns) + CLEAR_LINE).join('\r\n') + CLEAR_BELOW;
}

function cut(line: string, columns: number): string {
  return stripVTControlCharacters(line).length <= columns ? line : stripVTControlCharacters(line).slice(0, columns);
}

/** Ends on q, and on what ends any command. A terminal in raw mode sends Ctrl-C as a key. */
function onQuit(io: Io, over: AbortController): () => void {
  const end = (): void => over.abort();
  const key = (bytes: Buffer): void => {
    if (['q', 'Q', '\u0003'].includes(bytes.toString())) end();
  };
  io.signal.addEventListener('abort', end);
  const isTerminal = io.stdin.isTTY === true;
  if (isTerminal) {
    io.stdin.setRawMode?.(true);
    io.stdin.on('data', key).resume();
  }
  return () => {
    io.signal.removeEventListener('abort', end);
    if (!isTerminal) return;
    io.stdin.off('data', key).pause();
    io.stdin.setRawMode?.(false);
  };
}

async function patiently(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined); // ended: the caller sees it
}

function intervalArgument(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.2 && seconds <= 3_600)) throw new InvalidArgumentError('Give seconds from 0.2 to 3600.');
  return seconds;
}
