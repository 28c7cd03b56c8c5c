import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainCard } from '../../../protocol/catalog/card-check.js';
import { cardSchema } from '../../../protocol/catalog/card.js';
import { blobId, recordId } from '../../../protocol/ids.js';

const key = new Uint8Array(32).fill(7);
const id = recordId(key);

/** A card with every field that there is. */
const card = {
  kind: 'card',
  network: 'main',
  trader: key,
  device: key,
  created: 1_800_000_000_000,
  slot: 'card/a',
  seq: 3,
  listing: id,
  summary: {
    title: 'Kopi Gayo',
    kind: 'goods',
    category: ['Food', 'Coffee'],
    brand: 'Gayo',
    price: { amount: 5_000_000, currency: 'IDR' },
    unitText: 'kg',
    availability: 'InStock',
    itemCondition: 'new',
    place: ['ID', 'Aceh'],
    shipsTo: ['ID'],
    conditions: id,
    inLanguage: 'id',
  },
  index: [
    [1, 1, 'gayo kopi'],
    [4, 2, 'coffe'],
  ],
  validUntil: 1_900_000_000_000,
};

/** What may stand in a field besides what should: of all types, and at the bounds. */
const ODD: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  0,
  1,
  15,
  16,
  31,
  32,
  1.5,
  2 ** 53,
  2n ** 60n,
  8_640_000_000_000_000,
  8_640_000_000_000_001,
  Number.NaN,
  '',
  'a',
  'goods',
  'card/',
  'card/x',
  'listing/x',
  'main',
  'Main',
  'a\u0007b',
  'a\u202eb',
  'a\nb',
  '\ud800',
  ...[120, 121, 160, 161, 300, 301, 1_024, 1_025].map((length) => 'x'.repeat(length)),
  key,
  new Uint8Array(31),
  [],
  ['a'],
  Array(3).fill('a'),
  Array(10).fill('a'),
  Array(11).fill('a'),
  [[1, 1, 'a']],
  [[1, 1]],
  Array(129).fill([1, 1, 'a']),
  {},
  { amount: 1, currency: 'IDR' },
  { amount: 1, currency: 'idr' },
  { amount: -1, currency: 'IDR' },
  { amount: 1, currency: 'IDR', more: 1 },
  id,
  blobId(key),
];

const PATHS = [
  ...Object.keys(card).map((name) => [name]),
  ...Object.keys(card.summary).map((name) => ['summary', name]),
  ['summary', 'price', 'amount'],
  ['summary', 'price', 'currency'],
  ['summary', 'category', 0],
  ['summary', 'place', 1],
  ['summary', 'shipsTo', 0],
  ['index', 0],
  ['index', 0, 0],
  ['index', 0, 1],
  ['index', 0, 2],
  ['unknown'],
  ['summary', 'unknown'],
];

function withField(value: unknown, path: readonly (string | number)[], field: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return field;
  const copy: Record<string, unknown> = Object.assign(Array.isArray(value) ? [] : {}, value);
  copy[first] = withField(copy[first], rest, field);
  return copy;
}

const odd = fc.constantFrom(...ODD);

describe('the check of a card by hand', () => {
  it('takes a card with all fields, and one with those that must be there', () => {
    const { title, kind, category, availability } = card.summary;
    const bare = { ...card, summary: { title, kind, category, availability, price: null }, index: [] };
    for (const each of [card, bare])
      expect([isPlainCard(each), cardSchema.safeParse(each).success]).toEqual([true, true]);
  });

  it('has the verdict of the schema, whatever stands in one field', () => {
    for (const path of PATHS) {
      for (const field of ODD) {
        const value = withField(card, path, field);
        expect(isPlainCard(value), path.join('.')).toBe(cardSchema.safeParse(value).success);
      }
    }
  });

  it('has the verdict of the schema, whatever stands in some', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...PATHS.slice(11)), odd), { maxLength: 3 }), (changes) => {
        let value: unknown = card;
        for (const [path, field] of changes) {
          if (path[0] !== 'index' || !Array.isArray(field)) value = withField(value, path, field);
        }
        expect(isPlainCard(value)).toBe(cardSchema.safeParse(value).success);
      }),
    );
  });

  it('leaves cards with critical fields to the schema', () => {
    expect(isPlainCard({ ...card, crit: [] })).toBe(false);
  });
});
