import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { run } from '../run.ts';

/** What a command line came to. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in `directory`, which is also where it keeps its contexts. */
export async function banyanIn(directory: string, argv: readonly string[], input = '', stop = new AbortController()): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all([textOf(stdout), textOf(stderr)]);
  const code = await run(argv, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr, env: { XDG_CONFIG_HOME: join(directory, 'config') }, cwd: directory, signal: stop.signal });
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  return { code, stdout: out, stderr: err };
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
