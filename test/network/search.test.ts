import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NiagaNode } from '../../node/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { searchWhole, TIME_ENOUGH } from './searches.js';
import { PATIENCE } from '../support/patience.js';

const COLOURS = ['merah', 'biru', 'hijau', 'kuning', 'hitam', 'putih', 'ungu', 'jingga'];

let testnet: Testnet;
let shop: NiagaNode;
let other: NiagaNode;
let southern: NiagaNode;
let reader: NiagaNode;

async function publish(node: NiagaNode, values: readonly unknown[]): Promise<(string | null)[]> {
  const listings: (string | null)[] = [];
  for await (const line of node.publish({ items: values.map((value) => ({ value })) })) {
    expect(line.status, JSON.stringify(line)).toBe('published');
    listings.push(line.listing);
  }
  return listings;
}

beforeAll(async () => {
  testnet = await createTestnet(6);
  [shop, other, southern, , , reader] = testnet.nodes as [
    NiagaNode,
    NiagaNode,
    NiagaNode,
    NiagaNode,
    NiagaNode,
    NiagaNode,
  ];
  await publish(
    shop,
    Array.from({ length: 130 }, (_, at) => ({
      sku: `payung-${at}`,
      title: `Payung ${COLOURS[at % COLOURS.length]} nomor ${at}`,
      price: `${(at + 1) * 1_000} IDR`,
      category: 'Rumah > Hujan > Payung',
      availableAtOrFrom: { addressCountry: 'ID', addressLocality: at < 65 ? 'Bandung' : 'Jakarta' },
      itemCondition: at % 2 === 0 ? 'new' : 'used',
      quantity: at === 3 ? 0 : 5,
    })),
  );
  await publish(other, [{ sku: 'p', title: 'Payung merah besar', price: '9 USD', category: 'Rumah > Hujan > Payung' }]);
  const place = { addressCountry: 'Indonesia', addressRegion: 'DKI Jakarta', addressLocality: 'Jakarta Selatan' };
  await publish(southern, [{ sku: 'b', title: 'Batik tulis', price: '9 USD', availableAtOrFrom: place }]);
  // An answer comes when a quorum has it; what is counted here is what all have.
  for (const node of [shop, other, southern])
    await vi.waitFor(async () => expect((await node.status({})).lacking).toBe(0), PATIENCE);
});

afterAll(() => testnet.stop());

describe('a search among six nodes', () => {
  it('filters at the index nodes: what is found is what fits, however far down it stands', async () => {
    const { hits, matched } = await searchWhole(reader, {
      words: ['payung'],
      minPrice: '120000 IDR',
      maxPrice: '130000 IDR',
      condition: 'new',
      place: 'Jakarta',
      limit: 100,
      perSeller: 0,
    });
    expect(hits.map(({ price }) => Number(price?.amount) / 100_000).toSorted((a, b) => a - b)).toEqual([
      121, 123, 125, 127, 129,
    ]);
    expect(matched).toBe(5);
  });

  it('counts all matches, and what they are', async () => {
    const { matched, facets } = await searchWhole(reader, { words: ['payung', 'merah'], facets: true });
    expect(matched).toBe(131);
    expect(facets?.category).toEqual([{ value: 'Rumah > Hujan > Payung', count: 131 }]);
    expect(facets?.place.map(({ count }) => count)).toEqual([65, 65]);
    expect(facets?.price.reduce((sum, { count }) => sum + count, 0)).toBe(131);
  });

  it('sorts by price within a currency and lets three of a seller stand first', async () => {
    const byPrice = await searchWhole(reader, { words: ['payung'], sort: 'price', perSeller: 0, limit: 5 });
    expect(byPrice.hits.map(({ price }) => price?.amount)).toEqual(['100000', '200000', '300000', '400000', '500000']);
    const { hits } = await searchWhole(reader, { words: ['payung', 'merah'] });
    expect(hits.slice(0, 4).filter(({ seller }) => seller === other.trader)).toHaveLength(1);
  });

  it('browses a shop, a category and a place without words', async () => {
    const whole = await searchWhole(reader, { words: [], seller: shop.trader, limit: 100 });
    expect(whole.matched).toBe(130);
    expect(whole.hits).toHaveLength(100);
    expect((await searchWhole(reader, { words: [], category: 'Hujan' })).matched).toBe(131);
    expect((await searchWhole(reader, { words: [], place: 'Bandung' })).matched).toBe(65);
    expect((await searchWhole(reader, { words: ['yang'], seller: other.trader })).hits).toHaveLength(1);
  });

  it.each([
    ['Jakarta', 66],
    ['jakarta selatan', 1],
    ['Selatan', 1],
    ['DKI Jakarta, Indonesia', 1],
    ['Indonesia', 131],
    ['ID', 131],
    ['Surabaya', 0],
  ])(
    'browses %s by its words, however long the names that they are of, and says that it is all',
    async (place, count) => {
      const { matched, coverage } = await searchWhole(reader, { words: [], place });
      expect([matched, coverage.verdict]).toEqual([count, 'complete']);
    },
  );

  it('turns pages to the end, each hit once', async () => {
    const seen: string[] = [];
    let page = await searchWhole(reader, { words: [], seller: shop.trader, limit: 30 });
    while (seen.push(...page.hits.map(({ listing }) => listing)) < 1_000 && page.next !== undefined) {
      page = await reader.search({ ...TIME_ENOUGH, after: page.next, limit: 30 });
    }
    expect(seen).toHaveLength(130);
    expect(new Set(seen).size).toBe(130);
  });

  it('streams the best so far, the whole answer last', async () => {
    const types: string[] = [];
    for await (const event of reader.searchStream({ ...TIME_ENOUGH, words: ['payung', 'biru'] }))
      types.push(event.type);
    expect(types.at(-1)).toBe('done');
    expect(types).toContain('hits');
  });

  it('shows when the seller was last seen, while it sleeps', async () => {
    await shop.stop();
    const { hits, coverage } = await reader.search({ ...TIME_ENOUGH, words: ['payung', 'kuning'], perSeller: 0 });
    expect(hits[0]?.title).toContain('kuning');
    expect(coverage.verdict).not.toBe('unknown');
    expect(hits[0]?.lastSeen).toBeGreaterThan(Date.now() - 60_000);
  });
});
