import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { findCircle, formatImportTable, readImportTable } from './import-table.ts';
import { workspaceRoot } from './workspace-root.ts';

const table = readImportTable();
const rooms = globSync('{libs/*,services/*,grafana}/package.json', { cwd: workspaceRoot }).map(dirname);

describe('the import table', () => {
  it('names every room that exists, and only those', () => {
    expect(Object.keys(table.rooms).sort()).toEqual(rooms.map((room) => basename(room)).sort());
  });

  it('has no circle', () => {
    expect(findCircle(table)).toBeUndefined();
    expect(findCircle({ rooms: { a: ['b'], b: ['c'], c: ['a'] }, pure: [] })).toEqual(['a', 'b', 'c', 'a']);
  });

  it('lets pure rooms import pure rooms only', () => {
    for (const room of table.pure) for (const other of table.rooms[room] ?? []) expect(table.pure, `${room} → ${other}`).toContain(other);
  });

  it.each(rooms)('agrees with the dependencies of %s', (room) => {
    const manifest = JSON.parse(readFileSync(join(workspaceRoot, room, 'package.json'), 'utf8')) as { readonly dependencies?: Record<string, string> };
    const names = Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith('@banyan/')).map((name) => name.slice('@banyan/'.length));
    const allowed = table.rooms[basename(room)] ?? [];
    expect(names.filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it('is shown in the README of libs', () => {
    expect(readFileSync(join(workspaceRoot, 'libs/README.md'), 'utf8')).toContain(formatImportTable(table));
  });
});

describe('the lint', () => {
  const eslint = new ESLint({ cwd: workspaceRoot });
  const faults = async (file: string, text: string): Promise<readonly string[]> => {
    const [result] = await eslint.lintText(text, { filePath: join(workspaceRoot, file) });
    return (result?.messages ?? []).map((message) => message.ruleId ?? message.message);
  };

  it.each([
    ['a room that is not in its row', 'libs/ids/src/ring.ts', `import { nextHop } from '@banyan/pastry';\nexport const x = nextHop;\n`, '@nx/enforce-module-boundaries'],
    ['a file of another room', 'libs/ids/src/ring.ts', `import { assert } from '../../sansio/src/assert.ts';\nexport const x = assert;\n`, '@nx/enforce-module-boundaries'],
    ['a package, in the pure wing', 'libs/ids/src/ring.ts', `import { z } from 'zod';\nexport const x = z;\n`, '@nx/enforce-module-boundaries'],
    ['the clock, in the pure wing', 'libs/ids/src/ring.ts', `export const x = (): number => Date.now();\n`, 'no-restricted-globals'],
    ['chance, in the pure wing', 'libs/ids/src/ring.ts', `export const x = (): number => Math.random();\n`, 'no-restricted-properties'],
    ['waiting, in the pure wing', 'libs/ids/src/ring.ts', `export const x = async (): Promise<void> => {};\n`, 'no-restricted-syntax'],
  ])('refuses %s', async (_what, file, text, rule) => {
    expect(await faults(file, text)).toContain(rule);
  });

  it('accepts what the table allows', async () => {
    expect(await faults('libs/ids/src/ring.ts', `import { assert } from '@banyan/sansio';\nexport const x = assert;\n`)).toEqual([]);
  });
});

describe('the compiler of the pure wing', () => {
  it.each(['process.pid', 'Buffer.alloc(1)', 'document.title', 'setTimeout(() => {}, 1)', 'fetch("")'])('knows no %s', (expression) => {
    const path = join(workspaceRoot, 'libs/ids/src/probe.ts');
    const { config } = ts.readConfigFile(join(workspaceRoot, 'tsconfig.pure.json'), ts.sys.readFile) as { readonly config: { readonly compilerOptions: object } };
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, workspaceRoot);
    const host = ts.createCompilerHost(options);
    const readSource = host.getSourceFile.bind(host);
    host.getSourceFile = (file, version) => (file === path ? ts.createSourceFile(file, `export const x: unknown = ${expression};`, version) : readSource(file, version));
    const program = ts.createProgram([path], { ...options, noEmit: true }, host);
    expect(program.getSemanticDiagnostics().map((fault) => fault.code)).not.toEqual([]);
  });

  it('is used by every pure room', () => {
    for (const room of table.pure) {
      const config = readFileSync(join(workspaceRoot, 'libs', room, 'tsconfig.lib.json'), 'utf8');
      expect(config, room).toContain('../../tsconfig.pure.json');
      expect(config, room).not.toContain('"types"');
    }
  });
});

describe('the top level', () => {
  it('holds the rooms and what tools insist on, nothing else', () => {
    const allowed = ['LICENSE', 'README.md', 'deploy', 'eslint.config.js', 'grafana', 'libs', 'nx.json', 'package-lock.json', 'package.json', 'proto', 'services', 'tsconfig.base.json', 'tsconfig.json', 'tsconfig.pure.json', 'vitest.shared.ts'];
    const made = ['node_modules', 'reports'];
    const names = globSync('*', { cwd: workspaceRoot }).filter((name) => !made.includes(name));
    expect(names.filter((name) => !allowed.includes(name))).toEqual([]);
    for (const name of ['LICENSE', 'README.md', 'libs/README.md']) expect(existsSync(join(workspaceRoot, name)), name).toBe(true);
  });
});
