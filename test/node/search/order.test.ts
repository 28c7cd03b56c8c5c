import { describe, expect, it } from 'vitest';
import { PER_SELLER_ANSWERS } from '../../../node/index/wire.js';
import { traderToText } from '../../../protocol/ids.js';
import { createFake, createSeller, nodesWith, type CardOptions, type FakeNode, type SearchSeller } from './support.js';

const now = Date.now();

function shopOf(entries: readonly [title: string, options?: CardOptions][], seller: SearchSeller = createSeller(now)) {
  const cards = entries.map(([title, options], at) => seller.card(`s${at}`, title, options));
  return { seller, cards, fill: (node: FakeNode) => node.take(seller, ...cards) };
}

describe('the hits of a search', () => {
  it('stand by relevance, by date or by price, currencies apart', async () => {
    const { fill } = shopOf([
      ['Payung', { created: now - 3_000, item: { price: '90000 IDR' } }],
      ['Kursi dan payung untuk taman yang luas', { created: now - 2_000, item: { price: '10000 IDR' } }],
      ['Meja payung', { created: now - 1_000, item: { price: '3 USD' } }],
    ]);
    const fake = createFake(nodesWith(3, fill));
    const titles = async (sort: 'relevance' | 'newest' | 'price', words = 'payung') =>
      (await fake.find(words, { sort })).hits.map(({ title }) => title.split(' ')[0]);
    expect((await titles('relevance', 'meja payung'))[0]).toBe('Meja');
    expect(await titles('newest')).toEqual(['Meja', 'Kursi', 'Payung']);
    expect(await titles('price')).toEqual(['Kursi', 'Payung', 'Meja']);
  });

  it('have all words where they stand by price or date, and any only where nothing has all, which is said', async () => {
    const cheap: [string, CardOptions][] = Array.from({ length: 40 }, (_, at) => [
      `Kopi sachet ${at}`,
      { item: { price: `${at + 1} IDR` } },
    ]);
    const { fill } = shopOf([
      ['Kopi arabika gayo', { item: { price: '90000 IDR' }, created: now - 9_000 }],
      ['Gayo, kopi dari Takengon', { item: { price: '80000 IDR' }, created: now - 8_000 }],
      ...cheap,
    ]);
    const fake = createFake(nodesWith(3, fill));
    for (const sort of ['price', 'newest'] as const) {
      const found = await fake.find('kopi gayo', { sort });
      expect(found.hits.map(({ title }) => title)).toEqual(['Gayo, kopi dari Takengon', 'Kopi arabika gayo']);
      expect(found.anyWord).toBeUndefined();
      const some = await fake.find('kopi luwak', { sort, perSeller: 0 });
      expect([some.hits.length, some.anyWord]).toEqual([20, true]);
      expect((await fake.find('luwak tembaga', { sort })).anyWord).toBeUndefined();
    }
    expect((await fake.find('kopi gayo', { perSeller: 0 })).hits).toHaveLength(20);
    expect((await fake.find('kopi luwak')).anyWord).toBeUndefined();
    // Index nodes are asked for it: else the hundred cheapest would hide what was looked for.
    const asked = fake.nodes.flatMap((node) => node.asked.map(({ sort, match }) => `${sort} ${match}`));
    expect(new Set(asked)).toEqual(new Set(['price all-else-any', 'newest all-else-any', 'relevance any']));
  });

  it('are as many of one seller as are wished for, also of each index node', async () => {
    const { fill } = shopOf(Array.from({ length: 60 }, (_, at) => [`Payung ${at}`] as [string]));
    const other = shopOf(Array.from({ length: 60 }, (_, at) => [`Payung biru ${at}`] as [string]));
    const fake = createFake(nodesWith(3, (node) => fill(other.fill(node))));
    await fake.find('payung', { perSeller: 18 });
    await fake.find('payung', { perSeller: 2 });
    expect(new Set(fake.nodes.flatMap((node) => node.asked.map(({ perSeller }) => perSeller)))).toEqual(
      new Set([18, PER_SELLER_ANSWERS]),
    );
  });

  it('say where they are out of order, because their seller has enough before', async () => {
    const priced = (count: number, title: string, from: number) =>
      shopOf(Array.from({ length: count }, (_, at) => [`${title} ${at}`, { item: { price: `${from + at} IDR` } }]));
    const [flood, other] = [priced(5, 'Payung', 1), priced(2, 'Payung biru', 100)];
    const fake = createFake(nodesWith(3, (node) => flood.fill(other.fill(node))));
    const prices = ({ hits }: { hits: readonly { price: { amount: string } | null }[] }) =>
      hits.map(({ price }) => Number(price?.amount) / 100);
    const capped = await fake.find('payung', { sort: 'price' });
    expect([prices(capped), capped.behind]).toEqual([[1, 2, 3, 100, 101, 4, 5], true]);
    const all = await fake.find('payung', { sort: 'price', perSeller: 0 });
    expect([prices(all), all.behind]).toEqual([[1, 2, 3, 4, 5, 100, 101], undefined]);
    expect((await fake.find('payung')).behind).toBeUndefined();
  });

  it('are at most three of one seller among the first twenty, unless other wishes are given or the seller is', async () => {
    const flood = shopOf(Array.from({ length: 10 }, (_, at) => [`Payung a${'bcdefghijk'[at]}`] as [string]));
    const other = shopOf([
      ['Payung dan kursi untuk taman yang luas sekali'],
      ['Tas dan sepatu dan payung untuk semua'],
    ]);
    const fake = createFake(nodesWith(3, (node) => flood.fill(other.fill(node))));
    const sellers = async (input: object) =>
      (await fake.find('payung', input)).hits
        .slice(0, 5)
        .filter(({ seller }) => seller === traderToText(flood.seller.trader));
    expect(await sellers({})).toHaveLength(3);
    // One of each of the two shops, then the rest in its order.
    expect(await sellers({ perSeller: 1 })).toHaveLength(4);
    expect((await sellers({ perSeller: 0 })).length).toBeGreaterThan(3);
    expect(await sellers({ seller: traderToText(flood.seller.trader) })).toHaveLength(5);
  });

  it('say why they stand where they stand, and it adds up', async () => {
    const { fill } = shopOf([['Payung lipat merah', { item: { category: 'Rumah > Payung' } }], ['Payung biru']]);
    const { hits } = await createFake(nodesWith(3, fill)).find('payung merah', { explain: true });
    for (const { score, why } of hits) {
      const sum = why?.terms.reduce((total, { contribution }) => total + contribution, 0) ?? 0;
      expect(sum + (why?.categoryFeedback ?? 0) + (why?.titleFeedback ?? 0)).toBeCloseTo(score, 2);
    }
    expect(hits[0]?.why?.terms.find(({ term }) => term.startsWith('payung'))?.fields).toEqual(['title', 'category']);
    expect((await createFake(nodesWith(3, fill)).find('payung')).hits[0]?.why).toBeUndefined();
  });

  it('say what decides their place in the other orders: the date, or the price within its currency', async () => {
    const { fill, seller } = shopOf([
      ['Payung', { created: now - 3_000, item: { price: '90000 IDR' } }],
      ['Kursi payung', { created: now - 2_000, item: { price: '10000 IDR' } }],
      ['Meja payung', { created: now - 1_000, item: { price: '3 USD' } }],
      ['Tas payung', { created: now - 4_000, item: { price: null } }],
    ]);
    const fake = createFake(nodesWith(3, fill));
    const keys = async (words: string, input: object) =>
      (await fake.find(words, { ...input, explain: true, perSeller: 0 })).hits.map(({ why }) => why?.sort);
    const price = (amount: string | null, currency = 'IDR') => ({
      by: 'price',
      price: amount === null ? null : { amount, currency },
      currencies: ['IDR', 'USD'],
    });
    const byPrice = [price('1000000'), price('9000000'), price('300', 'USD'), price(null)];
    const byDate = [1, 2, 3, 4].map((seconds) => ({ by: 'newest', created: now - seconds * 1_000 }));
    expect(await keys('payung', { sort: 'price' })).toEqual(byPrice);
    expect(await keys('payung', { sort: 'newest' })).toEqual(byDate);
    expect(await keys('', { seller: traderToText(seller.trader) })).toEqual(byDate);
    expect(await keys('payung', {})).toEqual(byDate.map(() => ({ by: 'relevance' })));
  });

  it('are counted by facets: the median of the copies', async () => {
    const { fill } = shopOf([['Payung merah'], ['Payung biru']]);
    const [liar, ...nodes] = nodesWith(4, fill);
    for (const node of [...nodes, ...(liar === undefined ? [] : [liar])]) {
      const times = node === liar ? 1_000 : 2;
      node.change = (answer, { keys, facets }) => ({
        ...answer,
        matched: keys.map(() => times),
        facets: facets
          ? keys.map(() => ({ category: [['Rumah', times]], brand: [], place: [], price: [['IDR', 0, times]] }))
          : [],
      });
    }
    const fake = createFake([...nodes, ...(liar === undefined ? [] : [liar])]);
    const view = await fake.find('payung', { facets: true });
    expect(view.matched).toBe(2);
    expect(view.facets).toMatchObject({
      category: [{ value: 'Rumah', count: 2 }],
      price: [{ from: { amount: '0', currency: 'IDR' }, count: 2 }],
    });
    expect((await fake.find('payung')).facets).toBeUndefined();
  });
});

describe('a search is limited', () => {
  it('by place, condition and where things are shipped to, in the reader too', async () => {
    const { fill } = shopOf([
      [
        'Payung bandung',
        { item: { itemCondition: 'used', availableAtOrFrom: { addressCountry: 'ID', addressLocality: 'Bandung' } } },
      ],
      [
        'Payung jakarta',
        { item: { itemCondition: 'new', availableAtOrFrom: { addressCountry: 'ID', addressLocality: 'Jakarta' } } },
      ],
    ]);
    const fake = createFake(nodesWith(3, fill));
    const titles = async (input: object) => (await fake.find('payung', input)).hits.map(({ title }) => title);
    expect(await titles({ place: 'Bandung, Indonesia' })).toEqual(['Payung bandung']);
    expect(await titles({ condition: 'new' })).toEqual(['Payung jakarta']);
    expect(await titles({ shipsTo: 'Bandung' })).toEqual([]);
  });

  it('and browses without words: a category, a place, a whole shop, the newest first', async () => {
    const { fill, seller } = shopOf([
      [
        'Payung',
        {
          created: now - 2_000,
          item: { category: 'Rumah > Hujan', availableAtOrFrom: { addressCountry: 'ID', addressLocality: 'Bandung' } },
        },
      ],
      [
        'Jas hujan',
        { created: now - 1_000, item: { category: 'Rumah > Hujan', availableAtOrFrom: { addressCountry: 'ID' } } },
      ],
    ]);
    const other = shopOf([['Sepatu']]);
    const fake = createFake(nodesWith(3, (node) => fill(other.fill(node))));
    const titles = async (words: string, input: object) =>
      (await fake.find(words, input)).hits.map(({ title }) => title);
    expect(await titles('', { category: 'Hujan' })).toEqual(['Jas hujan', 'Payung']);
    expect(await titles('', { category: 'Rumah > Hujan', place: 'bandung' })).toEqual(['Payung']);
    expect(await titles('', { place: 'Indonesia' })).toEqual(['Jas hujan', 'Payung']);
    expect(await titles('', { seller: traderToText(seller.trader) })).toEqual(['Jas hujan', 'Payung']);
    // Function words only stand in no index.
    expect(await titles('dan yang', { seller: traderToText(seller.trader) })).toEqual(['Jas hujan', 'Payung']);
    expect(await titles('payung', { seller: traderToText(seller.trader) })).toEqual(['Payung']);
  });
});

describe('what cannot be searched for', () => {
  const find = (words: string, input: object = {}) => createFake(nodesWith(3)).find(words, input);
  it.each<[string, object, string]>([
    ['', {}, 'QUERY_EMPTY'],
    ['   ', {}, 'QUERY_EMPTY'],
    ['dan yang the of', {}, 'QUERY_EMPTY'],
    ['🎉🎉', {}, 'QUERY_EMPTY'],
    ['\u0000\u0007\u001b', { kind: 'goods' }, 'QUERY_EMPTY'],
    [Array.from({ length: 10_000 }, (_, at) => `word${at}`).join(' '), {}, 'QUERY_INVALID'],
    ['kopi', { minPrice: '9 IDR', maxPrice: '1 IDR' }, 'QUERY_INVALID'],
    ['kopi', { minPrice: '9 IDR', maxPrice: '10 USD' }, 'QUERY_INVALID'],
    ['kopi', { minPrice: '9' }, 'MONEY_INVALID'],
    ['kopi', { currency: 'XQZ' }, 'QUERY_INVALID'],
    ['kopi', { seller: 'nobody' }, 'ID_INVALID'],
    ['kopi', { place: '???' }, 'QUERY_INVALID'],
    ['', { place: '🎉' }, 'QUERY_INVALID'],
    ['', { category: '>' }, 'QUERY_INVALID'],
  ])('%#: is refused with what is wrong', async (words, input, code) => {
    await expect(find(words, input)).rejects.toMatchObject({ code });
  });

  it.each([
    '咖啡 印尼',
    'кофе гайо',
    'قهوة',
    'kopi\u0000\u202egayo',
    '🎉 kopi',
    'a'.repeat(2_000),
    `kopi ${'"\\\'`$(x) '.repeat(50)}`,
  ])('%#: is answered', async (words) => {
    expect((await find(words)).hits).toEqual([]);
  });
});
