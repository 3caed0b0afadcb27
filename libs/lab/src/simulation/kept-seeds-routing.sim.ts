import { describe } from 'vitest';
import { keptSeeds } from '../testing/kept-seeds.ts';
import { itKeepsItsPromises } from '../testing/promises.ts';

/** Seeds that once found a bug in routing, each with all the faults it draws. */
describe('a swarm', () => itKeepsItsPromises(keptSeeds('routing')));
