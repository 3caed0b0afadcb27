import { execFileSync } from 'node:child_process';
import { Argument, Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { completionScript } from './shells.ts';
import { completionNodes } from './words.ts';

function sample(): Command {
  const create = new Command('create').description('make a group; it is kept').argument('<name>').addOption(new Option('--delivery <class>').choices(['ordered', 'reliable'])).option('--file <file>', "the group's file");
  const check = new Command('check').addArgument(new Argument('[what]').choices(['ring', 'nodes']));
  return new Command('banyan').addCommand(new Command('group').addCommand(create)).addCommand(check).addCommand(new Command('errors').argument('[reason]'));
}

describe('completion', () => {
  const nodes = completionNodes(sample(), ['NO_QUORUM', 'NO_APPLICATION', 'GAP']);

  it.each([
    [['gr'], 'group'],
    [['group', 'c'], 'create'],
    [['group', 'create', '--d'], '--delivery'],
    [['group', 'create', 'x', '--delivery', 'o'], 'ordered'],
    [['errors', 'NO_'], 'NO_QUORUM NO_APPLICATION'],
    [['check', ''], 'ring nodes'],
    [['group', 'create', 'anything'], ''],
  ])('of bash completes %j', (words, found) => {
    const line = ['banyan', ...words].map((word) => `'${word}'`).join(' ');
    const script = `${completionScript('bash', nodes)}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _banyan; echo "\${COMPREPLY[*]}"`;
    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim()).toBe(found);
  });

  it('names every command and option to the other shells', () => {
    for (const shell of ['zsh', 'fish'] as const) {
      const script = completionScript(shell, nodes);
      for (const word of ['group', 'create', 'delivery', 'ordered reliable', 'NO_QUORUM']) expect(script).toContain(word);
    }
  });
});
