import { basename, dirname } from 'node:path';
import type { ViteUserConfig } from 'vitest/config';

// Sources, not builds: an edit shows in the next run. `module` is left out on purpose (it picks bundler-only ESM).
const conditions = ['@banyan/source', 'node'];

/** The vitest configuration of one room's unit tests (`*.spec.ts`); `directory` is the room's root. */
export function shared(directory: string): ViteUserConfig {
  return {
    root: directory,
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name: `${basename(dirname(directory))}/${basename(directory)}`,
      include: ['src/**/*.spec.ts'],
      passWithNoTests: true,
      pool: 'threads',
      isolate: false,
      maxWorkers: 2,
      // Transformed sources are kept by their content: a quarter of the CPU of a second run.
      experimental: { fsModuleCache: true },
      testTimeout: 60_000,
      reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
    },
  };
}

/** The same for whole systems in virtual time (`*.sim.ts`): quick for what they do, too slow for the loop of edit and test. */
export function simulated(directory: string): ViteUserConfig {
  const config = shared(directory);
  return {
    ...config,
    test: {
      ...config.test,
      include: ['src/**/*.sim.ts'],
      testTimeout: 300_000,
      reporters: ['default', ['json', { outputFile: 'reports/vitest-sim.json' }]],
    },
  };
}

/**
 * The same for tests that start real processes (`*.e2e.ts`) or are long by nature (`*.long.ts`), or that are to show what only
 * hours would (`*.soak.ts`): one at a time.
 */
export function slow(directory: string, kind: 'e2e' | 'long' | 'soak'): ViteUserConfig {
  const config = shared(directory);
  return {
    ...config,
    test: {
      ...config.test,
      include: [`src/**/*.${kind}.ts`],
      pool: 'forks',
      isolate: true,
      fileParallelism: false,
      testTimeout: kind === 'soak' ? 7_200_000 : 600_000,
      hookTimeout: 300_000,
      reporters: ['default', ['json', { outputFile: `reports/vitest-${kind}.json` }]],
    },
  };
}
