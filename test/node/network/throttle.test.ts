import { afterAll, expect, test, vi } from 'vitest';
import type * as Limits from '../../../node/network/limits.js';
import { startNetwork, stopAll, until } from './fixtures.js';

const { BURST, RATE } = vi.hoisted(() => ({ BURST: 100, RATE: 200 }));

// The real numbers are far above what a busy test machine can ask for.
vi.mock('../../../node/network/limits.js', async (original) => ({
  ...(await original<typeof Limits>()),
  REQUEST_BURST: BURST,
  REQUESTS_PER_SECOND: RATE,
}));

afterAll(stopAll);

test('who asks too fast is answered no faster than the limit, and is refused nothing', async () => {
  const server = await startNetwork(0);
  server.handle('echo', async (body) => body);
  const client = await startNetwork(1, { bootstrap: server.addresses() });
  await until(() => client.ready, 'the connection');
  const total = BURST + RATE;
  const started = performance.now();
  await Promise.all(Array.from({ length: total }, () => client.request(server.peerId, 'echo', new Uint8Array(10))));
  expect(performance.now() - started).toBeGreaterThan(900);
  expect(server.metrics()).toMatchObject({ requests_in: total, in_flight_in: 0, peers_blocked: 0 });
  expect(server.metrics().throttled).toBeGreaterThan(0);
});
