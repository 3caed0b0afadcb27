import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { loadConfig } from './load-config.ts';
import { configChanges } from './changes.ts';
import { reloadable, secret, settingsOf } from './setting.ts';

const schema = z.object({
  name: z.string().regex(/^[a-z0-9-]+$/, 'must be of a-z, 0-9 and -').describe('Name of the process'),
  leafSetSize: z.number().int().min(8).default(32).describe('Nodes in the leaf set'),
  first: z.boolean().default(false).describe('Starts a ring when nobody is there'),
  seeds: z.array(z.string()).default([]).describe('Where to look'),
  enrolmentToken: secret(z.string().min(4).optional().describe('Proof for auth')),
});

const cwd = mkdtempSync(join(tmpdir(), 'banyan-config-'));
const load = (argv: string[], env: Record<string, string> = {}) => loadConfig(schema, { argv, env, cwd, program: 'node' });

async function run(argv: string[], env: Record<string, string> = {}) {
  const loaded = await load(argv, env);
  if (loaded.type !== 'run') throw new Error(loaded.type);
  return loaded;
}

async function faultsOf(argv: string[], env: Record<string, string> = {}): Promise<string[]> {
  const error = await load(argv, env).catch((caught: unknown) => caught);
  if (!(error instanceof ConfigError)) throw new Error('no fault');
  expect(error).toMatchObject({ reason: 'CONFIG_INVALID', exitCode: 2 });
  return error.faults.map((fault) => `${fault.where}: ${fault.what}`);
}

describe('loadConfig', () => {
  it('takes the flag before the variable before the file before the default', async () => {
    writeFileSync(join(cwd, 'node.yaml'), 'name: from-file\nleafSetSize: 8\nseeds: [a, b]\n');
    const { config } = await run(['--config', 'node.yaml', '--name=from-flag'], { BANYAN_NAME: 'from-variable', BANYAN_LEAF_SET_SIZE: '16' });
    expect(config).toEqual({ name: 'from-flag', leafSetSize: 16, first: false, seeds: ['a', 'b'] });
  });

  it('reads a JSON file named by BANYAN_CONFIG', async () => {
    writeFileSync(join(cwd, 'node.json'), '{"name":"json","first":true}');
    expect((await run([], { BANYAN_CONFIG: 'node.json' })).config).toMatchObject({ name: 'json', first: true });
  });

  it('reads numbers, booleans and lists from text', async () => {
    const { config } = await run(['--name', 'a', '--first', '--seeds', 'x,y', '--seeds', 'z', '--leaf-set-size', '24']);
    expect(config).toMatchObject({ first: true, seeds: ['x', 'y', 'z'], leafSetSize: 24 });
    expect((await run(['--first', 'false', '--name', 'a'])).config.first).toBe(false);
  });

  it('tells every fault of every source in one error', async () => {
    writeFileSync(join(cwd, 'bad.yaml'), 'nmae: x\nfirst: maybe\n');
    const faults = await faultsOf(['--leaf', '3', '--config', 'bad.yaml', '--leaf-set-size', 'many'], { BANYAN_SEED: 'x', BANYAN_NAME: 'Big' });
    expect(faults).toEqual([
      'flag --leaf: is unknown',
      'argument 3: is unknown',
      'variable BANYAN_SEED: is unknown',
      'file bad.yaml: key nmae is unknown',
      'variable BANYAN_NAME: must be of a-z, 0-9 and -',
      expect.stringContaining('flag --leaf-set-size: '),
      expect.stringContaining('file bad.yaml, key first: '),
    ]);
  });

  it('names what is missing and how to give it', async () => {
    expect(await faultsOf([])).toEqual(['setting name: is required: give --name or BANYAN_NAME']);
  });

  it('refuses a flag without its value and a file that is not there', async () => {
    const faults = await faultsOf(['--name', '--config', 'absent.yaml']);
    expect(faults[0]).toBe('flag --name: needs a value');
    expect(faults[1]).toMatch(/^file absent.yaml: cannot be read: ENOENT/);
  });

  it('leaves foreign and process variables alone', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'x', BANYAN_STOP_WITH_STDIN: 'true', BANYAN_RECORD: 'f', BANYAN_NAME: 'a' };
    expect((await run([], env)).config.name).toBe('a');
  });

  it('hides secrets and gives equal configurations equal digests', async () => {
    const one = await run(['--name', 'a', '--enrolment-token', 'hush-hush']);
    expect(one.config.enrolmentToken).toBe('hush-hush');
    expect(one.effective).toEqual({ enrolmentToken: '(hidden)', first: false, leafSetSize: 32, name: 'a', seeds: [] });
    expect((await run([], { BANYAN_NAME: 'a', BANYAN_ENROLMENT_TOKEN: 'other' })).digest).toBe(one.digest);
    expect((await run(['--name', 'b'])).digest).not.toBe(one.digest);
  });

  it('checks without running, and prints a table of settings', async () => {
    expect((await load(['--check-config', '--name', 'a'])).type).toBe('checked');
    const help = await load(['--help', '--nonsense']);
    expect(help).toMatchObject({ type: 'help', text: expect.stringContaining('--leaf-set-size    BANYAN_LEAF_SET_SIZE') });
    expect(help).toMatchObject({ text: expect.stringMatching(/--name +BANYAN_NAME +\(required\) +Name of the process/) });
  });
});

it('tells what of a change a running process can take over, and that without saying secrets', () => {
  const settings = settingsOf(z.object({ level: reloadable(z.string().default('info').describe('How much')), port: z.number().default(1).describe('Where'), seeds: z.array(z.string()).default([]).describe('Whom') }));
  expect(configChanges(settings, { level: 'info', port: 1, seeds: ['a'] }, { level: 'debug', port: 2, seeds: ['a'] })).toEqual({ reloadable: ['level'], fixed: ['port'] });
});
