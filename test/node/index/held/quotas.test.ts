import { describe, expect, it } from 'vitest';
import {
  AskBudget,
  checkRoom,
  CrowdedNames,
  FAIR_SHARE,
  Largest,
  MAX_CARDS_OF_NAME,
  MAX_CARDS_OF_ONE,
  PEER_CARDS_A_MINUTE,
  PEER_CARDS_BURST,
  PeerRates,
  SMALL_SHARE,
} from '../../../../node/index/held/quotas.js';
import { Seller } from '../../../../node/index/held/sellers.js';
import { SHARD_CARDS, sellerKey, termKey } from '../../../../protocol/search/posting-keys.js';
import { batchOf, createHolder, createSeller, putOf, STRANGER_PEER } from '../support.js';

const limited: unknown = expect.objectContaining({ code: 'RATE_LIMITED' });

function sellerWith(count: number): Seller {
  const seller = new Seller(new Uint8Array(32));
  seller.count = count;
  return seller;
}

describe('the quota of a sending peer', () => {
  it('takes a first catalogue of 26,000 twice over, then so many a minute; of each peer by itself', () => {
    const rates = new PeerRates();
    for (let cards = 0; cards < PEER_CARDS_BURST; cards += 1_000) rates.take('a', 1_000, 1_000_000, 0);
    expect(PEER_CARDS_BURST).toBeGreaterThanOrEqual(2 * 26_000);
    expect(() => rates.take('a', 1_000, 0, 0)).toThrow(limited);
    rates.take('b', 1_000, 0, 0);
    rates.take('a', PEER_CARDS_A_MINUTE, 0, 60_000);
    expect(() => rates.take('a', 1, 0, 60_000)).toThrow(limited);
    // A clock that was set back gives nothing, and later nothing twice.
    expect(() => rates.take('a', 1, 0, 0)).toThrow(limited);
  });

  it('counts bytes as well, and nothing of what is refused', () => {
    const rates = new PeerRates();
    expect(() => rates.take('a', 0, 1_000 * PEER_CARDS_BURST * 2, 0)).toThrow(limited);
    rates.take('a', PEER_CARDS_BURST, 0, 0);
  });

  it('holds at the node for others, not for itself', async () => {
    await using node = await createHolder({ network: { peerId: 'self' } as never });
    for (let batch = 0; batch < 60; batch++) node.holder.admit(STRANGER_PEER, { cards: 1_000 });
    const seller = createSeller(node.clock.now);
    const put = putOf([seller.card('a', 'payung')], [seller.delegation]);
    await expect(node.holder.put(put, STRANGER_PEER)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    for (let batch = 0; batch < 100; batch++) node.holder.admit('self', { cards: 1_000 });
  });
});

describe('the quota of a seller', () => {
  it('is a number, and a share once half of the room is taken', () => {
    expect(() => checkRoom(undefined, 99, 100)).not.toThrow();
    expect(() => checkRoom(undefined, 100, 100)).toThrow(limited);
    expect(() => checkRoom(sellerWith(MAX_CARDS_OF_ONE - 1), MAX_CARDS_OF_ONE, 1e6)).not.toThrow();
    expect(() => checkRoom(sellerWith(MAX_CARDS_OF_ONE), MAX_CARDS_OF_ONE, 1e6)).toThrow(limited);
    expect(() => checkRoom(sellerWith(10), 49, 100)).not.toThrow();
    expect(() => checkRoom(sellerWith(10), 50, 100)).toThrow(limited);
    expect(() => checkRoom(sellerWith(9), 50, 100)).not.toThrow();
  });

  it('leaves room for others: a flood is refused where a card of somebody else is taken', async () => {
    await using node = await createHolder({ maxCards: 20 });
    const [flood, other] = [createSeller(node.clock.now), createSeller(node.clock.now)];
    const cards = Array.from({ length: 15 }, (_, at) => flood.card(`s${at}`, 'payung'));
    const { results } = await node.holder.put(putOf(cards, [flood.delegation]), flood.peer);
    expect(results.filter((result) => result === 'ok')).toHaveLength(10);
    expect(new Set(results.slice(10))).toEqual(new Set(['RATE_LIMITED']));
    const mine = putOf([other.card('a', 'payung')], [other.delegation]);
    expect((await node.holder.put(mine, other.peer)).results).toEqual(['ok']);
    // What is held already may change.
    const newer = putOf([flood.card('s0', 'payung', 2)], [flood.delegation]);
    expect((await node.holder.put(newer, flood.peer)).results).toEqual(['ok']);
  });
});

describe('a full node', () => {
  it('makes room for others of the seller of whom it keeps most, until they have their share', async () => {
    await using node = await createHolder({ maxCards: 10 });
    const [flood, other] = [createSeller(node.clock.now), createSeller(node.clock.now)];
    const put = async (seller: typeof flood, count: number): Promise<readonly string[]> => {
      const cards = Array.from({ length: count }, (_, at) => seller.card(`s${at}`, 'payung'));
      return (await node.holder.put(putOf(cards, [seller.delegation]), seller.peer)).results;
    };
    await put(flood, 5);
    for (let at = 0; at < 5; at++) await put(createSeller(node.clock.now), 1);
    expect(node.holder.count()).toBe(10);
    expect(await put(other, 2)).toEqual(['ok', 'RATE_LIMITED']);
    expect([node.holder.count(), node.holder.statistics(['payung']).documents]).toEqual([10, 10]);
  });

  it('takes from nobody who has little, or not more than twice as much', () => {
    const sellers = [sellerWith(50), sellerWith(100)];
    const largest = new Largest(sellers);
    expect(largest.above(undefined, 1_000)).toBe(sellers[1]);
    expect([largest.above(sellerWith(48), 1_000), largest.above(sellerWith(49), 1_000)]).toEqual([
      sellers[1],
      undefined,
    ]);
    expect(largest.above(undefined, 100 / SMALL_SHARE)).toBeUndefined();
    expect(largest.above(sellers[1], 1_000)).toBeUndefined();
    Object.assign(sellers[1] ?? {}, { count: 40 });
    expect(largest.above(undefined, 1_000)).toBe(sellers[0]);
  });

  it('makes room of ends too', async () => {
    await using node = await createHolder({ maxCards: 4 });
    const [flood, other] = [createSeller(node.clock.now), createSeller(node.clock.now)];
    const ends = ['a', 'b', 'c', 'd'].map((sku) => [flood.end(sku, 1).bytes, []] as const);
    for (const end of ends) await node.holder.put(batchOf([end], [flood.delegation]), flood.peer);
    const card = putOf([other.card('a', 'payung')], [other.delegation]);
    expect((await node.holder.put(card, other.peer)).results).toEqual(['ok']);
  });
});

describe('the quota of a name', () => {
  const name = termKey('payung');
  const [big, small] = [sellerWith(0), sellerWith(0)];

  /** A name with so many cards, all of one seller. */
  function crowd(held: number) {
    return new CrowdedNames({
      held: () => held,
      all: () => held,
      sellersUnder: () => Array.from({ length: held }, () => big),
    });
  }

  it('has an end, and before it room for those only who have little of it', () => {
    expect(crowd(SHARD_CARDS - 1).hasRoom(name, big)).toBe(true);
    expect([crowd(SHARD_CARDS).hasRoom(name, big), crowd(SHARD_CARDS).hasRoom(name, small)]).toEqual([false, true]);
    expect(crowd(SHARD_CARDS).hasRoom(name, undefined)).toBe(true);
    expect(crowd(SHARD_CARDS).hasRoom(sellerKey('z6Mk'), big)).toBe(true);
    expect(crowd(MAX_CARDS_OF_NAME).hasRoom(name, small)).toBe(false);
  });

  it('counts who comes and goes', () => {
    const names = crowd(SHARD_CARDS);
    expect(names.hasRoom(name, small)).toBe(true);
    for (let card = 0; card < MAX_CARDS_OF_NAME * FAIR_SHARE; card++) names.count([name, termKey('x')], small, 1);
    expect(names.hasRoom(name, small)).toBe(false);
    names.count([name], small, -1);
    expect(names.hasRoom(name, small)).toBe(true);
  });
});

describe('the questions of a peer', () => {
  it('take no more of the node than their share, and nothing of what others may ask', () => {
    const budget = new AskBudget();
    const busy = (ms: number) => () => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    let refused: unknown;
    for (let questions = 0; questions < 100 && refused === undefined; questions++) {
      try {
        budget.charge('greedy', busy(200));
      } catch (error) {
        refused = error;
      }
    }
    expect(refused).toMatchObject({ code: 'RATE_LIMITED' });
    expect(budget.charge('modest', () => 'answered')).toBe('answered');
  });
});
