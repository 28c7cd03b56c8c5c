import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Tests that start processes run dist/; NIAGA_SKIP_BUILD=1 leaves it as it is.
    globalSetup: ['test/support/build.ts'],
    setupFiles: ['test/support/random-inputs.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real nodes and real disks: two workers fill two cores, more only add time-outs.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['protocol/**', 'node/**', 'cli/**'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
