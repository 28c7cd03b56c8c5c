import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEEDBACK, rerank } from '../../../protocol/search/feedback.js';
import { indexOf } from '../../../protocol/search/index-terms.js';
import { parseQuery } from '../../../protocol/search/query.js';
import { sortHits } from '../../../protocol/search/sort.js';

interface Card {
  readonly id: string;
  readonly category: readonly string[];
}
const hit = (id: string, score: number, category: readonly string[], title = id) => ({
  id,
  score,
  card: { id, seq: 0, device: '', record: '', index: indexOf({ title }), category },
});
const query = parseQuery('ugg');
const categoryOf = ({ category }: Card) => category;
const idsOf = (hits: readonly { readonly id: string }[]) => hits.map(({ id }) => id);

describe('rerank', () => {
  it('moves up what is of the best hits’ category, and keeps the order within one', () => {
    const hits = [
      hit('a', 100, ['Shoes', 'Slippers'], 'ugg'),
      hit('b', 95, ['Shoes', 'Slippers'], 'ugg'),
      hit('c', 60, ['Care', 'Cleaners'], 'ugg'),
      hit('d', 59, ['Shoes', 'Slippers'], 'ugg'),
    ];
    expect(idsOf(rerank(query, hits, categoryOf))).toEqual(['a', 'b', 'd', 'c']);
  });

  it('moves up what has the words that the best hits’ titles share, but not the words of the query', () => {
    const best = ['chestnut', 'black', 'pink'].map((colour, place) =>
      hit(colour, 100 - place, [], `ugg ${colour} slipper`),
    );
    const others = [hit('twice', 90, [], 'ugg ugg care kit'), hit('like', 89, [], 'grey slipper of ugg')];
    const many = Array.from({ length: 30 }, (_, place) => hit(`x${place}`, 80 - place, [], `ugg thing${place}`));
    const found = rerank(query, [...best, ...others, ...many], categoryOf, { ...FEEDBACK, best: 3 });
    expect(idsOf(found).slice(3, 5)).toEqual(['like', 'twice']);
    expect(found.find(({ id }) => id === 'twice')?.feedback).toEqual({ category: 0, title: 0 });
  });

  const hits = fc
    .uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1, maxLength: 3 }),
        score: fc.integer({ min: 1, max: 9_000 }),
        title: fc.constantFrom('ugg slipper', 'ugg boot grey', 'cleaner', 'lampu meja', 'ugg'),
        category: fc.constantFrom([], ['Shoes'], ['Shoes', 'Boots'], ['Care']),
      }),
      { selector: ({ id }) => id, maxLength: 40 },
    )
    .map((all) =>
      sortHits(
        'relevance',
        all.map((one) => ({ ...hit(one.id, one.score, one.category, one.title), created: 0, price: null })),
      ),
    );

  it('loses and adds no hit, and says what it gave to each', () => {
    fc.assert(
      fc.property(hits, (all) => {
        const before = new Map(all.map(({ id, score }) => [id, score]));
        const after = rerank(query, all, categoryOf);
        expect(new Set(idsOf(after))).toEqual(new Set(before.keys()));
        expect(after).toHaveLength(all.length);
        const most = all[0]?.score ?? 0;
        for (const { id, score, feedback } of after) {
          expect(score).toBe((before.get(id) ?? 0) + feedback.category + feedback.title);
          for (const given of [feedback.category, feedback.title]) expect(given).toBeGreaterThanOrEqual(0);
          expect(feedback.category).toBeLessThanOrEqual(Math.ceil(FEEDBACK.category * most));
          expect(feedback.title).toBeLessThanOrEqual(Math.ceil(FEEDBACK.title * most));
        }
        expect(idsOf(after)).toEqual(
          idsOf(
            sortHits(
              'relevance',
              after.map((one) => ({ ...one, created: 0, price: null })),
            ),
          ),
        );
      }),
    );
  });

  it('changes nothing where nothing was scored', () => {
    const none = { category: 0, title: 0 };
    expect(rerank(query, [hit('a', 0, ['X'])], categoryOf)).toEqual([{ ...hit('a', 0, ['X']), feedback: none }]);
    const nothing: ReturnType<typeof hit>[] = [];
    expect(rerank(query, nothing, categoryOf)).toEqual([]);
  });
});
