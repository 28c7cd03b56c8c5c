import { describe, expect, it } from 'vitest';
import { REGION_LIFETIME, SMALL_NETWORK_LIFETIME, Sweep } from '../../../node/index/sweep.js';
import { LOOKUP_SIZE, type PeerRef } from '../../../node/network/index.js';
import { sha256 } from '../../../protocol/hash.js';
import { compareDistance } from '../../../protocol/keyspace.js';
import { COPIES, placeOf, type KeyPlace } from '../../../protocol/search/posting-keys.js';

function peer(number: number): PeerRef {
  const id = `peer-${number}`;
  return { id, kadId: sha256(new TextEncoder().encode(id)), addresses: [], lastSeen: 1, self: false };
}

function nearest(peers: readonly PeerRef[], kadId: Uint8Array, count: number): PeerRef[] {
  return [...peers].sort((a, b) => compareDistance(a.kadId, b.kadId, kadId)).slice(0, count);
}

/** A network whose look-ups are right, as kad-dht's are in a network that stands still. */
function simulate(size: number) {
  const peers = Array.from({ length: size }, (_, number) => peer(number));
  const state = { peers, now: 1_000_000, lookups: 0 };
  const sweep = new Sweep({
    lookup: (preimage) => {
      state.lookups++;
      return Promise.resolve(nearest(state.peers, sha256(preimage), LOOKUP_SIZE));
    },
    now: () => state.now,
  });
  return { state, sweep };
}

const places = (count: number): KeyPlace[] =>
  Array.from({ length: count }, (_, number) => placeOf('main', `term:${number}`, number % 2));

const ids = (found: readonly PeerRef[][]): string[][] => found.map((list) => list.map(({ id }) => id));

describe('a sweep', () => {
  it.each([1, 4, 19, 20, 21, 60, 200])('finds exactly the nearest nodes of every key among %i nodes', async (size) => {
    const { state, sweep } = simulate(size);
    for (const wanted of [places(400), places(1), places(3), places(400)]) {
      const expected = wanted.map(({ kadId }) => nearest(state.peers, kadId, COPIES));
      expect(ids(await sweep.closest(wanted))).toEqual(ids(expected));
    }
  });

  it('costs far fewer look-ups than keys, and one for a single key', async () => {
    const { state, sweep } = simulate(200);
    await sweep.closest(places(2_000));
    expect(state.lookups).toBeLessThan(200);
    const single = simulate(200);
    await single.sweep.closest(places(1));
    expect(single.state.lookups).toBe(1);
  });

  it('sees within seconds who joined a small network', async () => {
    const { state, sweep } = simulate(1);
    expect(ids(await sweep.closest(places(1)))).toEqual([['peer-0']]);
    state.peers.push(peer(1));
    state.now += SMALL_NETWORK_LIFETIME;
    const [found = []] = ids(await sweep.closest(places(1)));
    expect(found.toSorted()).toEqual(['peer-0', 'peer-1']);
  });

  it('keeps what it knows of a large one, until it forgets', async () => {
    const { state, sweep } = simulate(200);
    await sweep.closest(places(2_000));
    const before = state.lookups;
    state.now += REGION_LIFETIME - 1;
    await sweep.closest(places(2_000));
    expect(state.lookups - before).toBeLessThan(before / 4);
    sweep.forget();
    const again = state.lookups;
    await sweep.closest(places(2_000));
    expect(state.lookups - again).toBe(before);
  });
});
