// A process of its own, for the tests of what it leaves behind: makes a network with a sleeper that stands still on one host, and stays.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { OverlayError } from '@banyan/grpc';
import { LocalNetwork } from '../network/local-network.ts';

try {
  const host = await (await LocalNetwork.create()).host('a');
  const [enter = '', ...rest] = host.enter;
  const sleeper = spawn(enter, [...rest, 'sh', '-c', 'echo up; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  await once(sleeper.stdout, 'data'); // it is in its namespace
  sleeper.kill('SIGSTOP');
  console.log(JSON.stringify({ pid: sleeper.pid }));
} catch (error) {
  console.log(JSON.stringify({ reason: (error as OverlayError).reason, message: (error as OverlayError).message }));
}
