export type { Io, OutputStream } from './io.ts';
export { run } from './run.ts';
