import fc from 'fast-check';
import { indexOf } from '../../../protocol/search/index-terms.js';
import type { Filterable } from '../../../protocol/search/filters.js';
import type { CardIndex } from '../../../protocol/search/index-terms.js';

/** A card as tests need it: what filters see, and its index. */
export interface IndexedCard extends Filterable {
  readonly index: CardIndex;
}

/** Few words, so that cards and queries meet; in both languages, with codes, measures and things that are absent. */
const VOCABULARY =
  'lampu meja putih led fire stick firestick wh-1000xm4 sony 500 gb headphones wireless kabel without tanpa gula sugar free no battery sepatu lari pria'.split(
    ' ',
  );

export const words = (max: number) =>
  fc.array(fc.constantFrom(...VOCABULARY), { minLength: 1, maxLength: max }).map((list) => list.join(' '));

/** A card with an index of random words and a summary of random filterable fields. */
export const card: fc.Arbitrary<IndexedCard> = fc
  .record({
    title: words(8),
    description: words(20),
    brand: fc.option(fc.constantFrom('Sony', 'Amazon'), { nil: undefined }),
    category: fc
      .constantFrom<string[][]>(
        [],
        ['Home', 'Lighting'],
        ['Electronics', 'Audio', 'Headphones'],
        ['Fashion', 'Sepatu Pria'],
      )
      .map((path) => path),
    price: fc.option(
      fc.record({ amount: fc.integer({ min: 0, max: 1_000 }), currency: fc.constantFrom('IDR', 'USD') }),
      { nil: null },
    ),
    kind: fc.constantFrom('goods' as const, 'service' as const, 'digital' as const),
    availability: fc.constantFrom('InStock' as const, 'OutOfStock' as const),
    seller: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ title, description, brand, category, price, kind, availability, seller }) => ({
    trader: new Uint8Array(32).fill(seller),
    summary: { kind, category, price, availability },
    index: indexOf({ title, description, brand, category }),
  }));
