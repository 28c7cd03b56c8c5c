import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NiagaNode } from '../../node/index.js';
import type { EventView } from '../../node/api/rows/events.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';

const INTERVAL = 400;
/** Longer than two questions of a watch, with everything around them. */
const SOON = { timeout: 30_000, interval: 100 };

let testnet: Testnet;
let seller: NiagaNode;
let buyer: NiagaNode;

beforeAll(async () => {
  testnet = await createTestnet(4, { node: { watchInterval: INTERVAL } });
  [seller, buyer] = testnet.nodes as [NiagaNode, NiagaNode];
});

afterAll(() => testnet.stop());

async function publish(node: NiagaNode, value: Record<string, unknown>): Promise<string> {
  for await (const line of node.publish({ items: [{ value: { price: '85000 IDR', ...value } }] }))
    return line.listing ?? '';
  throw new Error('no answer');
}

async function eventsOf(node: NiagaNode, after = 0, type: string[] = []): Promise<EventView[]> {
  const events: EventView[] = [];
  for await (const event of node.events({ after, type })) events.push(event);
  return events;
}

const told = (events: readonly EventView[]): unknown[] =>
  events.map(({ type, data }) => [type, data['title'] ?? data['matches']]);

/** Until the watch has asked the network from here on and heard it out: two checks, for the first may have begun before. */
async function askedAgain(node: NiagaNode, watch: string): Promise<void> {
  for (let time = 0; time < 2; time++) {
    const since = Date.now();
    await vi.waitFor(async () => {
      const { items } = await node.watchList({});
      expect(items.find((one) => one.watch === watch)?.checked).toBeGreaterThan(since);
    }, SOON);
  }
}

describe('a watch', () => {
  it('tells new matches, price drops and what is back in stock, each once, over a restart of its node', async () => {
    await publish(seller, { sku: 'kopi-1', title: 'Kopi Gayo arabika 250 g' });
    const { watch, matches } = await buyer.watch({ words: ['kopi', 'gayo'], maxPrice: '100000 IDR' });
    expect(matches).toBe(1);
    expect(told(await eventsOf(buyer))).toEqual([['watch-began', 1]]);

    await publish(seller, { sku: 'kopi-2', title: 'Kopi Toraja 250 g' });
    await publish(seller, { sku: 'kopi-3', title: 'Kopi Gayo emas', price: '250000 IDR' });
    const third = await publish(seller, { sku: 'kopi-4', title: 'Kopi Gayo luwak', quantity: 10 });
    await vi.waitFor(
      async () => expect(told(await eventsOf(buyer))).toContainEqual(['watch-match', 'Kopi Gayo luwak']),
      SOON,
    );

    await publish(seller, { sku: 'kopi-4', title: 'Kopi Gayo luwak', quantity: 10, price: '80000 IDR' });
    await vi.waitFor(
      async () => expect(told(await eventsOf(buyer))).toContainEqual(['price-drop', 'Kopi Gayo luwak']),
      SOON,
    );
    await publish(seller, { sku: 'kopi-4', title: 'Kopi Gayo luwak', quantity: 0, price: '80000 IDR' });
    await askedAgain(buyer, watch);
    const before = (await eventsOf(buyer)).at(-1)?.seq ?? 0;

    await buyer.stop();
    buyer = await testnet.restart(1);
    expect(await buyer.watchList({})).toMatchObject({ items: [{ watch, words: ['kopi', 'gayo'] }] });
    await publish(seller, { sku: 'kopi-4', title: 'Kopi Gayo luwak', quantity: 7, price: '80000 IDR' });
    await vi.waitFor(
      async () => expect(told(await eventsOf(buyer, before))).toEqual([['back-in-stock', 'Kopi Gayo luwak']]),
      SOON,
    );
    // Whatever would be told wrongly is told by then.
    await askedAgain(buyer, watch);
    const events = await eventsOf(buyer, 0, ['watch-began', 'watch-match', 'price-drop', 'back-in-stock']);
    expect(told(events)).toEqual([
      ['watch-began', 1],
      ['watch-match', 'Kopi Gayo luwak'],
      ['price-drop', 'Kopi Gayo luwak'],
      ['back-in-stock', 'Kopi Gayo luwak'],
    ]);
    expect(events[2]?.data).toMatchObject({
      watch,
      listing: third,
      seller: seller.trader,
      was: { amount: '8500000', currency: 'IDR' },
      price: { amount: '8000000', currency: 'IDR' },
    });
    await buyer.watchRemove({ watch });
    expect((await buyer.watchList({})).items).toEqual([]);
  });

  it('is refused where a search would be', async () => {
    await expect(buyer.watch({ words: ['dan'] })).rejects.toMatchObject({ code: 'QUERY_EMPTY' });
    await expect(buyer.watch({ words: ['kopi'], minPrice: '2 IDR', maxPrice: '1 IDR' })).rejects.toMatchObject({
      code: 'QUERY_INVALID',
    });
    await expect(buyer.watchRemove({ watch: 'none' })).rejects.toMatchObject({ code: 'WATCH_NOT_FOUND' });
  });
});

describe('the events of a node', () => {
  it('tell both sides of each step of a trade, and a follower hears of them as they come', async () => {
    const listing = await publish(seller, { sku: 'teh', title: 'Teh melati' });
    const heard: unknown[] = [];
    const leaving = new AbortController();
    const following = (async () => {
      for await (const { type, data } of seller.events({ follow: true }, { signal: leaving.signal }))
        heard.push([type, data['state'], data['kind'], data['by']]);
    })();
    const { trade } = await buyer.offer({ listing });
    await vi.waitFor(() => expect(heard).toEqual([['trade-changed', 'offered', 'offer', 'counterparty']]), SOON);
    await seller.tradeAccept({ trade });
    await vi.waitFor(async () => {
      const events = await eventsOf(buyer, 0, ['trade-changed']);
      expect(events.map(({ data }) => [data['state'], data['by']])).toEqual([
        ['offered', 'own'],
        ['accepted', 'counterparty'],
      ]);
    }, SOON);
    expect(heard.at(-1)).toEqual(['trade-changed', 'accepted', 'accept', 'own']);
    leaving.abort();
    await following;
  });

  it('are only of types that there are', () => {
    expect(() => buyer.events({ type: ['price-rise'] })).toThrow(
      expect.objectContaining({ code: 'USAGE', where: 'type' }),
    );
  });
});
