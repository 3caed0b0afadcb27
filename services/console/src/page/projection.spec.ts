import { describe, expect, it } from 'vitest';
import { around, outlinePath, placeOf, project, WORLD_WIDTH } from './projection.ts';

describe('the map', () => {
  // Šavrič, Patterson & Jenny 2018: the pole is a line, the equator 2.05 times as long as the central meridian.
  it('is as wide and as high as the projection says', () => {
    expect(project(0, 0)).toEqual({ x: 0, y: -0 });
    expect(2 * project(180, 0).x).toBeCloseTo(WORLD_WIDTH, -1);
    expect(project(180, 0).x / -project(0, 90).y).toBeCloseTo(2.05, 1);
  });

  it('cuts what goes over its edge into pieces, wherever it begins', () => {
    const overTheEdge = [[170, 10], [179, 10], [-179, 10], [-170, 12], [-179, 14], [179, 14]] as const;
    expect(outlinePath(overTheEdge).match(/M/g)).toHaveLength(2);
    expect(outlinePath([[0, 0], [10, 0], [10, 10]]).match(/M/g)).toHaveLength(1);
  });

  it('finds regions by ever shorter beginnings of their names', () => {
    const table = { 'eu-central': [50, 8], us: [39, -95], Home: [1, 2] } as const;
    expect(placeOf('eu-central-1', table)).toEqual([50, 8]);
    expect(placeOf('us-east1', table)).toEqual([39, -95]);
    expect(placeOf('Home', table)).toEqual([1, 2]);
    expect(placeOf('', table)).toBeUndefined();
    expect(placeOf('moon-base', table)).toBeUndefined();
  });

  it('hides no node of a place under another', () => {
    const points = Array.from({ length: 200 }, (_, index) => around({ x: 0, y: 0 }, index));
    expect(new Set(points.map(({ x, y }) => `${x} ${y}`)).size).toBe(200);
  });
});
