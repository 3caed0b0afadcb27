import { describe, expect, it } from 'vitest';
import { atLeast, atMost, exitCodeOf, worstOf, type CheckResult, type Status } from './check-result.ts';
import { formatted } from './formats.ts';

const result = (status: Status, check = status): CheckResult => ({ check, status, detail: `all ${status}`, measured: [{ name: 'missing', value: 1, warning: 1, critical: 2 }] });

describe('a check', () => {
  it('is judged by limits in either direction', () => {
    const limits = { warning: 2, critical: 5 };
    expect([0, 2, 5].map((value) => atMost(value, limits))).toEqual(['ok', 'warning', 'critical']);
    expect([9, 5, 2].map((value) => atLeast(value, { warning: 5, critical: 2 }))).toEqual(['ok', 'warning', 'critical']);
  });

  it('ends with the code of the worst, and hides nothing critical behind what is unknown', () => {
    const code = (...statuses: readonly Status[]): number => exitCodeOf(worstOf(statuses.map((status) => result(status))));
    expect([code('ok'), code('ok', 'warning'), code('warning', 'unknown'), code('unknown', 'critical'), code()]).toEqual([0, 1, 3, 2, 3]);
  });

  it('says the worst first, then its numbers, as plugins do', () => {
    expect(formatted([result('ok'), result('critical', 'ring' as Status)], 'text').split('\n')[0]).toBe("BANYAN CRITICAL - ring: all critical | 'ok_missing'=1;1;2 'ring_missing'=1;1;2");
  });

  it('speaks the text format of Prometheus, and JSON', () => {
    const strange = { ...result('ok'), check: 'group "a"\\b' };
    expect(formatted([strange], 'prometheus')).toContain('banyan_check_status{check="group \\"a\\"\\\\b"} 0');
    expect(JSON.parse(formatted([result('warning')], 'json'))).toMatchObject({ status: 'warning', exitCode: 1, checks: [{ check: 'warning' }] });
  });
});
