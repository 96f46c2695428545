import { defineConfig } from 'vitest/config';

// Workspace packages are tested from their sources, so that no test ever runs against a stale build.
const conditions = ['sluice:source', 'module', 'node', 'development|production'];

// Suites that start real programs (browsers, servers, other proxies): one at a time, and after all others.
const heavy = ['test/e2e/**/*.test.ts', 'test/interop/**/*.test.ts', 'test/peers/**/*.test.ts'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './scripts/test-summary.mjs'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'plugins/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: heavy,
          testTimeout: 20_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'interop',
          include: heavy,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
