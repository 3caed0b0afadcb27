import { readFile } from 'node:fs/promises';
import { OverlayError } from '@banyan/grpc';

/** Latitude and longitude, degrees. */
export type Place = readonly [latitude: number, longitude: number];

// Where the words lie of which operators make names of regions: the data centres' usual cities, one line a word.
const WORDS: Readonly<Record<string, Place>> = {
  'eu': [50.1, 8.7], 'eu-central': [50.1, 8.7], 'eu-west': [53.3, -6.3], 'eu-north': [59.3, 18.1], 'eu-south': [45.5, 9.2], 'europe': [50.1, 8.7], 'europe-west': [50.8, 4.4], 'europe-north': [60.6, 27.2], 'europe-central': [52.2, 21.0],
  'us': [39.0, -95.0], 'us-east': [39.0, -77.5], 'us-west': [45.6, -121.2], 'us-central': [41.3, -95.9], 'us-south': [32.8, -96.8], 'na': [41.3, -95.9], 'ca': [45.5, -73.6], 'ca-central': [45.5, -73.6], 'northamerica-northeast': [45.5, -73.6], 'mx-central': [20.6, -100.4],
  'sa': [-23.5, -46.6], 'sa-east': [-23.5, -46.6], 'southamerica-east': [-23.5, -46.6], 'southamerica-west': [-33.4, -70.7],
  'af': [-33.9, 18.4], 'af-south': [-33.9, 18.4], 'africa': [-33.9, 18.4], 'africa-south': [-26.2, 28.0],
  'me': [25.3, 55.3], 'me-south': [26.1, 50.6], 'me-central': [25.3, 51.5], 'me-west': [32.1, 34.8], 'il-central': [32.1, 34.8],
  'ap': [1.35, 103.8], 'asia': [1.35, 103.8], 'ap-east': [22.3, 114.2], 'ap-south': [19.1, 72.9], 'ap-southeast': [1.35, 103.8], 'ap-northeast': [35.7, 139.7], 'asia-east': [24.1, 120.7], 'asia-south': [19.1, 72.9], 'asia-southeast': [1.35, 103.8], 'asia-northeast': [35.7, 139.7],
  'au': [-33.9, 151.2], 'oc': [-33.9, 151.2], 'australia-southeast': [-33.9, 151.2], 'australia': [-33.9, 151.2], 'cn': [31.2, 121.5], 'cn-north': [39.9, 116.4], 'cn-northwest': [37.5, 105.2], 'in': [19.1, 72.9], 'jp': [35.7, 139.7], 'br': [-23.5, -46.6], 'uk': [51.5, -0.1],
};

/** Where regions lie by their names, those of the operator's own table before others. Throws FILE_NOT_FOUND, CONFIG_INVALID. */
export async function placesOfRegions(file: string | undefined): Promise<Readonly<Record<string, Place>>> {
  if (file === undefined) return WORDS;
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new OverlayError('FILE_NOT_FOUND', `cannot read the table of regions ${file}: ${cause.message}`, { file }, { cause });
  });
  const table = parse(text);
  if (table === undefined) throw new OverlayError('CONFIG_INVALID', `${file} is no table of regions: { "region": [latitude, longitude] }`, { file });
  return { ...WORDS, ...table };
}

function parse(text: string): Readonly<Record<string, Place>> | undefined {
  try {
    const table = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return Object.values(table).every(isPlace) ? (table as Readonly<Record<string, Place>>) : undefined;
  } catch {
    return undefined;
  }
}

function isPlace(value: unknown): value is Place {
  return Array.isArray(value) && value.length === 2 && Math.abs(Number(value[0])) <= 90 && Math.abs(Number(value[1])) <= 180;
}
