import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches, parseFilters } from '../../../protocol/search/filters.js';
import { indexOf, postedTerms, termsOf } from '../../../protocol/search/index-terms.js';
import { byScore, LocalIndex } from '../../../protocol/search/local-index.js';
import type { Filterable } from '../../../protocol/search/filters.js';
import type { IndexedCard } from './cards.js';
import { rank } from '../../../protocol/search/merge.js';
import { EMPTY_QUERY, parseQuery, rarest, termsOfQuery } from '../../../protocol/search/query.js';
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
        (steps, text, wanted, limit, browse) => {
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
          const expected = rank(
            query,
            candidates.map(([id, held]) => ({ id, seq: 0, device: '', record: '', index: held.card.index })),
            statistics,
          ).map(({ id, score }) => ({ id, score }));

          const { hits, truncated, matched, counts } = index.evaluate({ query, keys, filters: wanted, limit });
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
