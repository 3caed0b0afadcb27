import { basename, dirname } from 'node:path';
import type { ViteUserConfig } from 'vitest/config';

// Sources, not builds: an edit shows in the next run. `module` is left out on purpose (it picks bundler-only ESM).
const conditions = ['@banyan/source', 'node'];

/** The vitest configuration of one room; `directory` is the room's root. */
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
      testTimeout: 60_000,
      reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
    },
  };
}
