import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparatorOf, currenciesByUse, SORT_ORDERS, sortHits, type Sortable } from '../../../protocol/search/sort.js';

const hits = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 3 }),
    score: fc.nat(5),
    created: fc.nat(5),
    price: fc.option(fc.record({ amount: fc.nat(5), currency: fc.constantFrom('IDR', 'USD', 'EUR') })),
  }),
  { selector: ({ id }) => id },
);
const order = fc.constantFrom(...SORT_ORDERS);

describe('sortHits', () => {
  it('gives one order, whatever the hits came in', () => {
    fc.assert(
      fc.property(order, hits, fc.array(fc.nat(), { minLength: 30, maxLength: 30 }), (by, all, numbers) => {
        const shuffled = all
          .map((hit, place) => ({ hit, at: numbers[place % numbers.length] ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ hit }) => hit);
        expect(sortHits(by, shuffled)).toEqual(sortHits(by, all));
      }),
    );
  });

  it('compares as a total order: never equal for two hits, the other way round the other way', () => {
    fc.assert(
      fc.property(order, hits, (by, all) => {
        const compare = comparatorOf(by, currenciesByUse(all));
        for (const a of all) {
          for (const b of all) {
            expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
            if (a !== b) expect(compare(a, b)).not.toBe(0);
            for (const c of all) if (compare(a, b) < 0 && compare(b, c) < 0) expect(compare(a, c)).toBeLessThan(0);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  const hit = (id: string, score: number, created: number, price: Sortable['price']): Sortable => ({
    id,
    score,
    created,
    price,
  });
  const some = [
    hit('a', 1, 30, { amount: 5, currency: 'USD' }),
    hit('b', 2, 20, null),
    hit('c', 3, 10, { amount: 900, currency: 'IDR' }),
    hit('d', 3, 40, { amount: 100, currency: 'IDR' }),
    hit('e', 9, 20, null),
    hit('f', 0, 0, { amount: 1, currency: 'EUR' }),
  ];

  it.each([
    ['relevance', 'ecdbaf'],
    ['newest', 'dabecf'],
    // IDR has two hits; EUR and USD one each; "on request" last.
    ['price', 'dcfaeb'],
  ] as const)('by %s', (by, expected) => {
    expect(
      sortHits(by, some)
        .map(({ id }) => id)
        .join(''),
    ).toBe(expected);
  });
});
