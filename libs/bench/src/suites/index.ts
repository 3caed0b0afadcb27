import type { Suite } from '../suite.ts';
import { e2e } from './e2e.ts';
import { startup } from './startup.ts';

/** Every suite, in the order the help lists them. */
export const SUITES: readonly Suite[] = [e2e, startup];
