import { expect, it } from 'vitest';
import { closingLine, formatSuites, type SuiteReport } from './test-reports.ts';

const suite = (passed: number, failed: number, skipped: number): SuiteReport =>
  ({ stage: 'unit', project: 'libs/x', file: '', passed, failed, skipped, seconds: 1 });

it('ends with the plain line', () => {
  expect(closingLine([suite(3, 0, 0), suite(4, 0, 0)], 0).text).toBe('7 passed, 0 failed');
  expect(closingLine([suite(3, 1, 2)], 1).text).toBe('3 passed, 2 failed, 2 skipped');
});

it('lists the slowest suite first', () => {
  const rows = formatSuites([suite(1, 0, 0), { ...suite(1, 0, 0), project: 'libs/slow', seconds: 9 }]).split('\n');
  expect(rows[1]).toContain('libs/slow');
});
