import '../../../node/polyfill.js';
import { describe, expect, it } from 'vitest';
import { Directory } from '../../../node/network/directory.js';
import { kadIdOfKey, parsePeerId } from '../../../node/network/keyspace.js';
import { listPeers } from '../../../node/network/peers.js';
import { deviceToPeerId } from '../../../protocol/ids.js';
import { seed } from './fixtures.js';

const idOf = (number: number): string => deviceToPeerId(kadIdOfKey(seed(number)));

describe('the list of peers', () => {
  it('has each node once, this one too, by its place in the key space, page after page', () => {
    const peerId = idOf(0);
    const directory = new Directory({
      self: parsePeerId(peerId),
      addresses: () => [],
      onError: () => undefined,
      now: () => 1,
    });
    const known = Array.from({ length: 50 }, (_, number) => idOf(number + 1));
    directory.learn(known.map((id) => ({ id, addresses: ['/ip4/127.0.0.1/tcp/4101'] })));
    const network = { peerId, directory, connections: () => known.slice(0, 3) };

    const all = listPeers(network, { limit: 1_000 });
    expect(all.map((peer) => peer.peerId).sort()).toEqual([peerId, ...known].sort());
    expect(all.map(({ place }) => place)).toEqual(all.map(({ place }) => place).sort((a, b) => a - b));
    expect(all.every(({ place }) => place >= 0 && place < 1)).toBe(true);
    // The first byte of where it lies is the 256th of the whole in which it stands.
    const at = all.find(({ self }) => self);
    expect(Math.floor((at?.place ?? 1) * 256)).toBe(directory.get(peerId)?.kadId[0]);
    expect(
      all
        .filter(({ connected }) => connected)
        .map((peer) => peer.peerId)
        .sort(),
    ).toEqual(known.slice(0, 3).sort());

    const first = listPeers(network, { limit: 20 });
    const second = listPeers(network, { limit: 1_000, after: first.at(-1)?.peerId });
    expect([...first, ...second]).toEqual(all);
  });
});
