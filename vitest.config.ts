import { defineConfig } from 'vitest/config';

// Workspace packages are tested from their sources, so that no test ever runs against a stale build.
const conditions = ['sluice:source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'plugins/*/src/**/*.test.ts', 'test/**/*.test.ts'],
  },
});
