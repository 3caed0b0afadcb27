// The outline of the continents, from Natural Earth by way of the package world-atlas (public domain), turned into rings
// of coordinates by topojson-client: nothing is fetched at run time.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { feature } from 'topojson-client';
import type { WorldView } from '../contract.ts';

type Topology = Parameters<typeof feature>[0];

const ISLAND_POINTS_MIN = 6;
const ANTARCTICA = -60;

/** Rings of [longitude, latitude], a tenth of a degree fine; small islands and Antarctica are left out. */
export async function worldOutline(): Promise<WorldView['outline']> {
  const file = createRequire(import.meta.url).resolve('world-atlas/land-110m.json');
  const topology = JSON.parse(await readFile(file, 'utf8')) as Topology;
  const land = topology.objects['land'];
  if (land === undefined) return [];
  const shape = feature(topology, land);
  const features = shape.type === 'FeatureCollection' ? shape.features : [shape];
  const polygons = features.flatMap(({ geometry }) => (geometry.type === 'MultiPolygon' ? geometry.coordinates : geometry.type === 'Polygon' ? [geometry.coordinates] : []));
  const rings = polygons.flatMap((polygon) => polygon.slice(0, 1)).map((ring) => ring.map(([longitude = 0, latitude = 0]) => [round(longitude), round(latitude)] as const));
  return rings.filter((ring) => ring.length >= ISLAND_POINTS_MIN && ring.some(([, latitude]) => latitude > ANTARCTICA));
}

function round(degrees: number): number {
  return Math.round(degrees * 10) / 10;
}
