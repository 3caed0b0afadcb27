import { describe, expect, it } from 'vitest';
import { LabFault } from './fault.ts';
import { describeOptions, parseOptions, type Options } from './options.ts';

const OPTIONS = {
  nodes: { kind: 'whole', min: 2, max: 100, default: 10, describe: 'ring members' },
  hours: { kind: 'number', min: 0.1, max: 100, default: 1, describe: 'virtual time' },
  loss: { kind: 'fraction', default: 0, describe: 'datagrams lost' },
  topology: { kind: 'text', placeholder: 'plane|sphere', default: 'plane', describe: 'distances' },
  json: { kind: 'file', describe: 'results' },
  direct: { kind: 'switch', describe: 'no joining' },
} as const satisfies Options;

function faultOf(...args: readonly string[]): string {
  try {
    parseOptions(OPTIONS, args);
  } catch (fault) {
    expect(fault).toBeInstanceOf(LabFault);
    expect((fault as LabFault).exitCode).toBe(2);
    return (fault as LabFault).message;
  }
  throw new Error('no fault');
}

describe('options', () => {
  it('have their defaults', () => {
    expect(parseOptions(OPTIONS, []).values).toEqual({ nodes: 10, hours: 1, loss: 0, topology: 'plane', json: undefined, direct: false });
  });

  it('take what is given, and words beside', () => {
    const { values, positionals } = parseOptions(OPTIONS, ['--nodes', '7', 'FILE', '--hours', '2.5', '--loss=.25', '--topology', 'sphere', '--json', 'out', '--direct']);
    expect(values).toEqual({ nodes: 7, hours: 2.5, loss: 0.25, topology: 'sphere', json: 'out', direct: true });
    expect(positionals).toEqual(['FILE']);
  });

  it.each([
    [['--nodes', 'many'], "--nodes: 'many' is not a whole number from 2 to 100"],
    [['--nodes', '101'], "--nodes: '101' is not a whole number from 2 to 100"],
    [['--nodes', '1e1'], "--nodes: '1e1' is not a whole number from 2 to 100"],
    [['--nodes=-5'], "--nodes: '-5' is not a whole number from 2 to 100"],
    [['--hours', '0'], "--hours: '0' is not a number from 0.1 to 100"],
    [['--hours', '1e1'], "--hours: '1e1' is not a number from 0.1 to 100"],
    [['--loss', '1.5'], "--loss: '1.5' is not a number from 0 to 1"],
    [['--json='], '--json: the value is empty'],
    [['--sead', '1'], "Unknown option '--sead'"],
    [['--nodes'], "Option '--nodes <value>' argument missing"],
    [['--direct=yes'], "Option '--direct' does not take an argument"],
  ])('refuse %j with one sentence', (args, sentence) => {
    expect(faultOf(...args)).toBe(sentence);
  });

  it('describe themselves in columns', () => {
    expect(describeOptions(OPTIONS).split('\n')).toContain('  --nodes N                ring members (default 10)');
  });
});
