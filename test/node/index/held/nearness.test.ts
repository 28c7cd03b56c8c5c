import '../../../../node/polyfill.js';
import { peerIdFromString } from '@libp2p/peer-id';
import { describe, expect, it } from 'vitest';
import { PEER_CARDS_BURST } from '../../../../node/index/held/quotas.js';
import type { HolderOptions } from '../../../../node/index/holder.js';
import { Nearness } from '../../../../node/index/held/nearness.js';
import { Directory } from '../../../../node/network/directory.js';
import { kadIdOfKey, LOOKUP_SIZE } from '../../../../node/network/index.js';
import { deviceToPeerId } from '../../../../protocol/ids.js';
import { compareDistance } from '../../../../protocol/keyspace.js';
import { listingKey, placeOf, SALTS, termKey } from '../../../../protocol/search/posting-keys.js';
import { createHolder, createSeller, listingOf, putOf, batchOf, STRANGER_PEER } from '../support.js';

const HOUR = 60 * 60 * 1000;
const NAMES = Array.from({ length: 120 }, (_, at) => termKey(`kata${at}`));
const idOf = (number: number): string => deviceToPeerId(kadIdOfKey(Uint8Array.of(number, number >> 8)));

/** A node that has met so many others. */
function node(met: number) {
  const clock = { now: 10 * HOUR };
  const directory = new Directory({
    self: peerIdFromString(idOf(0)),
    addresses: () => [],
    onError: (error) => expect.unreachable(String(error)),
    now: () => clock.now,
    monotonic: () => clock.now,
  });
  const ids = Array.from({ length: met }, (_, at) => idOf(at + 1));
  directory.learn(ids.map((id) => ({ id, addresses: ['/ip4/127.0.0.1/tcp/4101'] })));
  for (const id of ids) directory.markSeen(id);
  const network = { directory, peerId: idOf(0) };
  return { clock, directory, ids, nearness: new Nearness({ network, networkName: 'main', now: () => clock.now }) };
}

/** Places of a name for which so many of the others are nearer. */
function nearer({ directory }: ReturnType<typeof node>, name: string): number {
  const self = directory.self().kadId;
  return Math.min(
    ...SALTS.map((salt) => {
      const place = placeOf('main', name, salt).kadId;
      return directory.all().filter(({ kadId }) => compareDistance(kadId, self, place) < 0).length;
    }),
  );
}

describe('the names that a node keeps cards of', () => {
  it('are all in a small network, and in a large one those that it is among the twenty nearest for', () => {
    for (const small of [0, 5, LOOKUP_SIZE - 1].map(node))
      expect(NAMES.filter((name) => !small.nearness.isNear(name))).toEqual([]);
    const large = node(200);
    const near = NAMES.filter((name) => large.nearness.isNear(name));
    expect(near).toEqual(NAMES.filter((name) => nearer(large, name) < LOOKUP_SIZE));
    expect(near.length).toBeGreaterThan(5);
    expect(near.length).toBeLessThan(NAMES.length / 2);
  });

  it('are all where the others were only heard of, or were heard of last long ago, or do not answer', () => {
    const heard = node(0);
    heard.directory.learn(Array.from({ length: 200 }, (_, at) => ({ id: idOf(at + 1), addresses: [] })));
    const before = node(200);
    before.clock.now += 2 * HOUR;
    const failing = node(200);
    for (const id of failing.ids) failing.directory.markFailed(id);
    for (const { nearness } of [heard, before, failing])
      expect(NAMES.filter((name) => !nearness.isNear(name))).toEqual([]);
  });
});

describe('a node that is half full and far', () => {
  const isNear = (name: string): boolean => name === termKey('payung');
  const closer = (names: readonly string[]): [string, string[]][] => names.map((name) => [name, []]);

  /** A node with room for two more cards; until it has so many it takes what is far as well. */
  async function halfFull(options: HolderOptions) {
    const node = await createHolder({ maxCards: 4, network: { peerId: 'self' } as never }, options);
    for (const seller of [createSeller(node.clock.now), createSeller(node.clock.now)]) {
      const put = putOf([seller.card('a', 'kopi')], [seller.delegation]);
      expect((await node.holder.put(put, seller.peer)).results).toEqual(['ok']);
    }
    return node;
  }

  it('refuses a card, and tells who is nearer; under those names that it is near to it keeps it', async () => {
    await using far = await halfFull({ isNear, closer });
    const seller = createSeller(far.clock.now);
    const [umbrella, coffee] = [seller.card('a', 'payung'), seller.card('b', 'kopi')];
    const answer = await far.holder.put(putOf([umbrella, coffee], [seller.delegation]), seller.peer);
    expect(answer.results).toEqual(['INDEX_FAR', 'INDEX_FAR']);
    expect(answer.closer.map(([id]) => id)).toEqual(
      expect.arrayContaining([termKey('kopi'), listingKey(listingOf(umbrella))]),
    );
    expect(answer.closer.map(([id]) => id)).not.toContain(termKey('payung'));
    expect([...far.holder.listings()].slice(2)).toEqual([listingOf(umbrella)]);
    expect(far.holder.held(listingOf(umbrella))?.names).toEqual([termKey('payung')]);
    const only = await far.holder.put(
      batchOf([[umbrella.bytes, [termKey('payung')]]], [seller.delegation]),
      seller.peer,
    );
    expect(only).toMatchObject({ results: ['ok'], closer: [] });
  });

  it('refuses ends as well, and wants nothing that is offered for other names', async () => {
    await using far = await halfFull({ isNear, closer });
    const seller = createSeller(far.clock.now);
    const end = seller.end('a', 2).bytes;
    for (const names of [[], [termKey('kopi')]])
      expect((await far.holder.put(batchOf([[end, names]], [seller.delegation]), STRANGER_PEER)).results).toEqual([
        'INDEX_FAR',
      ]);
    const offered = seller.card('b', 'kopi');
    const offer = (name: string) => far.holder.wanted({ keys: [name], cards: [[offered.payload.listing, 1, [0]]] });
    expect([offer(termKey('kopi')), offer(termKey('payung'))]).toEqual([[], [0]]);
  });

  it('lets those who bring it such cards bring fewer', async () => {
    await using far = await halfFull({ isNear: () => false });
    const seller = createSeller(far.clock.now);
    const cards = Array.from({ length: 4 }, (_, at) => seller.card(`s${at}`, 'kopi'));
    far.holder.admit(STRANGER_PEER, { cards: PEER_CARDS_BURST - 100 });
    await far.holder.put(putOf(cards, [seller.delegation]), STRANGER_PEER);
    expect(() => far.holder.admit(STRANGER_PEER, { cards: 77 })).toThrow(
      expect.objectContaining({ code: 'RATE_LIMITED' }),
    );
    far.holder.admit(STRANGER_PEER, { cards: 76 });
  });
});
