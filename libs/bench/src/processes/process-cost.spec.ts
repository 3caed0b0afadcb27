import { expect, it } from 'vitest';
import { cpuSecondsOf, memoryOf, parseCpuSeconds, parseMemory, startCpuMeter, totalOf } from './process-cost.ts';

it('reads the ticks behind a name with spaces and parentheses', () => {
  const fields = ['S', ...Array.from({ length: 10 }, () => '0'), '150', '25', '9', '9'];
  expect(parseCpuSeconds(`42 (node (a) b) ${fields.join(' ')}`)).toBe(1.75);
});

it('reads the largest and the anonymous memory', () => {
  expect(parseMemory('Name:\tnode\nVmHWM:\t  2048 kB\nRssAnon:\t 1024 kB\n')).toEqual({ peakRssBytes: 2_097_152, anonymousBytes: 1_048_576 });
});

it('reads this very process', () => {
  expect(cpuSecondsOf(process.pid)).toBeGreaterThan(0);
  expect(memoryOf(process.pid).peakRssBytes).toBeGreaterThan(memoryOf(process.pid).anonymousBytes / 2);
  expect(totalOf(startCpuMeter([process.pid])())).toBeGreaterThanOrEqual(0);
});

it('has nothing to say of a process that is gone', () => {
  expect(() => cpuSecondsOf(2 ** 30)).toThrow('ENOENT');
});
