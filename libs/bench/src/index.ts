export { runCommandLine, type ResultFile } from './command-line.ts';
export type { Row } from './suites/row.ts';
