import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Offer } from '../../../../node/index/wire.js';
import { parseId } from '../../../../protocol/ids.js';
import { termKey } from '../../../../protocol/search/posting-keys.js';
import type { HolderOptions } from '../../../../node/index/holder.js';
import { batchOf, createHolder, createSeller, listingOf, type Seller } from '../support.js';

const ROOM = 10;
const [UMBRELLA, COFFEE] = ['payung', 'kopi'];

afterEach(() => void vi.useRealTimers());

/** A node that is full: half of it one seller's umbrellas, the other half a coffee each of others. */
async function fullNode(options: HolderOptions = {}) {
  const node = await createHolder({ maxCards: ROOM, network: { peerId: 'self' } as never }, options);
  const put = async (seller: Seller, sku: string, word = UMBRELLA) => {
    const card = seller.card(sku, word);
    const batch = batchOf([[card.bytes, [termKey(word)]]], [seller.delegation]);
    const { results } = await node.holder.put(batch, seller.peer);
    return { listing: listingOf(card), result: results[0] };
  };
  const wants = (listing: string, seq = 1): boolean => {
    const offer: Offer = { keys: [termKey(UMBRELLA)], cards: [[parseId(listing), seq, [0]]] };
    return node.holder.wanted(offer).length > 0;
  };
  const flood = createSeller(node.clock.now);
  const [umbrellas, coffees]: [string[], string[]] = [[], []];
  for (let at = 0; at < ROOM / 2; at++) umbrellas.push((await put(flood, `s${at}`)).listing);
  for (let at = 0; at < ROOM / 2; at++) coffees.push((await put(createSeller(node.clock.now), 'a', COFFEE)).listing);
  expect(node.holder.count()).toBe(ROOM);
  const newcomer = createSeller(node.clock.now);
  const fresh = listingOf(newcomer.card('new', UMBRELLA));
  return { node, flood, newcomer, fresh, put, wants, umbrellas, coffees };
}

describe('a full node', () => {
  it('wants a new card that it is offered, and takes it in place of one of those of whom it keeps most', async () => {
    const { node, newcomer, fresh, put, wants, coffees } = await fullNode();
    await using _ = node;
    expect(wants(fresh)).toBe(true);
    expect(await put(newcomer, 'new')).toEqual({ listing: fresh, result: 'ok' });
    expect(node.holder.count()).toBe(ROOM);
    expect([...node.holder.listings()]).toEqual(expect.arrayContaining([fresh, ...coffees]));
    expect(wants(fresh)).toBe(false);
  });

  it('does not want again what had to go, nor what it did not take, before there is room', async () => {
    const { node, flood, newcomer, put, wants, umbrellas } = await fullNode();
    await using _ = node;
    await put(newcomer, 'new');
    const gone = umbrellas.filter((listing) => node.holder.held(listing) === undefined);
    expect(gone).toHaveLength(1);
    const refused = await put(flood, 'more');
    expect(refused.result).toBe('RATE_LIMITED');
    expect([...gone, refused.listing].map((listing) => wants(listing))).toEqual([false, false]);
    // A version that it holds an older one of is wanted all the same.
    const held = umbrellas.find((listing) => node.holder.held(listing) !== undefined) ?? '';
    expect(wants(held, 2)).toBe(true);
    await node.holder.drop(held);
    expect([...gone, refused.listing].map((listing) => wants(listing))).toEqual([true, true]);
  });

  it('lets go of what it has come to be far from first, and never for what it is far from', async () => {
    // It looks for a millisecond at a time, which one that is kept waiting by others uses up at once.
    vi.useFakeTimers({ toFake: ['performance'] });
    let isNear = (_name: string): boolean => true;
    const { node, newcomer, fresh, put, wants, umbrellas, coffees } = await fullNode({
      isNear: (name) => isNear(name),
    });
    await using _ = node;
    // Others came, and are nearer to coffee.
    isNear = (name) => name === termKey(UMBRELLA);
    expect((await put(newcomer, 'tea', COFFEE)).result).toBe('INDEX_FAR');
    expect(wants(fresh)).toBe(true);
    for (const at of coffees.keys()) {
      expect((await put(createSeller(node.clock.now), `new-${at}`)).result).toBe('ok');
      expect(coffees.filter((listing) => node.holder.held(listing) !== undefined)).toHaveLength(
        coffees.length - at - 1,
      );
    }
    expect([...node.holder.listings()]).toEqual(expect.arrayContaining(umbrellas));
    expect(node.holder.count()).toBe(ROOM);
  });
});
