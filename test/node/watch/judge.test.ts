import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, type Found, type Match, type Tiding } from '../../../node/watch/judge.js';

const found: fc.Arbitrary<Found> = fc.record({
  seq: fc.integer({ min: 1, max: 6 }),
  device: fc.constantFrom('a', 'b'),
  record: fc.constantFrom('r', 's'),
  price: fc.option(fc.record({ amount: fc.integer({ min: 1, max: 4 }), currency: fc.constantFrom('IDR', 'USD') }), {
    nil: null,
  }),
  availability: fc.constantFrom('InStock' as const, 'LimitedAvailability' as const, 'OutOfStock' as const),
  validUntil: fc.constant(1),
});

/** What is told of what comes in, one after the other. */
function tell(all: readonly Found[], inStock = false, first = 0): Tiding[][] {
  let match: Match | undefined;
  return all.map((one, at) => {
    const judged = judge(match, one, { first: at < first, inStock });
    match = judged?.match ?? match;
    return [...(judged?.tidings ?? [])];
  });
}

const base: Found = {
  seq: 1,
  device: 'a',
  record: 'r',
  price: { amount: 100, currency: 'IDR' },
  availability: 'InStock',
  validUntil: 1,
};
const cheaper = { ...base, seq: 2, price: { amount: 80, currency: 'IDR' } };
const soldOut = { ...base, seq: 3, availability: 'OutOfStock' as const };
const back = { ...base, seq: 4, price: { amount: 70, currency: 'IDR' } };

describe('what a watch tells', () => {
  it('is a match, then each lower price, then that it is back in stock', () => {
    expect(tell([base, cheaper, soldOut, back])).toEqual([
      [{ type: 'watch-match' }],
      [{ type: 'price-drop', was: { amount: 100, currency: 'IDR' } }],
      [],
      // The price that was seen last was that of the sold-out one.
      [{ type: 'price-drop', was: { amount: 100, currency: 'IDR' } }, { type: 'back-in-stock' }],
    ]);
  });

  it('leaves out what was there when the watch began, but not what becomes of it', () => {
    expect(tell([base, cheaper], false, 1)).toEqual([[], [{ type: 'price-drop', was: base.price }]]);
  });

  it('compares prices of one currency only', () => {
    const dollars = { ...base, seq: 2, price: { amount: 1, currency: 'USD' } };
    const onRequest = { ...base, seq: 3, price: null };
    expect(tell([base, dollars, onRequest, back])).toEqual([[{ type: 'watch-match' }], [], [], []]);
  });

  it('is a match only when it can be bought, where only that is wanted', () => {
    const before = { ...soldOut, seq: 1 };
    expect(tell([before, { ...base, seq: 2 }], true)).toEqual([[], [{ type: 'watch-match' }]]);
    expect(tell([before, { ...base, seq: 2 }], true, 1)).toEqual([[], [{ type: 'watch-match' }]]);
  });

  it('is nothing for what came before, in whatever order and however often it comes', () => {
    fc.assert(
      fc.property(fc.array(found, { minLength: 1, maxLength: 12 }), fc.boolean(), (all, inStock) => {
        const told = tell([...all, ...all], inStock);
        expect(told.slice(all.length).flat()).toEqual([]);
        const matches = told.flat().filter(({ type }) => type === 'watch-match');
        expect(matches.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('ends with the newest version remembered, whatever the order in which versions come', () => {
    fc.assert(
      fc.property(fc.array(found, { minLength: 1, maxLength: 8 }), (all) => {
        const order = (a: Found, b: Found): number =>
          a.seq - b.seq || (a.device > b.device ? 1 : a.device < b.device ? -1 : 0) || (a.record > b.record ? 1 : -1);
        let match: Match | undefined;
        for (const one of all) match = judge(match, one, { first: false, inStock: false })?.match ?? match;
        const newest = all.toSorted(order).at(-1);
        expect([match?.seq, match?.device, match?.record]).toEqual([newest?.seq, newest?.device, newest?.record]);
      }),
    );
  });
});
