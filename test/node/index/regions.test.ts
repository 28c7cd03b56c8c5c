import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  REGION_LIFETIME,
  Regions,
  SMALL_NETWORK_LIFETIME,
  STALE_TIME,
  type Shown,
} from '../../../node/index/regions.js';
import { responsible } from '../../../node/index/responsible.js';
import { LOOKUP_SIZE, type PeerRef } from '../../../node/network/index.js';
import { sharesPrefix } from '../../../protocol/keyspace.js';
import { COPIES, type KeyPlace } from '../../../protocol/search/posting-keys.js';
import { halfOf, inHalf, nearest, peers, places } from './key-space.js';

/** What is known of a network whose look-ups are right. */
function simulate(all: PeerRef[]) {
  const state = { peers: all, now: 1_000_000, stale: [] as KeyPlace[] };
  const regions = new Regions({ now: () => state.now, onStale: (place) => state.stale.push(place) });
  const lookUp = (place: KeyPlace): Shown => regions.take(place, nearest(state.peers, place.kadId, LOOKUP_SIZE));
  return { state, regions, lookUp };
}

const ids = (found: readonly PeerRef[]): string[] => found.map(({ id }) => id);

/** A network with three nodes in one half of the key space and all others in the other; places of that half, none of them looked up. */
function withSparseHalf() {
  const world = simulate([...inHalf(0, 200).slice(0, 3), ...inHalf(1, 200).slice(0, 37)]);
  const all = places(600);
  for (const place of all.slice(0, 300)) if (world.regions.known(place) === undefined) world.lookUp(place);
  return { ...world, wanted: all.slice(300).filter((place) => halfOf(place) === 0) };
}

describe('what is known of the key space', () => {
  it('leads for each place to exactly its nearest nodes, whatever was looked up', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.string(),
        fc.integer({ min: 1, max: 40 }),
        (size, salt, lookups) => {
          const { state, regions, lookUp } = simulate(peers(size, `${salt}-`));
          for (const place of places(lookups)) {
            lookUp(place);
            expect(regions.known(place)).toBeDefined();
          }
          for (const place of places(200)) {
            const region = regions.known(place);
            const expected = ids(nearest(state.peers, place.kadId, COPIES));
            if (region !== undefined) expect(ids(responsible(region.peers, place.kadId))).toEqual(expected);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is what was found last: what was given out before it no longer counts, unless it has the same nodes', () => {
    const { state, regions, lookUp } = simulate(peers(200));
    const [place] = places(1) as [KeyPlace];
    const first = lookUp(place).region;
    expect(lookUp(place).region).toBe(first);
    const gone = first.peers[0]?.id;
    state.peers = state.peers.filter(({ id }) => id !== gone);
    const second = lookUp(place).region;
    expect([first, second].map((region) => regions.isCurrent(region))).toEqual([false, true]);
  });

  it('is for every place of a part what the look-up of one of them has shown', () => {
    const { regions, lookUp } = simulate(peers(200));
    const [one, ...others] = places(500);
    const { region, depth } = one === undefined ? {} : lookUp(one);
    const inside = others.filter(({ kadId }) => sharesPrefix(kadId, one?.kadId ?? kadId, depth ?? 0));
    expect(inside.length).toBeGreaterThan(0);
    for (const place of others) expect(regions.known(place)).toBe(inside.includes(place) ? region : undefined);
  });

  it('is not a whole network by a look-up that went wrong', () => {
    const { state, regions, lookUp } = simulate(peers(200));
    const [one, wrong, ...others] = places(300);
    if (one === undefined || wrong === undefined) throw new Error('too few places');
    lookUp(one);
    const known = others.map((place) => regions.known(place));
    regions.take(wrong, nearest(state.peers, wrong.kadId, 4));
    expect(regions.known(wrong)?.peers).toHaveLength(4);
    expect(others.map((place) => regions.known(place))).toEqual(known);
  });

  it('is of a small network for seconds only, so that whoever joins is seen', () => {
    const { state, regions, lookUp } = simulate(peers(1));
    const [one, other] = places(2);
    if (one === undefined || other === undefined) throw new Error('too few places');
    lookUp(one);
    expect(ids(regions.known(other)?.peers ?? [])).toEqual(['peer-0']);
    state.now += SMALL_NETWORK_LIFETIME;
    expect(regions.known(other)).toBeUndefined();
  });

  it('is used for a while after its time, and then not: meanwhile it is said what to look up again', () => {
    const { state, regions, lookUp } = simulate(peers(200));
    const [place] = places(1);
    if (place === undefined) throw new Error('no place');
    const { region } = lookUp(place);
    state.now += REGION_LIFETIME - 1;
    expect(regions.known(place)).toBe(region);
    expect(state.stale).toEqual([]);
    state.now += STALE_TIME;
    expect(regions.known(place)).toBe(region);
    expect(state.stale).toEqual([place]);
    state.now++;
    expect(regions.known(place)).toBeUndefined();
    expect(state.stale).toHaveLength(1);
  });

  it('goes on being the same where the same nodes are found again, and counts for longer', () => {
    const { state, regions, lookUp } = simulate(peers(200));
    const [place] = places(1);
    if (place === undefined) throw new Error('no place');
    const { region } = lookUp(place);
    state.now += REGION_LIFETIME;
    expect(regions.isCurrent(region)).toBe(false);
    expect(lookUp(place).region).toBe(region);
    expect(regions.isCurrent(region)).toBe(true);
    state.peers = state.peers.filter(({ id }) => id !== region.peers[0]?.id);
    expect(lookUp(place).region).not.toBe(region);
  });

  it('counts no more, and is forgotten, where a node turned out to be gone; the rest stays', () => {
    const { regions, lookUp } = simulate(peers(200));
    const all = places(60);
    for (const place of all) if (regions.known(place) === undefined) lookUp(place);
    const before = all.map((place) => regions.known(place));
    const gone = before[0]?.peers[0]?.id ?? '';
    const isMeant = (at: number): boolean => ids(before[at]?.peers ?? []).includes(gone);
    regions.forget(gone);
    expect(all.filter((_, at) => !isMeant(at)).length).toBeGreaterThan(0);
    all.forEach((place, at) => {
      expect(regions.known(place)).toBe(isMeant(at) ? undefined : before[at]);
      expect(before[at] !== undefined && regions.isCurrent(before[at])).toBe(!isMeant(at));
    });
  });

  it('is nothing once all is forgotten', () => {
    const { regions, lookUp } = simulate(peers(200));
    const all = places(60);
    const before = all.map((place) => regions.known(place) ?? lookUp(place).region);
    regions.forget();
    for (const place of all) expect(regions.known(place)).toBeUndefined();
    for (const region of before) expect(regions.isCurrent(region)).toBe(false);
  });
});

describe('a nearly empty part of the key space', () => {
  it('borrows the same from its sibling each time, so that what was chosen holds on', () => {
    const { regions, wanted } = withSparseHalf();
    const first = wanted.map((place) => regions.known(place));
    expect(first).not.toContain(undefined);
    expect(new Set(first).size).toBeLessThan(10);
    wanted.forEach((place, at) => expect(regions.known(place)).toBe(first[at]));
  });

  it('counts no more where a node is gone from which it borrows', () => {
    const { state, regions, wanted } = withSparseHalf();
    const borrowed = wanted.flatMap((place) => regions.known(place) ?? []);
    const gone = state.peers.find((one) => halfOf(one) === 1)?.id ?? '';
    const concerned = borrowed.filter((region) => ids(region.peers).includes(gone));
    expect(concerned.length).toBeGreaterThan(0);
    regions.forget(gone);
    for (const region of concerned) expect(regions.isCurrent(region)).toBe(false);
  });

  it('is forgotten with any node that is gone, so that whoever has joined it is found', () => {
    const { state, regions, lookUp, wanted } = withSparseHalf();
    state.peers.push(...inHalf(0, 200).slice(3, 4));
    regions.forget(state.peers.find((one) => halfOf(one) === 1)?.id);
    for (const place of wanted) {
      const region = regions.known(place) ?? lookUp(place).region;
      const expected = nearest(state.peers, place.kadId, COPIES);
      expect(ids(responsible(region.peers, place.kadId))).toEqual(ids(expected));
    }
  });
});
