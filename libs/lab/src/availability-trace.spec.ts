import { describe, expect, it } from 'vitest';
import { parseTrace, readTrace } from './availability-trace.ts';

describe('an availability trace', () => {
  it('is read with those present first, its time from the earliest start, stretched', () => {
    const text = '# two of three are there at first\nlate\t1\t160 200\nearly\t2\t100 150 150 180\nagain\t2\t100 110 170 190\n';
    expect(parseTrace(text, 't.avt', 0.5)).toEqual({
      hosts: 3,
      present: 2,
      stays: [
        { host: 0, from: 0, until: 40_000 },
        { host: 1, from: 0, until: 5_000 },
        { host: 2, from: 30_000, until: 50_000 },
        { host: 1, from: 35_000, until: 45_000 },
      ],
    });
  });

  it.each([
    ['', 'nobody is ever there'],
    ['a\t0\t\n', 'nobody is ever there'],
    ['rubbish\n', 'line 1 has no number of stays after the name of its node'],
    ['a\t2\t1 2 3\n', 'line 1 says 2 stays and gives 3 times'],
    ['\na\t1\t5 5\n', 'line 2: from 5 to 5 is no stay'],
    ['a\t1\tx 5\n', 'line 1: from x to 5 is no stay'],
    ['a\t2\t1 4 3 5\n', 'line 1: the stay from 3 begins before the one before it ended'],
    ['a\t1\t1 2\na\t1\t3 4\n', 'node a has two lines'],
  ])('refuses %j in one sentence', (text, sentence) => {
    expect(() => parseTrace(text, 't.avt', 1)).toThrow(`t.avt is no availability trace: ${sentence}`);
  });

  it('that is not there is one sentence too', () => {
    expect(() => readTrace('/nowhere/t.avt', 1)).toThrow('cannot read /nowhere/t.avt: no such file or directory');
  });
});
