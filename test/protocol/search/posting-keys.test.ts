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
  fc
    .array(fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'), { minLength: 6, maxLength: 60 })
    .map((all) => all.join(' ')),
);
/** Of country, region and town each has so many words that no length of the others can take from it. */
const SURE_WORDS = Math.floor(MAX_PLACE_TERMS / 3);
const shortened = (text: string) => placeWords(text).slice(0, SURE_WORDS).join(' ');
const place = fc.array(name, { minLength: 1, maxLength: 3 });

describe('a card can be browsed', () => {
  it('by every level of its category, as many as a listing may have', () => {
    const category = Array.from({ length: LISTING_LIMITS.categoryLevels }, (_, at) => `Level ${at}`);
    const { item } = readItem({ sku: 'a', title: 'Kopi', category });
    expect(browseKeys(summaryOf(item, null))).toEqual(category.map(categoryKey));
  });

  it('by every place that the filter finds it in by the first five words of each name: some key that is asked for is one of its own', () => {
    fc.assert(
      fc.property(place, fc.array(name, { maxLength: 2 }), fc.infiniteStream(fc.boolean()), (named, others, kept) => {
        const words = [...named, ...others].flatMap(placeWords).filter(() => kept.next().value);
        const wanted = words.join(' ');
        fc.pre(placeWords(wanted).length > 0 && placeMatcher(wanted)(named.map(shortened)));
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

  it('by its country and its town, however long the name of its region is', () => {
    const region = 'a b c d e f g h i j k l m n o p q r s t u v';
    const keys = browseKeys({ category: [], place: ['Indonesia', region, 'Kota Malang'] });
    expect(keys).toHaveLength(MAX_PLACE_TERMS);
    expect(keys).toEqual(expect.arrayContaining(['geo:id', 'geo:kota', 'geo:malang', 'geo:a', 'geo:m']));
  });

  it.each([
    [
      ['ID', 'DKI Jakarta', 'Jakarta Selatan'],
      ['geo:id', 'geo:dki', 'geo:jakarta', 'geo:selatan'],
    ],
    [
      ['Indonesia', 'Jawa Barat', 'Kota Bandung'],
      ['geo:id', 'geo:jawa', 'geo:kota', 'geo:barat', 'geo:bandung'],
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
