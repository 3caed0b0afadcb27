// One lint for the whole tree. Who may import whom is read from libs/workspace/import-table.json.
import { readFileSync } from 'node:fs';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const table = JSON.parse(readFileSync(new URL('./libs/workspace/import-table.json', import.meta.url), 'utf8'));
const specs = ['**/*.{spec,sim,e2e,long}.ts', '**/testing/**/*.ts'];
const pure = table.pure.map((room) => `libs/${room}/src/**/*.ts`);
const depConstraints = Object.entries(table.rooms).map(([room, imports]) => ({
  sourceTag: `room:${room}`,
  onlyDependOnLibsWithTags: [`room:${room}`, ...imports.map((other) => `room:${other}`)],
}));

const boundaries = (extra = {}) => ['error', { allow: [], enforceBuildableLibDependency: false, depConstraints, ...extra }];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/out-tsc/**', '**/node_modules/**', '**/src/gen/**', '**/reports/**', '.nx/**', '.banyan/**', '**/*.json'] },
  {
    files: ['libs/*/src/**/*.ts', 'services/*/src/**/*.ts', 'grafana/src/**/*.ts'],
    extends: [tseslint.configs.recommended],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(),
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: 'error',
      'no-restricted-syntax': ['error',
        { selector: 'TSEnumDeclaration', message: 'a union of literals, not an enum' },
        { selector: 'ExportDefaultDeclaration', message: 'named exports only' }],
    },
  },
  {
    // The pure wing: no package, no clock, no chance, no waiting. Its tsconfig also knows no Node and no DOM name.
    files: pure,
    ignores: specs,
    rules: {
      '@nx/enforce-module-boundaries': boundaries({
        depConstraints: depConstraints.map((constraint) => ({ ...constraint, bannedExternalImports: ['*'] })),
      }),
      'no-restricted-globals': ['error', 'Date', 'performance', 'setTimeout', 'setInterval', 'queueMicrotask', 'Promise', 'console'],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'chance comes from the Rng handed in' }],
      'no-restricted-syntax': ['error',
        { selector: 'TSEnumDeclaration', message: 'a union of literals, not an enum' },
        { selector: 'ExportDefaultDeclaration', message: 'named exports only' },
        { selector: ':function[async=true]', message: 'a machine never waits' },
        { selector: 'AwaitExpression', message: 'a machine never waits' }],
    },
  },
  {
    files: specs,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': 'off',
    },
  },
);
