import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summaryOf } from '../../../protocol/catalog/summary.js';
import { readItem } from '../../../protocol/listing/input.js';
import { cardContradicts, type Indexed } from '../../../protocol/search/card-contradicts.js';
import { FIELD, indexBytes, indexOf, type CardIndex } from '../../../protocol/search/index-terms.js';
import { sharedPath } from '../../support/shared.js';
import { words } from './cards.js';

/** The card of a listing, its index cut to so many bytes. */
function cardOf(value: unknown, maxBytes?: number): Indexed {
  const { item } = readItem(value);
  return { summary: summaryOf(item, null), index: indexOf(item, maxBytes === undefined ? {} : { maxBytes }) };
}

const long = fc.lorem({ maxCount: 120 }).map((text) => text.slice(0, 300).trim());
const listing = fc.record(
  {
    sku: fc.constant('a'),
    title: fc.oneof(
      words(20),
      long,
      fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 120 })
        .map((text) => `x ${text.replaceAll(/[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/gu, '')}`.slice(0, 300)),
    ),
    description: words(40),
    brand: words(3),
    category: fc.array(words(8), { minLength: 1, maxLength: 6 }),
  },
  { requiredKeys: ['sku', 'title'] },
);

const SHOES = { sku: 'a', title: 'Sepatu lari pria', brand: 'Ardiles', category: ['Fashion', 'Sepatu Pria'] };

/** The index of shoes with one group more. */
function withGroup(group: CardIndex[number]): Indexed {
  const { summary, index } = cardOf(SHOES);
  return { summary, index: [...index, group] };
}

describe('cardContradicts', () => {
  it('is false of every card that is made of its listing, however its index is shortened', () => {
    fc.assert(
      fc.property(listing, fc.integer({ min: 0, max: 400 }), (value, maxBytes) => {
        expect(cardContradicts(cardOf(value))).toBe(false);
        expect(cardContradicts(cardOf(value, maxBytes))).toBe(false);
      }),
    );
  });

  describe.each(['catalog-esci.ndjson.gz', 'catalog-id.ndjson.gz'])('%s', (name) => {
    const path = sharedPath('data', name);

    it.skipIf(path === undefined)(`has no card of which it is true (skipped without ../shared/data/${name})`, () => {
      const lines = gunzipSync(readFileSync(path ?? ''))
        .toString('utf8')
        .trimEnd()
        .split('\n')
        .filter((_, at) => at % 5 === 0);
      expect(lines.filter((line) => cardContradicts(cardOf(JSON.parse(line)))).slice(0, 3)).toEqual([]);
    });
  });

  it('is true where the index is that of another thing', () => {
    const { summary } = cardOf(SHOES);
    const { index } = cardOf({ sku: 'b', title: 'iPhone 15 pro', brand: 'Apple' });
    expect(cardContradicts({ summary, index })).toBe(true);
  });

  it('is true where a word stands as of the title, brand or category that does not have it', () => {
    expect(cardContradicts(withGroup([FIELD.TITLE, 2, 'iphone']))).toBe(true);
    expect(cardContradicts(withGroup([FIELD.BRAND, 2, 'nike']))).toBe(true);
    expect(cardContradicts(withGroup([FIELD.CATEGORY, 2, 'elektronik']))).toBe(true);
    // An attribute or a word of the description is only in the listing: the card cannot show it false.
    expect(cardContradicts(withGroup([FIELD.ATTRIBUTE, 2, 'iphone']))).toBe(false);
  });

  it('is true where a word of the title is left out or is no word of the title, and others follow', () => {
    const { summary, index } = cardOf(SHOES);
    const without = (term: string): CardIndex =>
      index.flatMap(([fields, count, text]): CardIndex => {
        const left = text.split(' ').filter((each) => each !== term);
        return left.length === 0 ? [] : [[fields, count, left.join(' ')]];
      });
    const [first] = indexOf({ title: 'lari' });
    const term = first?.[2] ?? '';
    expect(indexBytes(without(term))).toBeLessThan(indexBytes(index));
    expect(cardContradicts({ summary, index: without(term) })).toBe(true);
    const moved: CardIndex = [...without(term), [FIELD.DESCRIPTION, 1, term]];
    expect(cardContradicts({ summary, index: moved })).toBe(true);
  });
});
