import { plane } from '@banyan/simulator';
import { describe, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { measureTableQuality } from './measure-table-quality.ts';

describe('table quality', () => {
  // Rowstron & Druschel 2001, Fig. 7 (WTF): fewer than one entry a row is not the nearest.
  it('is near to the best after sequential joins', () => {
    const results = measureTableQuality({ topology: plane({ hosts: 250, seed: 1 }), seed: 1, leafSet: 16, digitBits: 4, together: false }, SILENT);
    expect(results.joined).toBe(250);
    expect(results.suboptimalPerRowMax).toBeLessThan(1);
    expect(results.rows[0]?.missing).toBe(0);
  });
});
