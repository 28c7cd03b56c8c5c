import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasAllWords, MATCHES, type Match } from '../../../protocol/search/all-words.js';
import { matches, parseFilters } from '../../../protocol/search/filters.js';
import { indexOf, postedTerms, termsOf } from '../../../protocol/search/index-terms.js';
import { byScore, LocalIndex } from '../../../protocol/search/local-index.js';
import type { Filterable } from '../../../protocol/search/filters.js';
import type { IndexedCard } from './cards.js';
import { rank } from '../../../protocol/search/merge.js';
import { termKey } from '../../../protocol/search/posting-keys.js';
import { EMPTY_QUERY, parseQuery, rarest, termsOfQuery } from '../../../protocol/search/query.js';
import { SORT_ORDERS, sortHits } from '../../../protocol/search/sort.js';
import { card, words } from './cards.js';

const KEYS = ['cat:home', 'seller:1', 'geo:id'];
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ id: fc.integer({ min: 0, max: 12 }).map(String), card, extra: fc.subarray(KEYS) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      id: fc.integer({ min: 0, max: 12 }).map(String),
      card: fc.constant(undefined),
      extra: fc.constant([] as string[]),
    }),
  },
);
const filters = fc
  .constantFrom(
    {},
    { kind: 'goods' },
    { currency: 'IDR', maxPrice: 500 },
    { category: 'audio' },
    { inStock: true },
    { seller: new Uint8Array(32).fill(1) },
  )
  .map(parseFilters);

type Model = Map<string, { card: IndexedCard; keys: string[] }>;

function build(steps: readonly { id: string; card: IndexedCard | undefined; extra: string[] }[]): {
  index: LocalIndex<IndexedCard>;
  model: Model;
} {
  const index = new LocalIndex<IndexedCard>();
  const model: Model = new Map();
  for (const { id, card: one, extra } of steps) {
    if (one === undefined) expect(index.remove(id)).toBe(model.delete(id));
    else {
      const keys = [...postedTerms(one.index), ...extra];
      index.put(id, one, one.index, keys);
      model.set(id, { card: one, keys });
    }
  }
  return { index, model };
}

describe('LocalIndex', () => {
  it('answers as a scorer would that reads every card, after any puts and removals', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        words(5),
        filters,
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        fc.constantFrom(...MATCHES),
        (steps, text, wanted, limit, browse, match) => {
          const { index, model } = build(steps);
          const query = browse ? EMPTY_QUERY : parseQuery(text);
          const keys = browse ? KEYS : rarest(query, (term) => index.documentFrequency(term), 3);
          const df = (term: string) => [...model.values()].filter((held) => termsOf(held.card.index).has(term)).length;
          const statistics = {
            documents: model.size,
            df: new Map(termsOfQuery(query).map((term) => [term, df(term)])),
          };
          const candidates = [...model].filter(
            ([, held]) => keys.some((key) => held.keys.includes(key)) && matches(wanted, held.card),
          );
          const any = rank(
            query,
            candidates.map(([id, held]) => ({ id, seq: 0, device: '', record: '', index: held.card.index })),
            statistics,
          );
          const all = any.filter(({ card: { index: terms } }) => browse || hasAllWords(query, terms));
          const answering = match === 'any' || (match === 'all-else-any' && all.length === 0) ? any : all;
          const expected = answering.map(({ id, score }) => ({ id, score }));

          const asked = { query, keys, filters: wanted, limit, match };
          const { hits, truncated, matched, counts } = index.evaluate(asked);
          expect(hits).toEqual(expected.slice(0, limit));
          expect(truncated).toBe(expected.length > limit);
          expect(matched).toBe(expected.length);
          expect(counts.documents).toBe(model.size);
          expect(counts.held).toEqual(
            keys.map((key) => [...model.values()].filter((held) => held.keys.includes(key)).length),
          );
          for (const term of termsOfQuery(query)) expect(counts.df[term]).toBe(df(term));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('knows what it holds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { index, model } = build(steps);
        expect(index.size).toBe(model.size);
        expect([...index.ids()].sort()).toEqual([...model.keys()].sort());
        for (const [id, held] of model) {
          expect(index.get(id)).toBe(held.card);
          expect(index.keysOf(id).sort()).toEqual([...new Set(held.keys)].sort());
        }
      }),
    );
  });

  it('answers only from cards held under a key that is asked', () => {
    const index = new LocalIndex<IndexedCard>();
    const one = {
      trader: new Uint8Array(32),
      summary: { kind: 'goods' as const, category: [], price: null, availability: 'InStock' as const },
      index: indexOf({ title: 'lampu meja' }),
    };
    index.put('a', one, one.index, ['lampu']);
    expect(index.evaluate({ query: parseQuery('lampu meja'), keys: ['meja'], limit: 9 }).hits).toEqual([]);
    expect(index.evaluate({ query: parseQuery('lampu meja'), keys: ['lampu'], limit: 9 }).hits).toHaveLength(1);
  });

  it('counts what answers, and not what has only some of the words where all are wanted', () => {
    const index = new LocalIndex<IndexedCard>();
    const put = (id: string, title: string, category: string): void => {
      const summary = { kind: 'goods' as const, category: [category], price: null, availability: 'InStock' as const };
      const one = { trader: new Uint8Array(32), summary, index: indexOf({ title }) };
      index.put(id, one, one.index, postedTerms(one.index).map(termKey));
    };
    put('a', 'lampu meja', 'Rumah');
    put('b', 'lampu putih', 'Kantor');
    put('c', 'meja putih', 'Kantor');
    const ask = (text: string, match: Match) => {
      const query = parseQuery(text);
      const { matched, parts } = index.evaluate({
        query,
        keys: query.words.map(termKey),
        limit: 9,
        match,
        facets: true,
      });
      return [matched, parts.map((part) => part.matched), parts.map((part) => part.facets?.category)];
    };
    expect(ask('lampu meja', 'any')).toEqual([
      3,
      [2, 1],
      [
        [
          ['Kantor', 1],
          ['Rumah', 1],
        ],
        [['Kantor', 1]],
      ],
    ]);
    for (const match of ['all', 'all-else-any'] as const)
      expect(ask('lampu meja', match)).toEqual([1, [1, 0], [[['Rumah', 1]], []]]);
    expect(ask('lampu sepatu', 'all')[0]).toBe(0);
    expect(ask('lampu sepatu', 'all-else-any')[0]).toBe(2);
  });

  it('keeps every card findable when names are given and taken away, and when what was freed is put together', () => {
    const names = ['a', 'b', 'c', 'd'];
    const change = fc.record({
      id: fc.integer({ min: 0, max: 400 }).map(String),
      keys: fc.subarray(names),
      how: fc.constantFrom('put', 'put', 'rename', 'remove'),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 600, maxLength: 900 }), card, (changes, one) => {
        const index = new LocalIndex<IndexedCard>();
        const model = new Map<string, string[]>();
        for (const { id, keys, how } of changes) {
          if (how === 'put' && keys.length > 0) {
            index.put(id, one, one.index, keys);
            model.set(id, keys);
          } else if (how === 'rename' && keys.length > 0) {
            expect(index.rename(id, keys)).toBe(model.has(id));
            if (model.has(id)) model.set(id, keys);
          } else if (how === 'remove') expect(index.remove(id)).toBe(model.delete(id));
        }
        for (const name of names) {
          const ids = [...model].flatMap(([id, keys]) => (keys.includes(name) ? [id] : [])).sort();
          expect([...index.under(name)].sort()).toEqual(ids);
          const { hits, counts } = index.evaluate({ query: EMPTY_QUERY, keys: [name], limit: 1_000 });
          expect(hits.map(({ id }) => id)).toEqual(ids);
          expect(counts.held).toEqual([ids.length]);
        }
        for (const [term] of termsOf(one.index)) expect(index.documentFrequency(term)).toBe(model.size);
        expect([...index.names()].sort()).toEqual([...new Set([...model.values()].flat())].sort());
      }),
      { numRuns: 20 },
    );
  });

  it('gives others their place beside a flood of one seller, and all of the flood where there are no others', () => {
    const index = new LocalIndex<Filterable>();
    const put = (id: string, seller: number, title: string) => {
      const trader = new Uint8Array(32).fill(seller);
      const summary = { kind: 'goods' as const, category: [], price: null, availability: 'InStock' as const };
      index.put(id, { trader, summary }, indexOf({ title }), ['payung']);
    };
    for (let number = 0; number < 10_000; number++) put(`flood ${number}`, 1, 'payung ungu');
    for (let seller = 2; seller < 10; seller++) put(`seller ${seller}`, seller, 'payung lipat ungu besar murah');
    const evaluate = (limit: number, perSeller: number) =>
      index.evaluate({ query: parseQuery('payung ungu'), keys: ['payung'], limit, perSeller }).hits.map(({ id }) => id);
    const count = (ids: readonly string[], start: string) => ids.filter((id) => id.startsWith(start)).length;
    expect(count(evaluate(50, 0), 'seller')).toBe(0);
    const capped = evaluate(50, 10);
    // The others all, the flood's cap, and what is left of the list filled up by it; in order of their scores.
    expect([count(capped, 'seller'), count(capped, 'flood')]).toEqual([8, 42]);
    expect(capped.slice(42).every((id) => id.startsWith('seller'))).toBe(true);
    expect(evaluate(10_008, 10)).toHaveLength(10_008);
  });

  it('sorts as the rules of sorting say, and hits are those that come first', () => {
    fc.assert(
      fc.property(
        fc.array(card, { maxLength: 30 }),
        fc.constantFrom(...SORT_ORDERS),
        fc.integer({ min: 1, max: 12 }),
        (cards, sort, limit) => {
          const index = new LocalIndex<IndexedCard & { created: number }>();
          const all = cards.map((one, at) => ({ ...one, created: (at * 7) % 5 }));
          all.forEach((one, at) => index.put(String(at), one, one.index, ['all']));
          const { hits } = index.evaluate({ query: EMPTY_QUERY, keys: ['all'], limit, sort });
          const sortable = all.map((one, at) => ({
            id: String(at),
            score: 0,
            created: one.created,
            price: one.summary.price,
          }));
          expect(hits.map(({ id }) => id)).toEqual(
            sortHits(sort, sortable)
              .slice(0, limit)
              .map(({ id }) => id),
          );
        },
      ),
    );
  });

  it('takes statistics that the reader knows better', () => {
    const index = new LocalIndex<Filterable>();
    const put = (id: string, title: string) => {
      index.put(
        id,
        { trader: new Uint8Array(32), summary: { kind: 'goods', category: [], price: null, availability: 'InStock' } },
        indexOf({ title }),
        ['all'],
      );
    };
    put('a', 'lampu putih');
    put('b', 'meja putih');
    const first = (lampu: number, meja: number) =>
      index.evaluate({
        query: parseQuery('lampu meja'),
        keys: ['all'],
        limit: 1,
        statistics: { documents: 100, df: new Map(Object.entries({ lampu, meja })) },
      }).hits[0]?.id;
    expect(first(1, 50)).toBe('a');
    expect(first(50, 1)).toBe('b');
  });

  it('orders equal scores by id', () => {
    const entries = ['b', 'a', 'ab', 'B'].map((id) => ({ id, score: 1 }));
    expect([...entries, { id: 'z', score: 2 }].sort(byScore).map(({ id }) => id)).toEqual(['z', 'B', 'a', 'ab', 'b']);
  });
});
