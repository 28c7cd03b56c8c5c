import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../protocol/cbor.js';
import {
  DESCRIPTION_TERMS,
  FIELD,
  indexBytes,
  indexOf,
  isIndexOf,
  MAX_COUNT,
  MAX_INDEX_BYTES,
  MAX_POSTED_TERMS,
  MAX_TERMS,
  parseIndex,
  postedTerms,
  termsOf,
  type CardIndex,
  type IndexedItem,
} from '../../../protocol/search/index-terms.js';

const words = fc.lorem({ maxCount: 60 });
const text = fc.oneof(
  words,
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
);
const item: fc.Arbitrary<IndexedItem> = fc.record(
  {
    title: text,
    description: text,
    category: fc.array(words, { maxLength: 4 }),
    brand: text,
    additionalProperty: fc.dictionary(fc.string({ maxLength: 8 }), fc.oneof(text, fc.integer(), fc.boolean()), {
      maxKeys: 5,
    }),
    keywords: fc.array(text, { maxLength: 4 }),
  },
  { requiredKeys: ['title'] },
);

const headphones: IndexedItem = {
  title: 'Sony WH-1000XM4 wireless headphones',
  brand: 'Sony',
  category: ['Electronics', 'Audio', 'Headphones'],
  additionalProperty: { colour: 'midnight blue', weight: 254, rating: '4.4', note: 'x '.repeat(41) },
  keywords: ['bluetooth'],
  description: 'Great headphones with great sound. The premium quality is great, and the battery lasts long.',
};

describe('indexOf', () => {
  it('gives the same bytes for the same listing, whatever the order of its attributes', () => {
    fc.assert(
      fc.property(item, (listing) => {
        const turned = {
          ...listing,
          additionalProperty: Object.fromEntries(Object.entries(listing.additionalProperty ?? {}).reverse()),
        };
        expect(encode(indexOf(turned))).toEqual(encode(indexOf(listing)));
      }),
    );
  });

  it('keeps to its bounds, and knows its own encoded length', () => {
    fc.assert(
      fc.property(item, fc.integer({ min: 1, max: 1_500 }), (listing, maxBytes) => {
        const index = indexOf(listing, { maxBytes });
        expect(indexBytes(index)).toBe(encode(index).length);
        expect(index.length === 0 || indexBytes(index) <= maxBytes).toBe(true);
        expect(termsOf(index).size).toBeLessThanOrEqual(MAX_TERMS);
        expect(parseIndex(index)).toEqual(index);
      }),
    );
  });

  it('says where each term stands and how often', () => {
    const terms = termsOf(indexOf(headphones));
    expect(terms.get('soni')).toEqual({ fields: FIELD.TITLE | FIELD.BRAND, count: 2 });
    expect(terms.get('headphon')).toEqual({ fields: FIELD.TITLE | FIELD.CATEGORY | FIELD.DESCRIPTION, count: 3 });
    expect(terms.get('blue')).toEqual({ fields: FIELD.ATTRIBUTE, count: 1 });
    expect(terms.get('great')).toEqual({ fields: FIELD.DESCRIPTION, count: 3 });
    for (const term of ['254', '4.4', 'x']) expect(terms.has(term), term).toBe(false);
    expect(terms.has('electron')).toBe(false);
    expect([...termsOf(indexOf({ title: 'kopi '.repeat(40) })).values()]).toEqual([
      { fields: FIELD.TITLE, count: MAX_COUNT },
    ]);
  });

  it('posts what more than the description has', () => {
    const posted = postedTerms(indexOf(headphones));
    expect(posted).toEqual(
      expect.arrayContaining(['wh1000xm4', '1000xm4', 'soni', 'headphon', 'audio', 'midnight', 'bluetooth']),
    );
    expect(posted).not.toContain('battery');
    expect(new Set(posted).size).toBe(posted.length);
  });

  it('drops common words of the description before telling ones, and those before anything that is posted', () => {
    const whole = indexOf(headphones);
    let before = termsOf(whole);
    for (let maxBytes = indexBytes(whole); maxBytes > 0; maxBytes--) {
      const now = termsOf(indexOf(headphones, { maxBytes }));
      const gone = [...before.keys()].filter((term) => !now.has(term));
      if (gone.includes('battery')) expect(now.has('premium') || now.has('great')).toBe(false);
      if (gone.some((term) => (before.get(term)?.fields ?? 0) !== FIELD.DESCRIPTION))
        expect([...now.values()].some(({ fields }) => fields === FIELD.DESCRIPTION)).toBe(false);
      before = now;
    }
    expect(before.size).toBe(0);
  });

  it('takes at most the allowed number of terms from a long description', () => {
    const index = indexOf({
      title: 'Kamus',
      description: Array.from({ length: 500 }, (_, n) => `kata${n}x`).join(' '),
    });
    expect(termsOf(index).size).toBe(1 + DESCRIPTION_TERMS);
  });
});

it('posts no more terms than a listing can be about', () => {
  const index = indexOf({ title: 'a', keywords: Array.from({ length: 150 }, (_, n) => `k${n}`) }, { maxBytes: 2_000 });
  expect(postedTerms(index)).toHaveLength(MAX_POSTED_TERMS);
  expect(parseIndex(index)).toEqual(index);
});

describe('isIndexOf', () => {
  it('accepts what any bound gives', () => {
    fc.assert(
      fc.property(item, fc.integer({ min: 8, max: MAX_INDEX_BYTES }), (listing, maxBytes) => {
        expect(isIndexOf(indexOf(listing, { maxBytes }), listing)).toBe(true);
      }),
    );
  });

  it('refuses a term that is added, left out in the middle, counted up or moved to another field', () => {
    const index = indexOf(headphones);
    const withGroup = (change: (group: CardIndex[number]) => CardIndex[number]) =>
      index.map((group, at) => (at === 0 ? change(group) : group));
    expect(isIndexOf(index, headphones)).toBe(true);
    expect(
      isIndexOf(
        withGroup(([fields, count, terms]) => [fields, count, `${terms} zzz`]),
        headphones,
      ),
    ).toBe(false);
    expect(
      isIndexOf(
        withGroup(([fields, count, terms]) => [fields, count, terms.split(' ').slice(1).join(' ')]),
        headphones,
      ),
    ).toBe(false);
    expect(
      isIndexOf(
        withGroup(([fields, count, terms]) => [fields, count + 1, terms]),
        headphones,
      ),
    ).toBe(false);
    expect(
      isIndexOf(
        withGroup(([fields, count, terms]) => [fields | FIELD.BRAND, count, terms]),
        headphones,
      ),
    ).toBe(false);
  });
});

describe('parseIndex', () => {
  const good: CardIndex = [
    [1, 1, 'lampu meja'],
    [1, 2, 'putih'],
    [16, 1, '¬kabel'],
  ];

  it('takes what is of the form', () => {
    expect(parseIndex(good)).toEqual(good);
    expect(parseIndex([])).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['no list', { 0: [1, 1, 'a'] }],
    ['null', null],
    ['a group that is no triple', [[1, 1]]],
    ['a group with more', [[1, 1, 'a', 'b']]],
    ['mask 0', [[0, 1, 'a']]],
    ['mask 32', [[32, 1, 'a']]],
    ['a mask that is no integer', [[1.5, 1, 'a']]],
    ['count 0', [[1, 0, 'a']]],
    ['count 16', [[1, 16, 'a']]],
    ['terms that are no text', [[1, 1, ['a']]]],
    ['an empty text', [[1, 1, '']]],
    ['two spaces', [[1, 1, 'a  b']]],
    ['a space at the end', [[1, 1, 'a ']]],
    ['a capital', [[1, 1, 'Abc']]],
    ['a control character', [[1, 1, 'a\u0007']]],
    ['a line feed', [[1, 1, 'a\nb']]],
    ['a lone surrogate', [[1, 1, 'a\ud800']]],
    ['a term of 41 bytes', [[1, 1, 'a'.repeat(41)]]],
    ['a term of 42 bytes in 14 characters', [[1, 1, '日'.repeat(14)]]],
    ['terms out of order', [[1, 1, 'b a']]],
    ['a term twice in a group', [[1, 1, 'a a']]],
    [
      'a term twice in two groups',
      [
        [1, 1, 'a'],
        [2, 1, 'a'],
      ],
    ],
    [
      'groups out of order',
      [
        [2, 1, 'a'],
        [1, 1, 'b'],
      ],
    ],
    [
      'counts out of order',
      [
        [1, 2, 'a'],
        [1, 1, 'b'],
      ],
    ],
    [
      'a group twice',
      [
        [1, 1, 'a'],
        [1, 1, 'b'],
      ],
    ],
    ['201 terms', [[16, 1, Array.from({ length: 201 }, (_, n) => `t${String(n).padStart(3, '0')}`).join(' ')]]],
    ['101 posted terms', [[1, 1, Array.from({ length: 101 }, (_, n) => `t${String(n).padStart(3, '0')}`).join(' ')]]],
    ['a very long text', [[1, 1, 'a'.repeat(100_000)]]],
  ])('refuses %s', (_what, value) => {
    expect(() => parseIndex(value)).toThrow(
      expect.objectContaining({ code: 'RECORD_SCHEMA', where: 'index' }) as Error,
    );
  });

  it('throws nothing else, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.array(
            fc.tuple(fc.integer({ min: 0, max: 33 }), fc.integer({ min: 0, max: 17 }), fc.string({ unit: 'binary' })),
          ),
        ),
        (value) => {
          try {
            expect(parseIndex(value)).toEqual(value);
          } catch (error) {
            expect(error).toMatchObject({ code: 'RECORD_SCHEMA' });
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
