import { join } from 'node:path';

/** The top folder of the project. */
export const workspaceRoot = join(import.meta.dirname, '..', '..', '..');
