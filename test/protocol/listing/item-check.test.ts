import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listingSchema } from '../../../protocol/catalog/card.js';
import { isPlainListing } from '../../../protocol/catalog/listing-check.js';
import { blobId, recordId } from '../../../protocol/ids.js';
import { isPlainItem } from '../../../protocol/listing/item-check.js';
import { listingItemSchema } from '../../../protocol/listing/item.js';

const key = new Uint8Array(32).fill(7);
const id = recordId(key);
const money = { amount: 5_000_000, currency: 'IDR' };

/** A listing with every field that there is. */
const listing = {
  kind: 'listing',
  network: 'main',
  trader: key,
  device: key,
  created: 1_800_000_000_000,
  slot: 'listing/a',
  seq: 3,
  item: {
    sku: 'a',
    kind: 'goods',
    title: 'Kopi Gayo',
    description: 'Roasted on\nMondays',
    category: ['Food', 'Coffee'],
    brand: 'Gayo',
    itemCondition: 'new',
    additionalProperty: { roast: 'dark', altitude: 1_400, organic: true },
    keywords: ['coffee', 'arabica'],
    hasVariant: [{ sku: 'a-1', title: 'Whole', price: money, inventoryLevel: null }],
    price: money,
    unitText: 'kg',
    inventoryLevel: 12,
    eligibleQuantity: { minValue: 1, maxValue: 5 },
    image: [id],
    availableAtOrFrom: { addressCountry: 'ID' },
    shippingDetails: [{ shippingDestination: 'ID', shippingRate: money }],
    pickup: true,
    acceptedPaymentMethod: ['cash'],
    conditions: { refund: id },
    inLanguage: 'id',
    validFrom: 1_800_000_000_000,
    validThrough: 1_900_000_000_000,
  },
};

/** What may stand in a field besides what should: of all types, and at the bounds. */
const ODD: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  -0,
  0,
  1,
  12,
  1.5,
  2 ** 53,
  2n ** 60n,
  1_900_000_000_001,
  8_640_000_000_000_000,
  8_640_000_000_000_001,
  Number.NaN,
  '',
  'a',
  'x ',
  'goods',
  'used',
  'listing/',
  'listing/a',
  'card/a',
  'main',
  'Main',
  'a\u0007b',
  'a\u202eb',
  'a\nb',
  'a\tb',
  '\ud800',
  ...[16, 17, 40, 41, 60, 61, 80, 81, 120, 121, 128, 129, 300, 301, 1_000, 1_001, 20_000, 20_001].map((length) =>
    'x'.repeat(length),
  ),
  key,
  new Uint8Array(31),
  [],
  ['a'],
  ['a\nb'],
  ['x'.repeat(121)],
  Array(10).fill('a'),
  Array(11).fill('a'),
  Array(50).fill('a'),
  Array(51).fill('a'),
  [id],
  [{ sku: 'a' }, { sku: 'a' }],
  {},
  { a: 'b' },
  { a: 1.5 },
  { a: '' },
  { 'a\nb': 'c' },
  { ['x'.repeat(101)]: 'c' },
  { a: ['b'] },
  Object.assign(Object.create(null), { a: 'b' }),
  Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`n${at}`, 'v'])),
  Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`n${at}`, 'v'])),
  { amount: 1, currency: 'IDR' },
  { amount: 1, currency: 'idr' },
  { amount: -1, currency: 'IDR' },
  { amount: 1, currency: 'IDR', more: 1 },
  { minValue: 3, maxValue: 2 },
  id,
  blobId(key),
];

const ITEM_PATHS = [
  ...Object.keys(listing.item).map((name) => ['item', name]),
  ['item', 'additionalProperty', 'roast'],
  ['item', 'category', 0],
  ['item', 'keywords', 1],
  ['item', 'price', 'amount'],
  ['item', 'hasVariant', 0, 'sku'],
  ['item', 'unknown'],
];
const PATHS = [...Object.keys(listing).map((name) => [name]), ...ITEM_PATHS, ['unknown']];

function withField(value: unknown, path: readonly (string | number)[], field: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return field;
  const copy: Record<string, unknown> = Object.assign(Array.isArray(value) ? [] : {}, value);
  copy[first] = withField(copy[first], rest, field);
  return copy;
}

function verdicts(value: unknown): { byHand: boolean[]; schemas: boolean[] } {
  const { item } = value as { item: unknown };
  return {
    byHand: [isPlainListing(value), isPlainItem(item)],
    schemas: [listingSchema.safeParse(value).success, listingItemSchema.safeParse(item).success],
  };
}

describe('the check of a listing by hand', () => {
  it('takes a listing with all fields, and one with those that must be there', () => {
    const { sku, kind, title, description, category, price, inventoryLevel } = listing.item;
    const bare = { ...listing, item: { sku, kind, title, description, category, price, inventoryLevel } };
    for (const each of [listing, bare]) expect(verdicts(each)).toEqual({ byHand: [true, true], schemas: [true, true] });
  });

  it('has the verdict of the schema, whatever stands in one field', () => {
    for (const path of PATHS) {
      for (const field of ODD) {
        const { byHand, schemas } = verdicts(withField(listing, path, field));
        expect(byHand, `${path.join('.')}: ${inspect(field)}`).toEqual(schemas);
      }
    }
  });

  it('has the verdict of the schema, whatever stands in some', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...ITEM_PATHS.slice(0, -5)), fc.constantFrom(...ODD)), { maxLength: 4 }),
        (changes) => {
          let value: unknown = listing;
          for (const [path, field] of changes) value = withField(value, path, field);
          const { byHand, schemas } = verdicts(value);
          expect(byHand).toEqual(schemas);
        },
      ),
    );
  });

  it('leaves listings with critical fields to the schema', () => {
    expect(isPlainListing({ ...listing, crit: [] })).toBe(false);
  });
});
