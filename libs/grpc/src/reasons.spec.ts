import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isReason } from './reasons.ts';

const protos = join(import.meta.dirname, '../../../proto');

it('has every reason that the API names', () => {
  const files = readdirSync(protos, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));
  const named = files.flatMap((name) => [...readFileSync(join(protos, name), 'utf8').replaceAll(/\s*\/\/\s*/g, ' ').matchAll(/Errors: ([A-Z_, ]+)/g)].flatMap(([, list]) => list?.split(/[, ]+/) ?? []));
  const reasons = named.filter((word) => /^[A-Z]+(_[A-Z]+)*$/.test(word) && word.length > 2);
  expect(reasons.length).toBeGreaterThan(30);
  expect(reasons.filter((reason) => !isReason(reason))).toEqual([]);
});
