export { runCommandLine, type ResultFile } from './command-line.ts';
export type { Row } from './suites/e2e.ts';
