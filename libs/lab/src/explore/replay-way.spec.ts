import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replayWay } from './replay-way.ts';

const WAYS = join(import.meta.dirname, '../../seeds/ways');

describe('a way to two owners that the explorer once found', () => {
  it.each(readdirSync(WAYS))('%s leads there no more', (file) => {
    const [places = '', ...steps] = readFileSync(join(WAYS, file), 'utf8').trim().split('\n');
    expect(replayWay(places.replace('places ', ''), steps).doubleOwners).toBeUndefined();
  });

  it('says which steps can no longer be taken', () => {
    expect(replayWay('08', ['start 8', '8 > 0 leafProbe', '8 > 0 ping']).skipped).toEqual(['8 > 0 leafProbe']);
  });
});
