import { run } from './run.ts';
import { onStopAsked } from './stop-signals.ts';

const stop = new AbortController();
onStopAsked(process, stop, () => process.exit(1), () => performance.now());
process.channel?.unref(); // it tells when the parent is gone, and is no reason to stay
process.stdout.on('error', () => process.stdout.destroy()); // the reader has left (`| head`)

const { stdin, stdout, stderr, env } = process;
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, env, cwd: process.cwd(), signal: stop.signal });
// What a command left behind when it was interrupted (a call, a wait) is no reason to stay.
if (stop.signal.aborted) setTimeout(() => process.exit(), 500).unref();
