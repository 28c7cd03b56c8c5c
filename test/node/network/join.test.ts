import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { afterEach, expect, test, vi } from 'vitest';
import { Joiner } from '../../../node/network/join.js';

afterEach(() => void vi.useRealTimers());

test('a node whose look-ups fail tries again ever more rarely', async () => {
  const peerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519'));
  vi.useFakeTimers();
  const stopping = new AbortController();
  const lookup = vi.fn(() => Promise.reject(new Error('too busy')));
  const joiner = new Joiner({
    node: { peerId, getPeers: () => [], getConnections: () => [], getMultiaddrs: () => [] } as never,
    dialer: {} as never,
    directory: {} as never,
    bootstrap: [],
    members: () => 1,
    lookup,
    tableSize: () => 1,
    offerToTable: () => undefined,
    untilCalm: () => Promise.resolve(),
    onReady: () => undefined,
    logger: undefined,
    signal: stopping.signal,
  });
  joiner.start();
  await vi.advanceTimersByTimeAsync(60_000);
  // At once, and after 1, 3, 7, 15 and 31 s.
  expect(lookup).toHaveBeenCalledTimes(6);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(lookup.mock.calls.length).toBeLessThanOrEqual(17);
  stopping.abort();
  await vi.advanceTimersByTimeAsync(1);
  await joiner.stopped();
});
