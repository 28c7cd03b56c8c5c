import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalIndex } from '../../../protocol/search/local-index.js';
import type { IndexedCard } from './cards.js';
import { merge, mergeStatistics, newest, rank, type Answer, type Found } from '../../../protocol/search/merge.js';
import { parseQuery } from '../../../protocol/search/query.js';
import { card, words } from './cards.js';

type Entry = Found & IndexedCard;

const entry: fc.Arbitrary<Entry> = fc
  .tuple(
    card,
    fc.integer({ min: 0, max: 6 }),
    fc.integer({ min: 0, max: 2 }),
    fc.constantFrom('d1', 'd2'),
    fc.constantFrom('r1', 'r2'),
  )
  .map(([one, id, seq, device, record]) => ({
    ...one,
    id: String(id),
    seq,
    device,
    record: `${id}/${seq}/${device}/${record}`,
  }));
const counts = fc.record({
  documents: fc.integer({ min: 0, max: 50 }),
  df: fc.dictionary(fc.constantFrom('lampu', 'meja', 'soni', 'constructor'), fc.nat(20)),
  held: fc.array(fc.nat(20), { minLength: 2, maxLength: 2 }),
});
/** Two records with one id are one record: the first card of a record stands for all. */
const answers = fc
  .array(
    fc.record({
      node: fc.constantFrom('n1', 'n2', 'n3'),
      keys: fc.constant([{ key: 'lampu' }, { key: 'meja', shard: '1' }]),
      cards: fc.array(entry, { maxLength: 8 }),
      counts,
    }),
    { maxLength: 6 },
  )
  .map((list) => {
    const byRecord = new Map<string, Entry>();
    return list.map((answer) => ({
      ...answer,
      cards: answer.cards.map((one) => {
        const same = byRecord.get(one.record) ?? one;
        byRecord.set(one.record, same);
        return same;
      }),
    }));
  });
const sameKey = (term: string) => term;

describe('merge', () => {
  it('does not depend on the order of answers or of the cards in them', () => {
    fc.assert(
      fc.property(answers, words(4), fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), (list, text, numbers) => {
        const shuffled = <T>(items: readonly T[]) =>
          items
            .map((item, index) => ({ item, place: numbers[index % numbers.length] ?? 0 }))
            .sort((a, b) => a.place - b.place)
            .map(({ item }) => item);
        const query = parseQuery(text);
        const other = shuffled(list).map((answer) => ({ ...answer, cards: shuffled(answer.cards) }));
        expect(merge(query, other, sameKey)).toEqual(merge(query, list, sameKey));
      }),
      { numRuns: 500 },
    );
  });

  it('shows every listing once, in its newest version: by seq, then device, then record', () => {
    fc.assert(
      fc.property(answers, (list) => {
        const all = list.flatMap(({ cards }) => cards);
        const shown = newest(list);
        expect(new Set(shown.map(({ id }) => id)).size).toBe(shown.length);
        for (const one of shown) {
          for (const other of all.filter(({ id }) => id === one.id)) {
            const order =
              one.seq - other.seq || one.device.localeCompare(other.device) || one.record.localeCompare(other.record);
            expect(order).toBeGreaterThanOrEqual(0);
          }
        }
        expect(shown).toHaveLength(new Set(all.map(({ id }) => id)).size);
      }),
    );
  });

  it('ranks as one machine does where every node holds everything', () => {
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ id }) => id, minLength: 1 }), words(4), (cards, text) => {
        const query = parseQuery(text);
        const index = new LocalIndex<Entry>();
        for (const one of cards) index.put(one.id, one, one.index, ['all']);
        const { hits, counts: known } = index.evaluate({ query, keys: ['all'], limit: 99 });
        const list: Answer<Entry>[] = ['n1', 'n2', 'n3'].map((node) => ({
          node,
          keys: [{ key: 'all' }],
          cards,
          counts: known,
        }));
        expect(merge(query, list, sameKey).hits.map(({ id, score }) => ({ id, score }))).toEqual(hits);
      }),
    );
  });
});

describe('mergeStatistics', () => {
  const say = (
    node: string,
    documents: number,
    df: Record<string, number>,
    held: number,
    shard?: string,
  ): Answer<Found> => ({
    node,
    keys: [{ key: 'lampu', shard }],
    cards: [],
    counts: { documents, df, held: [held] },
  });
  const lampu = (...list: Answer<Found>[]) => mergeStatistics(parseQuery('lampu'), list, sameKey);

  it('takes the middle copy of a shard and adds the shards up', () => {
    const { df } = lampu(
      say('a', 9, {}, 4, '0'),
      say('b', 9, {}, 5, '0'),
      say('c', 9, {}, 400, '0'),
      say('d', 9, {}, 3, '1'),
    );
    expect(df.get('lampu')).toBe(8);
  });

  it('takes the share of the cards held where lists are shorter', () => {
    expect(
      lampu(say('a', 100, { lampu: 10 }, 0), say('b', 100, { lampu: 30 }, 0), say('c', 100, { lampu: 20 }, 0)).df.get(
        'lampu',
      ),
    ).toBe(20);
  });

  it('is not led astray by one node that says anything', () => {
    const honest = [say('a', 100, { lampu: 10 }, 10), say('b', 120, { lampu: 12 }, 10)];
    for (const lie of [say('z', 1e15, { lampu: 1e15 }, 1e15), say('z', 1, { lampu: 1e15 }, 0), say('z', 0, {}, 0)]) {
      const { documents, df } = lampu(...honest, lie);
      expect(documents).toBeLessThanOrEqual(120);
      expect(df.get('lampu')).toBeGreaterThanOrEqual(10);
      expect(df.get('lampu')).toBeLessThanOrEqual(12);
    }
  });

  it('has an answer where nobody said anything', () => {
    expect(lampu()).toEqual({ documents: 1, df: new Map([['lampu', 0]]) });
    expect(rank(parseQuery('lampu'), [], lampu())).toEqual([]);
  });
});
