import { defineConfig } from 'vitest/config';

/** The page in a real browser: npm run test:page. Apart from npm test, for it needs Chromium. */
export default defineConfig({
  test: {
    include: ['test/page/**/*.page.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // One browser at a time fills two cores together with the nodes.
    maxWorkers: 1,
    fileParallelism: false,
  },
});
