// Other programs, run as a person at a terminal would.
import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Thrown where the test cannot run at all here; its message says why and what to do. */
export class CannotRun extends Error {}

/** Every place at which a program of this name stands, first come first; sbin too, which PATH often leaves out. */
export function placesOf(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin'];
  return [...new Set(folders.map((folder) => join(folder, name)).filter(existsSync).map((path) => realpathSync(path)))];
}

/** What a program printed; an error that ends with its last words when it fails. */
export async function run(program, args, { env = {}, ...options } = {}) {
  try {
    const { stdout } = await execute(program, args, { maxBuffer: OUTPUT_BYTES_MAX, env: { ...process.env, ...env }, ...options });
    return stdout;
  } catch (error) {
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim().split('\n').slice(-25).join('\n');
    throw new Error(`${[program, ...args].join(' ')} failed (${error.code ?? error.signal}):\n${said}`, { cause: error });
  }
}

/** Looks again and again until `look` gives something; an error when that takes too long. */
export async function eventually(what, timeoutMs, look) {
  for (const endsAt = performance.now() + timeoutMs; performance.now() < endsAt; await new Promise((resolve) => setTimeout(resolve, 500))) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`${what}: not within ${timeoutMs / 1_000} s`);
}
