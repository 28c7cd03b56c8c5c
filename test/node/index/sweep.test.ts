import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REGION_LIFETIME } from '../../../node/index/regions.js';
import { responsible } from '../../../node/index/responsible.js';
import { Sweep } from '../../../node/index/sweep.js';
import { LOOKUP_SIZE, type PeerRef } from '../../../node/network/index.js';
import { hex } from '../../../node/bytes.js';
import { sha256 } from '../../../protocol/hash.js';
import { commonPrefixLength } from '../../../protocol/keyspace.js';
import { COPIES, type KeyPlace } from '../../../protocol/search/posting-keys.js';
import { inHalf, nearest, peers, places } from './key-space.js';

/** A network whose look-ups are right, as kad-dht's are in a network that stands still. */
function simulate(all: PeerRef[]) {
  const state = {
    peers: all,
    now: 1_000_000,
    lookups: 0,
    running: 0,
    /** Look-ups that ran side by side. */
    most: 0,
    /** Places whose look-up ends only when it is given up, or fails. */
    hang: '',
    fails: '',
  };
  const sweep = new Sweep({
    lookup: async (preimage, signal) => {
      const kadId = sha256(preimage);
      state.lookups++;
      state.most = Math.max(state.most, ++state.running);
      const hangs = state.hang === hex(kadId);
      await (hangs ? new Promise((resolve) => signal?.addEventListener('abort', resolve)) : undefined);
      await Promise.resolve();
      state.running--;
      if (state.fails === hex(kadId)) throw new Error('no look-up now');
      return nearest(state.peers, kadId, LOOKUP_SIZE);
    },
    now: () => state.now,
  });
  return { state, sweep };
}

/** The nodes that are responsible for each place. */
async function closest(sweep: Sweep, wanted: readonly KeyPlace[]): Promise<PeerRef[][]> {
  const regions = await sweep.regions(wanted);
  return wanted.map(({ kadId }, at) => responsible(regions[at]?.peers ?? [], kadId));
}

const near = (a: KeyPlace, b: KeyPlace, bits: number): boolean => commonPrefixLength(a.kadId, b.kadId) >= bits;

const ids = (found: readonly PeerRef[][]): string[][] => found.map((list) => list.map(({ id }) => id));

describe('a sweep', () => {
  it.each([1, 4, 19, 20, 21, 60, 200])('finds exactly the nearest nodes of every key among %i nodes', async (size) => {
    const { state, sweep } = simulate(peers(size));
    for (const wanted of [places(400), places(1), places(3), places(400)]) {
      const expected = wanted.map(({ kadId }) => nearest(state.peers, kadId, COPIES));
      expect(ids(await closest(sweep, wanted))).toEqual(ids(expected));
    }
  });

  it('costs far fewer look-ups than keys, and one for a single key', async () => {
    const { state, sweep } = simulate(peers(200));
    await closest(sweep, places(2_000));
    expect(state.lookups).toBeLessThan(200);
    const single = simulate(peers(200));
    await closest(single.sweep, places(1));
    expect(single.state.lookups).toBe(1);
  });

  it.each([
    [0, 20],
    [1, 20],
    [3, 20],
    [4, 21],
    [4, 24],
    [1, 40],
  ])('looks no place up for itself where a half of the key space has %i of %i nodes', async (few, size) => {
    const of = (half: 0 | 1): PeerRef[] => inHalf(half, 4 * size + 40);
    const { state, sweep } = simulate([...of(0).slice(0, few), ...of(1).slice(0, size - few)]);
    const wanted = places(2_000);
    for (const some of [wanted.slice(0, 40), wanted]) {
      const expected = some.map(({ kadId }) => nearest(state.peers, kadId, COPIES));
      expect(ids(await closest(sweep, some))).toEqual(ids(expected));
    }
    expect(state.lookups).toBeLessThan(20);
    // Nor once its time is over, or somebody there is gone.
    const gone = (): void => sweep.forget(state.peers.pop()?.id);
    for (const change of [() => (state.now += REGION_LIFETIME), () => sweep.forget(state.peers[0]?.id), gone, gone]) {
      state.lookups = 0;
      change();
      const expected = wanted.map(({ kadId }) => nearest(state.peers, kadId, COPIES));
      expect(ids(await closest(sweep, wanted))).toEqual(ids(expected));
      expect(state.lookups).toBeLessThan(20);
    }
  });

  it('finds the nearest nodes of every key with few look-ups, wherever the nodes are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 20, max: 90 }),
        fc.string(),
        fc.integer({ min: 1, max: 300 }),
        async (size, salt, step) => {
          const { state, sweep } = simulate(peers(size, `${salt}-`));
          const wanted = places(300);
          for (let at = 0; at < wanted.length; at += step) {
            const some = wanted.slice(at, at + step);
            const expected = some.map(({ kadId }) => nearest(state.peers, kadId, COPIES));
            expect(ids(await closest(sweep, some))).toEqual(ids(expected));
          }
          expect(state.lookups).toBeLessThan(size);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('looks at each place a few times, however many are asked for one after the other', async () => {
    const { sweep } = simulate(peers(10));
    let looks = 0;
    const counted = places(2_000).map(({ kadId, preimage }): KeyPlace => ({
      preimage,
      get kadId() {
        looks++;
        return kadId;
      },
    }));
    await Promise.all(counted.map((place) => sweep.regions([place])));
    expect(looks).toBeLessThan(20 * counted.length);
  });

  it('looks nothing up that is only to be split: one look-up for nine nodes or more, three at once', async () => {
    const { state, sweep } = simulate(peers(1_000));
    const wanted = places(2_000);
    const found = await closest(sweep, wanted);
    expect(state.lookups).toBeLessThan(1_000 / 9);
    expect(state.most).toBe(3);
    for (const at of [0, 500, 1_000, 1_999])
      expect(found[at]).toEqual(nearest(state.peers, wanted[at]?.kadId ?? new Uint8Array(), COPIES));
  });

  it('tells of each place as soon as it is known, whatever else is still looked up', async () => {
    const { state, sweep } = simulate(peers(200));
    const [first, ...others] = places(60);
    const second = others.find((place) => first !== undefined && !near(place, first, 1));
    const third = others.find((place) => first !== undefined && near(place, first, 1) && !near(place, first, 2));
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few places');
    // It tells how dense the network is.
    await sweep.regions([first]);
    state.hang = hex(second.kadId);
    void sweep.regions([second]).catch(() => undefined);
    expect((await sweep.regions([third]))[0]?.peers).toHaveLength(LOOKUP_SIZE);
    expect(state.lookups).toBe(3);
  });

  it('goes on for those who still wait when another one gives up', async () => {
    const { state, sweep } = simulate(peers(200));
    const [place] = places(1);
    if (place === undefined) throw new Error('no place');
    const leaving = new AbortController();
    state.hang = hex(place.kadId);
    const left = sweep.regions([place], leaving.signal);
    const stays = sweep.regions([place]);
    state.hang = '';
    leaving.abort(new Error('given up'));
    await expect(left).rejects.toThrow('given up');
    expect((await stays)[0]?.peers).toHaveLength(LOOKUP_SIZE);
  });

  it('tells those of a failed look-up, and nobody else', async () => {
    const { state, sweep } = simulate(peers(200));
    const [one, other] = places(2);
    if (one === undefined || other === undefined) throw new Error('no places');
    state.fails = hex(one.kadId);
    const outcomes = await Promise.allSettled([sweep.regions([one]), sweep.regions([other])]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('keeps what it knows of a large one, until it forgets', async () => {
    const { state, sweep } = simulate(peers(200));
    await closest(sweep, places(2_000));
    const before = state.lookups;
    state.now += REGION_LIFETIME - 1;
    await closest(sweep, places(2_000));
    expect(state.lookups - before).toBeLessThan(before / 4);
    sweep.forget();
    const again = state.lookups;
    await closest(sweep, places(2_000));
    expect(state.lookups - again).toBe(before);
  });
});
