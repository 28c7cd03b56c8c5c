import { describe, expect, it } from 'vitest';
import { LOOKUP_SIZE, type Network } from '../../../node/network/index.js';
import type { Freshness } from '../../../node/search/freshness.js';
import { Places } from '../../../node/search/places.js';
import { compareDistance } from '../../../protocol/keyspace.js';
import { COPIES } from '../../../protocol/search/posting-keys.js';
import { nearestTo, nodesWith } from './support.js';

const WORDS = ['payung', 'sarung', 'batik', 'kopi', 'teh', 'gula', 'garam', 'beras'];

describe('whom a search asks first', () => {
  it('are three of one salt that it is connected to, where there are such', () => {
    const nodes = nodesWith(60);
    for (const salt of [0, 1]) {
      for (const word of WORDS) {
        const name = `term:${word}`;
        const connected = nearestTo(name, salt, nodes)
          .slice(0, 5)
          .filter((_, at) => at % 2 === 0)
          .map(({ id }) => id);
        const places = placesOf(
          nodes.map(({ ref }) => ref),
          connected,
        );
        const first = places.candidates(places.named(name)).slice(0, 3);
        expect(new Set(first.map(({ peer }) => peer.id)), name).toEqual(new Set(connected));
        for (const { groups } of first) expect(groups).toContain(salt);
      }
    }
  });

  it('hold the key, also where one of its nodes rests and another stands in for it', () => {
    const nodes = nodesWith(30);
    const refs = nodes.map(({ ref }) => ref);
    const all = refs.map(({ id }) => id);
    for (const word of WORDS) {
      const name = `term:${word}`;
      for (const { id: resting } of nearestTo(name, 0, nodes).slice(0, 5)) {
        const connected = all.filter((id) => id !== resting);
        const places = placesOf(refs, connected, resting);
        const first = places.candidates(places.named(name)).slice(0, 3);
        expect(
          [0, 1].some((salt) =>
            first.every(({ groups, nearest = [] }) => groups.includes(salt) && nearest.includes(salt)),
          ),
          name,
        ).toBe(true);
      }
    }
  });

  it('are none that only nodes have named which are not believed any more, though the directory still has them', async () => {
    const nodes = nodesWith(40);
    const name = 'term:payung';
    const madeUp = new Set(
      nearestTo(name, 0, nodes)
        .slice(0, 7)
        .map(({ id }) => id),
    );
    const refs = nodes.map(({ ref }) => (madeUp.has(ref.id) ? { ...ref, lastSeen: 0 } : ref));
    const places = placesOf(refs, []);
    const shown = (): string[] => places.candidates(places.named(name)).map(({ peer }) => peer.id);
    const closer = [...madeUp].map((id): [string, string[]] => [id, []]);
    places.learn('liar', closer);
    expect(shown().filter((id) => madeUp.has(id)).length).toBeGreaterThan(3);
    for (const id of [...madeUp].slice(1)) {
      expect(places.isHearsay(id)).toBe(true);
      await places.askHearsay(id, () => Promise.reject(new Error('nobody there'))).catch(() => undefined);
    }
    expect(shown().filter((id) => madeUp.has(id))).toEqual([]);
    // Who is named by somebody else as well may be there.
    const one = closer.slice(0, 1);
    places.learn('honest', one);
    expect(shown().filter((id) => madeUp.has(id))).toEqual(one.map(([id]) => id));
  });

  it('are those that were met, where more than are looked at are nearer and not believed', async () => {
    const nodes = nodesWith(60);
    const name = 'term:payung';
    const [madeUp, others] = [
      nearestTo(name, 0, nodes).slice(0, LOOKUP_SIZE),
      nearestTo(name, 0, nodes).slice(LOOKUP_SIZE),
    ];
    const refs = nodes.map((node) => (madeUp.includes(node) ? { ...node.ref, lastSeen: 0 } : node.ref));
    const places = placesOf(refs, []);
    places.learn(
      'liar',
      madeUp.map(({ id }): [string, string[]] => [id, []]),
      2,
    );
    for (const { id } of madeUp)
      await places.askHearsay(id, () => Promise.reject(new Error('nobody there'))).catch(() => undefined);
    const shown = places.candidates(places.named(name)).filter(({ nearest }) => nearest?.includes(0) === true);
    expect(new Set(shown.map(({ peer }) => peer.id))).toEqual(new Set(others.slice(0, COPIES).map(({ id }) => id)));
  });
});

function placesOf(
  refs: ReturnType<typeof nodesWith>[number]['ref'][],
  connected: readonly string[],
  resting?: string,
): Places {
  const directory: Partial<Network['directory']> = {
    get: (id) => refs.find((ref) => ref.id === id),
    learn: () => undefined,
    forget: () => undefined,
    closest: (kadId, count, options) =>
      refs
        .filter(
          ({ id, lastSeen }) =>
            (options?.resting === true || id !== resting) && !(options?.met === true && lastSeen === 0),
        )
        .sort((a, b) => compareDistance(a.kadId, b.kadId, kadId))
        .slice(0, count),
  };
  const network: Partial<Network> = {
    peerId: 'reader',
    connections: () => [...connected],
    directory: directory as Network['directory'],
  };
  const freshness: Partial<Freshness> = { found: () => [] };
  return new Places({
    network: network as Network,
    networkName: 'main',
    freshness: freshness as Freshness,
  });
}
