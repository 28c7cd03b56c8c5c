import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FacetCounter,
  facetCountsSchema,
  MAX_FACET_VALUES,
  mergeFacets,
  medianFacets,
  type Faceted,
  type FacetCounts,
} from '../../../protocol/search/facets.js';

const summary: fc.Arbitrary<Faceted> = fc.record({
  category: fc.constantFrom([], ['Home', 'Lighting'], ['Home', 'Kitchen'], ['Shoes']),
  brand: fc.constantFrom('Sony', 'SONY', 'Besties', undefined),
  price: fc.option(
    fc.record({ amount: fc.integer({ min: 0, max: 2e9 }), currency: fc.constantFrom('IDR', 'USD', 'JPY', 'KWD') }),
  ),
  place: fc.constantFrom(['ID', 'Bali'], ['ID'], undefined),
});
const count = (summaries: readonly Faceted[]): FacetCounts => {
  const counter = new FacetCounter();
  for (const one of summaries) counter.add(one);
  return counter.counts();
};
const plain: Faceted = { category: [], price: null };

describe('facets', () => {
  it('adds up: parts counted apart and merged are the whole counted at once', () => {
    fc.assert(
      fc.property(fc.array(fc.array(summary)), (parts) => {
        const whole = count(parts.flat());
        // The form that a value is shown in may tie; its counts may not.
        const byValue = (list: FacetCounts['brand']) =>
          new Map(list.map(([value, times]) => [value.toLowerCase(), times]));
        const merged = mergeFacets(parts.map(count));
        expect(merged.price).toEqual(whole.price);
        for (const facet of ['category', 'brand', 'place'] as const)
          expect(byValue(merged[facet])).toEqual(byValue(whole[facet]));
      }),
    );
  });

  it('gives the counts back that all copies agree on, and survives the wire', () => {
    fc.assert(
      fc.property(fc.array(summary), (all) => {
        const counts = count(all);
        expect(medianFacets([counts, counts, counts])).toEqual(counts);
        expect(facetCountsSchema.parse(counts)).toEqual(counts);
      }),
    );
  });

  it('are not led astray by one copy of three', () => {
    const honest = count([{ ...plain, brand: 'Sony' }]);
    const liar: FacetCounts = {
      ...honest,
      brand: [
        ['Sony', 1e9],
        ['Fake', 1e9],
      ],
      price: [['IDR', 0, 5]],
    };
    expect(medianFacets([honest, liar, honest])).toEqual(honest);
    expect(medianFacets([honest, count([]), honest])).toEqual(honest);
  });

  it('writes a value as most sellers do, whatever the case', () => {
    const brands = ['SONY', 'Sony', 'Sony', 'soný'].map((brand) => ({ ...plain, brand }));
    expect(count(brands).brand).toEqual([['Sony', 4]]);
  });

  it('keeps the most frequent values, equally frequent ones in order of their text', () => {
    const brands = Array.from({ length: 100 }, (_, index) => `b${String(index).padStart(2, '0')}`);
    const { brand } = count([...brands, 'b77'].map((one) => ({ ...plain, brand: one })));
    expect(brand).toHaveLength(MAX_FACET_VALUES);
    expect(brand.slice(0, 3)).toEqual([
      ['b77', 2],
      ['b00', 1],
      ['b01', 1],
    ]);
  });

  it.each([
    ['a count below one', { category: [['x', 0]] }],
    ['a price that starts no band', { price: [['IDR', 3, 1]] }],
    ['an unknown currency', { price: [['XXXX', 0, 1]] }],
    ['too many values', { place: Array.from({ length: 31 }, (_, index) => [String(index), 1]) }],
  ])('refuses %s from a stranger', (_, change) => {
    expect(facetCountsSchema.safeParse({ ...count([]), ...change }).success).toBe(false);
  });
});
