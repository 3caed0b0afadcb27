// `echo.mjs ADDRESS`: listens on it, says where, and sends back what comes.
import { createServer } from 'node:net';

const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
server.listen(0, process.argv[2], () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit());
