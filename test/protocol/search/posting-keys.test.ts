import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summaryOf } from '../../../protocol/catalog/summary.js';
import { readItem } from '../../../protocol/listing/input.js';
import { LISTING_LIMITS } from '../../../protocol/listing/item.js';
import { MAX_PLACE_TERMS, placeAlternatives, placeMatcher, placeWords } from '../../../protocol/search/places.js';
import { browseKeys, categoryKey, placeKey } from '../../../protocol/search/posting-keys.js';

/** Names as people write them, of countries that share words with others and with towns; and any text. */
const NAMES =
  'ID|Indonesia|US|United States|Amerika Serikat|UAE|Inggris Raya|Korea Selatan|Republic of Korea|DKI Jakarta|Jakarta Selatan|Jakarta, Indonesia|Kota Bandung|Jawa Barat|New York|ßßß|東京 Tokyo';
const name = fc.oneof(
  fc.constantFrom(...NAMES.split('|')),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
);
const place = fc.array(name, { minLength: 1, maxLength: 3 });

describe('a card can be browsed', () => {
  it('by every level of its category, as many as a listing may have', () => {
    const category = Array.from({ length: LISTING_LIMITS.categoryLevels }, (_, at) => `Level ${at}`);
    const { item } = readItem({ sku: 'a', title: 'Kopi', category });
    expect(browseKeys(summaryOf(item, null))).toEqual(category.map(categoryKey));
  });

  it('by every place that the filter finds it in: some key that is asked for is one of its own', () => {
    fc.assert(
      fc.property(place, fc.array(name, { maxLength: 2 }), fc.infiniteStream(fc.boolean()), (named, others, kept) => {
        const words = [...named, ...others].flatMap(placeWords).filter(() => kept.next().value);
        const wanted = words.join(' ');
        fc.pre(placeWords(wanted).length > 0 && placeMatcher(wanted)(named));
        fc.pre(named.flatMap(placeWords).length <= MAX_PLACE_TERMS);
        const keys = browseKeys({ category: [], place: named });
        expect(
          placeAlternatives(wanted)
            .map(placeKey)
            .filter((key) => keys.includes(key)),
        ).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [
      ['ID', 'DKI Jakarta', 'Jakarta Selatan'],
      ['geo:id', 'geo:dki', 'geo:jakarta', 'geo:selatan'],
    ],
    [
      ['Indonesia', 'Jawa Barat', 'Kota Bandung'],
      ['geo:id', 'geo:jawa', 'geo:barat', 'geo:kota', 'geo:bandung'],
    ],
    [
      ['Amerika Serikat', 'CA'],
      ['geo:us', 'geo:ca'],
    ],
  ])('by the words of %j, and a country by its code', (named, keys) => {
    expect(browseKeys({ category: [], place: named })).toEqual(keys);
  });

  it.each([
    ['Jakarta', ['jakarta']],
    ['jakarta SELATAN', ['jakarta']],
    ['Bandung, Indonesia', ['bandung']],
    ['ID', ['id']],
    ['Indonesia', ['indonesia', 'id']],
    ['United States', ['states', 'us']],
    ['united', ['united', 'ae', 'gb', 'us']],
  ])('in %s where one word of it, or a country that has it in a name, is a key', (wanted, asked) => {
    expect(placeAlternatives(wanted)).toEqual(asked);
  });
});
