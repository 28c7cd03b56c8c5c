import { afterAll, expect, test } from 'vitest';
import { createNetwork } from '../../../node/network/index.js';
import { seed, startNetwork, stopAll, until } from './fixtures.js';

afterAll(stopAll);

/** How many sockets, servers and timers there are that keep a process alive. */
function alive(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/TCP|UDP|Timeout/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** libp2p itself leaves one timer of a second behind (its address manager's, started by the closing of the listener). */
async function untilNothingIsLeft(before: Record<string, number>): Promise<void> {
  const isLeft = (): boolean => Object.entries(alive()).some(([kind, count]) => count > (before[kind] ?? 0));
  await until(() => !isLeft(), 'the end of all sockets and timers');
}

test('a stop ends requests and look-ups under way, and leaves no socket and no timer', async () => {
  const before = alive();
  const first = await startNetwork(0);
  first.handle('never', () => new Promise(() => undefined));
  const second = await startNetwork(1, { bootstrap: first.addresses(), mdns: true });
  await until(() => second.ready, 'the network');
  expect(alive().TCPSocketWrap).toBeGreaterThan(before.TCPSocketWrap ?? 0);
  const asked = [first, second].map((network) => network.request(first.peerId, 'never', new Uint8Array()));
  const expectations = asked.map((request) => expect(request).rejects.toMatchObject({ code: 'STOPPED' }));
  const lookup = second.lookup(new Uint8Array());
  const started = performance.now();
  await Promise.all([second.stop(), first.stop()]);
  // A request that nobody ends takes ten seconds.
  expect(performance.now() - started).toBeLessThan(9_000);
  await Promise.all(expectations);
  // Cut short: what was known by then.
  expect((await lookup).map(({ id }) => id)).toContain(second.peerId);
  await untilNothingIsLeft(before);
});

test('a start that fails leaves no socket and no timer', async () => {
  const first = await startNetwork(0);
  const before = alive();
  const listen = ['/ip4/127.0.0.1/tcp/0', ...first.addresses().map((address) => address.replace(/\/p2p\/.*/, ''))];
  const second = createNetwork({ privateKeySeed: seed(1), network: 'test', listen, bootstrap: first.addresses() });
  await expect(second.start()).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  await untilNothingIsLeft(before);
});
