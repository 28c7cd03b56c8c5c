import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bandFrom, bandsForPeople, bandStart, isBandStart } from '../../../protocol/search/price-bands.js';

const currency = fc.constantFrom('IDR', 'USD', 'JPY', 'KWD', 'CLF');
const amount = fc.oneof(fc.nat(), fc.maxSafeNat());

describe('price bands', () => {
  it('have each price in exactly one', () => {
    fc.assert(
      fc.property(amount, currency, (price, code) => {
        const { from, to = Infinity } = bandFrom(bandStart(price, code), code);
        expect(isBandStart(from, code)).toBe(true);
        expect(from).toBeLessThanOrEqual(price);
        expect(price).toBeLessThan(to);
      }),
    );
  });

  it('start at 1, 2 and 5 of each decade of major units', () => {
    expect([0, 99, 100, 199, 200, 499, 500, 999, 1_000, 15_000_000].map((price) => bandStart(price, 'IDR'))).toEqual([
      0, 0, 100, 100, 200, 200, 500, 500, 1_000, 10_000_000,
    ]);
    expect([0, 1, 4, 5].map((price) => bandStart(price, 'JPY'))).toEqual([0, 1, 2, 5]);
    expect(bandFrom(0, 'KWD')).toEqual({ currency: 'KWD', from: 0, to: 1_000 });
    expect(bandFrom(5e15, 'JPY')).toEqual({ currency: 'JPY', from: 5e15 });
  });
});

describe('bandsForPeople', () => {
  const counted = fc
    .uniqueArray(fc.tuple(amount, currency), {
      selector: ([price, code]) => `${bandStart(price, code)} ${code}`,
      maxLength: 30,
    })
    .chain((prices) =>
      fc.tuple(
        ...prices.map(([price, code]) =>
          fc.record({
            currency: fc.constant(code),
            from: fc.constant(bandStart(price, code)),
            count: fc.integer({ min: 1, max: 100 }),
          }),
        ),
      ),
    );

  it('keeps every hit, within the number, ascending and without a gap', () => {
    fc.assert(
      fc.property(counted, fc.integer({ min: 1, max: 8 }), (bands, most) => {
        const shown = bandsForPeople(bands, most);
        const codes = [...new Set(shown.map((band) => band.currency))];
        expect(new Set(codes)).toEqual(new Set(bands.map((band) => band.currency)));
        for (const code of codes) {
          const of = shown.filter((band) => band.currency === code);
          const sum = (list: readonly { count: number }[]) => list.reduce((total, { count }) => total + count, 0);
          expect(of.length).toBeLessThanOrEqual(most);
          expect(sum(of)).toBe(sum(bands.filter((band) => band.currency === code)));
          of.slice(1).forEach((band, place) => expect(of[place]?.to).toBe(band.from));
        }
      }),
    );
  });

  it('joins where the fewest hits are', () => {
    const bands = [
      [100, 50],
      [200, 2],
      [500, 3],
      [1_000, 40],
      [10_000, 9],
    ].map(([from = 0, count = 0]) => ({ currency: 'USD', from, count }));
    expect(bandsForPeople(bands, 3)).toEqual([
      { currency: 'USD', from: 100, to: 200, count: 50 },
      { currency: 'USD', from: 200, to: 10_000, count: 45 },
      { currency: 'USD', from: 10_000, to: 20_000, count: 9 },
    ]);
  });
});
