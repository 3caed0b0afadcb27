import { plane, transitStub } from '@banyan/simulator';
import { describe, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { measureRouting, type RoutingSetup } from './measure-routing.ts';

const SETUP: RoutingSetup = { topology: plane({ hosts: 300, seed: 2 }), lookups: 2_000, seed: 2, leafSet: 16, digitBits: 4, direct: false };

describe('routing', () => {
  // Rowstron & Druschel 2001, §3.1: the mean tracks log_16 N (here 2.06), the most is its ceiling; §3.2: delay penalty of 1.3 to 1.4.
  it('takes about log_16 N hops by short ways, and every lookup reaches its root', () => {
    const results = measureRouting(SETUP, SILENT);
    expect(results).toMatchObject({ joined: 300, lost: 0, incorrect: 0, duplicate: 0, late: 0, complaints: [] });
    expect(results.hops.mean).toBeLessThan(2.3);
    expect(results.hops.max).toBeLessThanOrEqual(4);
    expect(results.rdp.ratioOfSums).toBeLessThan(1.5);
  });

  it('is a function of its seed', () => {
    const small: RoutingSetup = { ...SETUP, topology: plane({ hosts: 60, seed: 3 }), lookups: 200 };
    // All but the CPU time.
    const figures = (setup: RoutingSetup) => ({ ...measureRouting(setup, SILENT), joins: undefined, eventsPerCpuSecond: undefined });
    expect(figures(small)).toEqual(figures(small));
    expect(figures({ ...small, seed: 4 })).not.toEqual(figures(small));
  });

  it('needs no joining when tables are filled directly', () => {
    const results = measureRouting({ ...SETUP, topology: transitStub({ hosts: 1_000, seed: 1 }), direct: true }, SILENT);
    expect(results).toMatchObject({ joined: 1_000, lost: 0, incorrect: 0, duplicate: 0 });
    expect(results.hops.mean).toBeLessThan(2.7);
  });

  it('does not depend on how many machines of a filled ring are kept', () => {
    const direct: RoutingSetup = { ...SETUP, direct: true };
    const few = measureRouting({ ...direct, machinesMax: 20 }, SILENT);
    const all = measureRouting(direct, SILENT);
    expect(all.machinesMade).toBe(300);
    expect(few.machinesMade).toBeGreaterThan(2_000);
    expect(few).toMatchObject({ lost: 0, incorrect: 0, duplicate: 0, late: 0 });
    // What a machine measures it knows to a hundredth of a millisecond, and better from its tables: a tie may go the other way.
    expect(Math.abs(few.hops.mean - all.hops.mean)).toBeLessThan(0.003);
    expect(Math.abs(few.rdp.mean - all.rdp.mean)).toBeLessThan(0.003);
  });
});
