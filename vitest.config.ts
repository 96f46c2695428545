import { randomInt } from 'node:crypto';
import { env } from 'node:process';
import { defineConfig } from 'vitest/config';

// Workspace packages are tested from their sources, so that no test ever runs against a stale build.
const conditions = ['sluice:source', 'module', 'node', 'development|production'];

// Suites that start real programs (browsers, servers, other proxies): one at a time, and after all others.
const heavy = ['test/e2e/**/*.test.ts', 'test/interop/**/*.test.ts', 'test/peers/**/*.test.ts'];

// Property tests try other values in every run, unless told to repeat one. In the environment, so that all projects and
// workers have the same.
env.SLUICE_TEST_SEED ||= String(randomInt(2 ** 31));
if (!/^-?\d{1,10}$/.test(env.SLUICE_TEST_SEED)) throw new Error('SLUICE_TEST_SEED is to be an integer of 32 bits');

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    setupFiles: ['./scripts/test-watch.mjs', './scripts/test-seed.mjs'],
    reporters: ['default', './scripts/test-summary.mjs'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'docs/examples/*/src/**/*.test.ts',
            'packages/*/src/**/*.test.ts',
            'plugins/*/src/**/*.test.ts',
            'test/**/*.test.ts',
          ],
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
