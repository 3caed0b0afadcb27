import { describe, expect, it } from 'vitest';
import { namedReason } from './named-reason.ts';
import { startFailure } from './start-failure.ts';

const named = (reason: unknown): Error => Object.assign(new Error('what happened'), { reason });

describe('namedReason', () => {
  it('takes a reason of the table from any error', () => expect(namedReason(named('DISK_FULL'))).toBe('DISK_FULL'));

  it.each([named('NO_SUCH_REASON'), named(7), new Error('plain'), { reason: 'DISK_FULL' }, undefined])('finds none in %s', (error) => {
    expect(namedReason(error)).toBeUndefined();
  });

  it('is what a start fails with', () => expect(startFailure(named('DISK_FULL'))).toMatchObject({ reason: 'DISK_FULL', message: 'what happened', exitCode: 1 }));
});
