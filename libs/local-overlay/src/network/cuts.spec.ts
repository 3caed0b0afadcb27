import { describe, expect, it } from 'vitest';
import { bothWays, filterTable, halves } from './cuts.ts';

const addressOf = (host: string): string => `10.0.0.${host}`;
const rulesAt = (host: string, cuts: Parameters<typeof filterTable>[1]): readonly string[] => filterTable(host, cuts, addressOf).split('\n').filter((line) => line.startsWith('-A'));

describe('cuts', () => {
  it('lose packets where they arrive, in their direction only', () => {
    const cuts = [{ from: '1', to: '2' }];
    expect(rulesAt('2', cuts)).toEqual(['-A INPUT -s 10.0.0.1 -j DROP']);
    expect(rulesAt('1', cuts)).toEqual([]);
  });

  it('lose the packets of one port, whoever listens on it', () => {
    expect(rulesAt('1', bothWays('1', '2', 80))).toEqual(['-A INPUT -s 10.0.0.2 -p tcp --sport 80 -j DROP', '-A INPUT -s 10.0.0.2 -p tcp --dport 80 -j DROP']);
    expect(rulesAt('2', bothWays('1', '2', 80))).toHaveLength(2);
  });

  it('lose everything between two halves, and nothing within one', () => {
    const cuts = halves(['1', '2'], ['3']);
    expect(rulesAt('1', cuts)).toEqual(['-A INPUT -s 10.0.0.3 -j DROP']);
    expect(rulesAt('3', cuts)).toEqual(['-A INPUT -s 10.0.0.1 -j DROP', '-A INPUT -s 10.0.0.2 -j DROP']);
  });
});
