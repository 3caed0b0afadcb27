// `ask-echo.mjs HOST PORT`: connects and sends back `echo` or `nothing` for each line on stdin, on one connection.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 2_000;
const [, , host, port] = process.argv;
const socket = connect(Number(port), host).on('error', () => undefined);
for await (const line of createInterface({ input: process.stdin })) {
  const answer = new Promise((resolve) => socket.once('data', () => resolve('echo')));
  socket.write(line);
  console.log(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, 'nothing'))]));
}
process.exit();
