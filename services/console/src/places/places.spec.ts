import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { placesOfRegions } from './region-places.ts';
import { worldOutline } from './world-outline.ts';

describe('the world', () => {
  it('has continents within the map, in less than 200 KB', async () => {
    const outline = await worldOutline();
    expect(outline.length).toBeGreaterThan(50);
    for (const [longitude, latitude] of outline.flat()) expect(Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90).toBe(true);
    expect(JSON.stringify(outline).length).toBeLessThan(200_000);
  });

  it('takes the operator\'s own regions beside those it knows, and refuses what is no table', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'banyan-regions-'));
    try {
      const file = join(directory, 'regions.json');
      writeFileSync(file, '{ "home": [48.1, 11.6] }');
      expect(await placesOfRegions(file)).toMatchObject({ home: [48.1, 11.6], 'us-east': [39.0, -77.5] });
      writeFileSync(file, '{ "home": [480, 11.6] }');
      await expect(placesOfRegions(file)).rejects.toThrow('no table of regions');
      await expect(placesOfRegions(join(directory, 'none'))).rejects.toThrow('cannot read');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
