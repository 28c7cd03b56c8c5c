import { defineConfig } from 'vitest/config';

/** Nothing of a node but its types: no disk, no network, and SHA-256 as a browser has it (protocol/hash.ts). */
const PROTOCOL = ['test/protocol/**/*.test.ts', 'test/model/**/*.test.ts'];
/** Many nodes at once; tests that count the sockets and timers of their process; `vi.mock`, which stays until a process ends. */
const NETWORK = ['test/network/**/*.test.ts', 'test/node/network/**/*.test.ts'];

const patience = { testTimeout: 60_000, hookTimeout: 60_000 };
const inputs = 'test/support/random-inputs.ts';
/** Most files take less time than the start of a process and what they import, so they share both: one process a worker. */
const shared = { ...patience, isolate: false, setupFiles: [inputs, 'test/support/shared-process.ts'] };

export default defineConfig({
  test: {
    // In this order, by name: those that take longest begin, and small ones fill the end.
    projects: [
      { test: { name: 'network', include: NETWORK, ...patience, setupFiles: [inputs] } },
      { test: { name: 'node', include: ['test/**/*.test.ts'], exclude: [...NETWORK, ...PROTOCOL], ...shared } },
      { test: { name: 'protocol', include: PROTOCOL, ...shared } },
    ],
    // Tests that start processes run dist/; NIAGA_SKIP_BUILD=1 leaves it as it is.
    globalSetup: ['test/support/build.ts'],
    // Of three files that run, one waits for the network or the disk at any time: so many fill two cores.
    maxWorkers: 3,
    coverage: {
      provider: 'v8',
      include: ['protocol/**', 'node/**', 'cli/**'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
