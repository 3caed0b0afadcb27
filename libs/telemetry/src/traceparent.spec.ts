import { describe, expect, it } from 'vitest';
import { formatTraceparent, isSampled, parseTraceparent } from './traceparent.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('traceparent', () => {
  it('reads and writes the header of version 00', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, isSampled: true });
    expect(formatTraceparent({ traceId, spanId, isSampled: false })).toBe(`00-${traceId}-${spanId}-00`);
    for (const [flags, sampled] of [['00', false], ['01', true], ['03', true], ['02', false]] as const) expect(isSampled(`00-${traceId}-${spanId}-${flags}`)).toBe(sampled);
    expect([undefined, '', 'rubbish'].some(isSampled)).toBe(false);
  });

  it('reads a later version by the fields it knows', () => {
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-comes`)).toEqual({ traceId, spanId, isSampled: true });
  });

  it.each([undefined, '', 'rubbish', `ff-${traceId}-${spanId}-01`, `00-${traceId}-${spanId}-01-more`, `00-${'0'.repeat(32)}-${spanId}-01`, `00-${traceId}-${'0'.repeat(16)}-01`, `00-${traceId.toUpperCase()}-${spanId}-01`])(
    'takes %s for no header',
    (text) => expect(parseTraceparent(text)).toBeUndefined(),
  );
});
