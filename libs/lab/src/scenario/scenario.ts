import { id, type Id } from '@banyan/ids';
import { LabFault } from '../cli/fault.ts';

/** What a scenario does, one line each, in order. Nodes are named by the first digits of their ids. */
export type Action =
  | { readonly type: 'route'; readonly node: string; readonly key: Id }
  | { readonly type: 'join'; readonly node: string; readonly through: string }
  | { readonly type: 'crash'; readonly node: string }
  | { readonly type: 'leave'; readonly node: string }
  | { readonly type: 'cut'; readonly from: string; readonly to: string }
  | { readonly type: 'heal' }
  | { readonly type: 'wait'; readonly forMs: number };

/** A golden scenario: a small ring, what is done to it, and every line that is expected to come of it. */
export interface Scenario {
  /** The text up to the line of dashes, kept as it is when the expectation is rewritten. */
  readonly preamble: string;
  /** Nodes that have joined before the first action, in this order. */
  readonly nodes: readonly string[];
  readonly leafSet: number;
  /** Kinds of lines that are shown; everything else happens unseen. */
  readonly shown: ReadonlySet<string>;
  readonly actions: readonly Action[];
  readonly expected: string;
}

const RULE = '----';
const DEFAULT_SHOWN = ['envelope', 'deliver', 'ready', 'unready'];

/**
 * Reads a scenario: comments (#), one `nodes 10 3f 7a | leaf-set 4 | show envelope deliver` line, actions, a line of
 * four dashes, the expected lines. A fault names the line.
 */
export function parseScenario(text: string): Scenario {
  const [preamble = '', expected = ''] = splitAtRule(text);
  let settings: Pick<Scenario, 'nodes' | 'leafSet' | 'shown'> | undefined;
  const actions: Action[] = [];
  preamble.split('\n').forEach((raw, index) => {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') return;
    if (settings === undefined) settings = parseSettings(line, index + 1);
    else actions.push(parseAction(line, index + 1));
  });
  if (settings === undefined) throw new LabFault('a scenario begins with a line of nodes');
  return { preamble, ...settings, actions, expected };
}

/** The scenario's file with this expectation. */
export function formatScenario({ preamble }: Scenario, expected: string): string {
  return `${preamble}${RULE}\n${expected}`;
}

/** The id that a short name stands for: its digits, then zeros. */
export function idOfName(name: string): Id {
  return id(name.padEnd(32, '0'));
}

function splitAtRule(text: string): readonly string[] {
  const at = text.search(new RegExp(`^${RULE}$`, 'm'));
  return at === -1 ? [text.endsWith('\n') ? text : `${text}\n`, ''] : [text.slice(0, at), text.slice(at + RULE.length + 1)];
}

function parseSettings(line: string, number: number): Pick<Scenario, 'nodes' | 'leafSet' | 'shown'> {
  let nodes: readonly string[] = [];
  let leafSet = 8;
  let shown: readonly string[] = DEFAULT_SHOWN;
  for (const part of line.split('|')) {
    const [word, ...rest] = part.trim().split(/\s+/);
    if (word === 'nodes') nodes = rest.map((name) => requireName(name, number));
    else if (word === 'leaf-set') leafSet = Number(rest[0]);
    else if (word === 'show') shown = rest;
    else throw new LabFault(`line ${number}: '${word ?? ''}' is none of nodes, leaf-set, show`);
  }
  if (nodes.length === 0 || !Number.isInteger(leafSet) || leafSet < 2) throw new LabFault(`line ${number}: nodes and an even leaf-set are needed`);
  return { nodes, leafSet, shown: new Set(shown) };
}

function parseAction(line: string, number: number): Action {
  const [verb, first = '', second = '', third = ''] = line.split(/\s+/);
  const name = (word: string): string => requireName(word, number);
  switch (verb) {
    case 'route':
      return { type: 'route', node: name(first), key: idOfName(name(second.replace(/^key=/, ''))) };
    case 'join':
      if (second !== 'via') throw new LabFault(`line ${number}: join NODE via NODE`);
      return { type: 'join', node: name(first), through: name(third) };
    case 'crash':
    case 'leave':
      return { type: verb, node: name(first) };
    case 'cut':
      return { type: 'cut', from: name(first), to: name(second) };
    case 'heal':
      return { type: 'heal' };
    case 'wait':
      if (!/^\d+$/.test(first) || second !== 'ms') throw new LabFault(`line ${number}: wait N ms`);
      return { type: 'wait', forMs: Number(first) };
    default:
      throw new LabFault(`line ${number}: '${verb ?? ''}' is none of route, join, crash, leave, cut, heal, wait`);
  }
}

function requireName(word: string, number: number): string {
  if (/^[0-9a-f]{1,32}$/.test(word)) return word;
  throw new LabFault(`line ${number}: '${word}' is no name of a node or key (hex digits)`);
}
