// What can weigh on a process: modules it loads before anything else, as `NODE_OPTIONS=--import FILE`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What a burden weighs must not hang on what else the machine does; where that is not allowed, the machine must be idle. */
const FIRST = "import { setPriority } from 'node:os'; try { setPriority(-20); } catch {}\n";

/**
 * - `full`: work that leaves the event loop a moment every 50 ms.
 * - `late`: a piece of work of over a second, every other second.
 * - `waiting`: two pieces in a row, so that what was read after the first waits for the second.
 * - `files`: most of the files that it may open are open.
 * - `other-version`: the same program, built as another version.
 */
const BURDENS = {
  full: "const work = () => { const until = Date.now() + 50; while (Date.now() < until); setTimeout(work, 1); }; setTimeout(work, 8_000);",
  late: 'setTimeout(() => setInterval(() => { const until = Date.now() + 1_100; while (Date.now() < until); }, 1_900), 8_000);',
  waiting:
    'let due = Date.now() + 8_000, again = false; const work = () => { if (again || Date.now() >= due) { again = !again; const until = Date.now() + 600; while (Date.now() < until); due = until + 700; } setImmediate(work); }; work();',
  files: `import { openSync, readFileSync } from 'node:fs';
const max = Number(/^Max open files +(\\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))[1]);
for (let files = 0; files < 0.9 * max; files++) openSync('/dev/null');`,
  'other-version': `import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { const loaded = next(url, context); return url.endsWith('/service-kit/dist/start-service.js') ? { ...loaded, source: String(loaded.source).replace(/VERSION = '[^']+'/, "VERSION = '9.9.9'") } : loaded; } });`,
} as const;

export type Burden = keyof typeof BURDENS;

/** Variables for a process that is to bear it; the module is written into `folder`. */
export function burdened(folder: string, burden: Burden): Readonly<Record<string, string>> {
  const file = join(folder, `${burden}.mjs`);
  writeFileSync(file, `${FIRST}${BURDENS[burden]}`);
  return { NODE_OPTIONS: `--import ${pathToFileURL(file).href}` };
}
