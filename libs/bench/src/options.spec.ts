import { describe, expect, it } from 'vitest';
import { describeOptions, parseOptions, UsageFault } from './options.ts';

const options = {
  nodes: { kind: 'number', describe: 'node processes', default: 16, min: 2 },
  peers: { kind: 'list', describe: 'systems beside ours', default: ['tcp'], choices: ['nats', 'tcp'] },
  delivery: { kind: 'choice', describe: 'what the group promises', default: 'reliable', choices: ['best-effort', 'reliable'] },
} as const;

describe('the options of a suite', () => {
  it('have defaults', () => {
    expect(parseOptions(options, [])).toEqual({ values: { nodes: 16, peers: ['tcp'], delivery: 'reliable' }, jsonFile: undefined, asksHelp: false });
  });

  it('are read, with the file for the results', () => {
    const { values, jsonFile } = parseOptions(options, ['--nodes', '4', '--delivery', 'best-effort', '--json', 'out.json']);
    expect(values).toEqual({ nodes: 4, peers: ['tcp'], delivery: 'best-effort' });
    expect(jsonFile).toBe('out.json');
  });

  it.each([
    ['nats,tcp', ['nats', 'tcp']],
    ['none', []],
  ])('take several words: %s', (text, words) => {
    expect(parseOptions(options, ['--peers', text]).values.peers).toEqual(words);
  });

  it.each([
    [['--peers', 'nats,kafka'], "--peers: 'kafka' is none of nats, tcp"],
    [['--nodes', '1'], "--nodes: '1' is not a whole number from 2 on"],
    [['--nodes', '2.5'], "--nodes: '2.5' is not a whole number"],
    [['--delivery', 'maybe'], "--delivery: 'maybe' is none of best-effort, reliable"],
    [['--speed', '9'], '--speed'],
    [['word'], 'word'],
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions(options, args)).toThrow(UsageFault);
    expect(() => parseOptions(options, args)).toThrow(message);
  });

  it('stand in the help with what they are by default', () => {
    expect(describeOptions(options)).toMatch(/--delivery best-effort\|reliable\s+what the group promises \(default reliable\)/);
  });
});
