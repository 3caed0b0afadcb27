import type { Suite } from '../suite.ts';
import { e2e } from './e2e.ts';
import { recovery } from './recovery.ts';
import { relay } from './relay.ts';
import { startup } from './startup.ts';

/** Every suite, in the order the help lists them. */
export const SUITES: readonly Suite[] = [relay, e2e, startup, recovery];
