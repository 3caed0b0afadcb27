import { readFileSync } from 'node:fs';
import type { Millis } from '@banyan/sansio';
import { LabFault } from './cli/fault.ts';
import { reasonOf } from './report/result-file.ts';
import type { Population, Stay } from './simulation/population.ts';

/** Reads an availability trace in AVT form and stretches its time: a second of the trace lasts `timeScale` virtual seconds. */
export function readTrace(path: string, timeScale: number): Population {
  return parseTrace(textOf(path), path, timeScale);
}

/**
 * AVT: a line each node, `id<TAB>n<TAB>start end start end …`: n stays in seconds, ascending, of which none begins before
 * the one before it ended. Blank lines and lines starting with # are left out. Time 0 is the earliest start.
 */
export function parseTrace(text: string, path: string, timeScale: number): Population {
  const nodes = text.split('\n').flatMap((line, index) => (line.trim() === '' || line.startsWith('#') ? [] : [parseNode(line, `${path} is no availability trace: line ${index + 1}`)]));
  const known = new Set<string>();
  for (const { name } of nodes) {
    if (known.has(name)) throw new LabFault(`${path} is no availability trace: node ${name} has two lines`);
    known.add(name);
  }
  const present = nodes.filter(({ spans }) => spans.length > 0);
  if (present.length === 0) throw new LabFault(`${path} is no availability trace: nobody is ever there`);
  const startS = present.reduce((earliest, { spans }) => Math.min(earliest, spans[0]?.[0] ?? Infinity), Infinity);
  const toMs = (seconds: number): Millis => (seconds - startS) * 1_000 * timeScale;
  // Those present at time 0 come first: the population numbers them from 0.
  const ordered = present.sort((a, b) => (a.spans[0]?.[0] ?? 0) - (b.spans[0]?.[0] ?? 0));
  const stays = ordered.flatMap(({ spans }, host) => spans.map(([from, until]): Stay => ({ host, from: toMs(from), until: toMs(until) })));
  return { hosts: ordered.length, present: stays.filter(({ from }) => from === 0).length, stays: stays.sort((a, b) => a.from - b.from) };
}

interface TracedNode {
  readonly name: string;
  readonly spans: readonly (readonly [number, number])[];
}

function parseNode(line: string, where: string): TracedNode {
  const [name = '', count = '', ...numbers] = line.trim().split(/[\t ]+/);
  if (!/^\d+$/.test(count)) throw new LabFault(`${where} has no number of stays after the name of its node`);
  if (numbers.length !== 2 * Number(count)) throw new LabFault(`${where} says ${count} stays and gives ${numbers.length} times`);
  const spans: (readonly [number, number])[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    const [from, until] = [Number(numbers[i]), Number(numbers[i + 1])];
    if (!(from >= 0) || !(until > from) || !Number.isFinite(until)) throw new LabFault(`${where}: from ${numbers[i]} to ${numbers[i + 1]} is no stay`);
    const before = spans.at(-1);
    if (before !== undefined && from < before[1]) throw new LabFault(`${where}: the stay from ${from} begins before the one before it ended`);
    // Two that touch are one: nobody saw the node leave.
    if (before?.[1] === from) spans[spans.length - 1] = [before[0], until];
    else spans.push([from, until]);
  }
  return { name, spans };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LabFault(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}
