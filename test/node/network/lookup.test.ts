import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { compareDistance } from '../../../protocol/keyspace.js';
import { kadIdOfKey, type Network } from '../../../node/network/index.js';
import { kadIdOfPeer, parsePeerId } from '../../../node/network/keyspace.js';
import { PATIENCE } from '../../support/patience.js';
import { startNetwork, stopAll, text, until } from './fixtures.js';

const NODES = 8;
let nodes: Network[] = [];

beforeAll(async () => {
  const first = await startNetwork(0);
  const others = Array.from({ length: NODES - 1 }, (_, number) =>
    startNetwork(number + 1, { bootstrap: first.addresses() }),
  );
  nodes = [first, ...(await Promise.all(others))];
  await until(() => nodes.every(({ ready, directory }) => ready && directory.size === NODES - 1), 'the network');
});
afterAll(stopAll);

function byDistance(peers: readonly Network[], key: Uint8Array): string[] {
  const target = kadIdOfKey(key);
  return peers
    .map(({ peerId }) => ({ peerId, kadId: kadIdOfPeer(parsePeerId(peerId)) }))
    .sort((a, b) => compareDistance(a.kadId, b.kadId, target))
    .map(({ peerId }) => peerId);
}

/** A look-up that gives just these. Whoever does not answer in time is left out, which may happen on a machine that stands still. */
const whole = (node: Network | undefined, key: Uint8Array, expected: readonly string[], options = {}) =>
  vi.waitFor(async () => {
    const refs = await node?.lookup(key, options);
    expect(refs?.map(({ id }) => id)).toEqual(expected);
    return refs;
  }, PATIENCE);

describe('a look-up', () => {
  test('gives everybody in the order of the distance, at each node and for each key', async () => {
    for (let number = 0; number < NODES; number++) {
      const key = text(`key ${number}`);
      const refs = await whole(nodes[number % NODES], key, byDistance(nodes, key));
      expect(refs?.filter(({ self }) => self).map(({ id }) => id)).toEqual([nodes[number % NODES]?.peerId]);
      for (const { addresses } of refs ?? []) expect(addresses.length).toBeGreaterThan(0);
    }
  });

  test('agrees with the directory, once that is warm', () => {
    for (const [number, node] of nodes.entries()) {
      const key = text(`key ${number}`);
      expect(node.directory.closest(kadIdOfKey(key), 20).map(({ id }) => id)).toEqual(byDistance(nodes, key));
    }
  });

  test('that runs out of time gives what is known', async () => {
    const key = text('hurry');
    expect((await nodes[1]?.lookup(key, { timeout: 1 }))?.map(({ id }) => id)).toEqual(byDistance(nodes, key));
  });

  test('for which a recent one will do gives the same, and what is known to who cannot wait', async () => {
    const [, node] = nodes;
    const key = text('the same place');
    for (let time = 0; time < 2; time++) await whole(node, key, byDistance(nodes, key), { maxAge: 5_000 });
    const hurried = await node?.lookup(text('hurry, both'), { maxAge: 60_000, timeout: 1 });
    expect(hurried?.map(({ id }) => id)).toEqual(byDistance(nodes, text('hurry, both')));
  });

  test('does not give who has gone', async () => {
    const gone = nodes.slice(5);
    await Promise.all(gone.map((node) => node.stop()));
    for (const [number, node] of nodes.slice(0, 5).entries()) {
      const key = text(`later ${number}`);
      await whole(node, key, byDistance(nodes.slice(0, 5), key));
    }
  });
});

test('a network of one finds itself, at once', async () => {
  const alone = await startNetwork(50);
  expect(alone.ready).toBe(true);
  const started = performance.now();
  expect(await alone.lookup(text('key'))).toMatchObject([
    { id: alone.peerId, self: true, addresses: alone.addresses() },
  ]);
  // One that waits for somebody takes longer; a machine may stand still for some seconds.
  expect(performance.now() - started).toBeLessThan(9_000);
});
