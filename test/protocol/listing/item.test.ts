import { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../../protocol/cbor.js';
import { blobId } from '../../../protocol/ids.js';
import { listingItemSchema, type ListingItem } from '../../../protocol/listing/item.js';

const picture = blobId(Uint8Array.of(1, 2, 3));

const least: ListingItem = {
  sku: 'B-1',
  kind: 'goods',
  title: 'Batik tulis',
  description: '',
  category: [],
  price: null,
  inventoryLevel: null,
};

const full: ListingItem = {
  ...least,
  description: 'Two metres.\nCotton.',
  category: ['Fashion', 'Batik'],
  brand: 'Sekar',
  itemCondition: 'new',
  additionalProperty: { color: 'indigo', length: 2, handmade: true, rating: '4.4' },
  keywords: ['batik', 'kain'],
  hasVariant: [{ sku: 'B-1-red', title: 'Red', price: { amount: 1, currency: 'IDR' }, inventoryLevel: 3 }],
  price: { amount: 15_000_000, currency: 'IDR' },
  unitText: 'metre',
  inventoryLevel: 12,
  eligibleQuantity: { minValue: 1, maxValue: 10 },
  image: [picture],
  availableAtOrFrom: {
    addressCountry: 'ID',
    addressLocality: 'Solo',
    latitudeE6: -7_575_489,
    longitudeE6: 110_824_327,
  },
  shippingDetails: [
    { shippingDestination: 'Indonesia', shippingRate: { amount: 0, currency: 'IDR' }, minDays: 1, maxDays: 3 },
  ],
  pickup: true,
  acceptedPaymentMethod: ['bank transfer'],
  conditions: { refund: picture },
  inLanguage: 'en',
  validFrom: 1,
  validThrough: 2,
};

describe('an item on the wire', () => {
  it.each([
    ['the least', least],
    ['everything', full],
  ])('may have %s, and survives encoding', (_, item) => {
    expect(listingItemSchema.parse(decode(encode(item)))).toEqual(item);
  });

  it('keeps fields that this version does not know, at every level', () => {
    const newer = {
      ...full,
      weightGrams: 300,
      availableAtOrFrom: { postalCode: '57111' },
      shippingDetails: [{ shippingDestination: 'Java', carrier: 'JNE' }],
    };
    expect(listingItemSchema.parse(newer)).toEqual(newer);
  });

  it.each<[string, object]>([
    ['no sku', { sku: '' }],
    ['a sku of 129 characters', { sku: 'x'.repeat(129) }],
    ['an unknown kind', { kind: 'product' }],
    ['no title', { title: '' }],
    ['a title of two lines', { title: 'a\nb' }],
    ['a title of 301 characters', { title: 'x'.repeat(301) }],
    ['a lone surrogate in its title', { title: 'a\ud800' }],
    ['a control character in its description', { description: 'a\u0007' }],
    ['a carriage return in its description', { description: 'a\r\nb' }],
    ['a description of 20,001 characters', { description: 'x'.repeat(20_001) }],
    ['a category of 11 levels', { category: Array.from({ length: 11 }, () => 'x') }],
    ['an empty category level', { category: [''] }],
    ['an unknown condition', { itemCondition: 'NewCondition' }],
    ['a float among its properties', { additionalProperty: { rating: 4.4 } }],
    ['an object among its properties', { additionalProperty: { size: { width: 1 } } }],
    ['101 properties', { additionalProperty: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`p${n}`, n])) }],
    ['a price of -1', { price: { amount: -1, currency: 'IDR' } }],
    ['a fractional price', { price: { amount: 0.5, currency: 'IDR' } }],
    ['an unknown currency', { price: { amount: 1, currency: 'ABC' } }],
    ['no price at all', { price: undefined }],
    ['a negative quantity', { inventoryLevel: -1 }],
    ['a fractional quantity', { inventoryLevel: 1.5 }],
    ['no quantity at all', { inventoryLevel: undefined }],
    ['a minimum order of 0', { eligibleQuantity: { minValue: 0 } }],
    ['a minimum order above the maximum', { eligibleQuantity: { minValue: 2, maxValue: 1 } }],
    ['a variant without sku', { hasVariant: [{ title: 'Red' }] }],
    ['two variants of one sku', { hasVariant: [{ sku: 'a' }, { sku: 'a' }] }],
    ['a picture that is a link to the web', { image: ['https://example.org/a.jpg'] }],
    ['a picture as text of a CID', { image: [picture.toString()] }],
    ['half a position', { availableAtOrFrom: { latitudeE6: 1 } }],
    ['a latitude beyond the pole', { availableAtOrFrom: { latitudeE6: 90_000_001, longitudeE6: 0 } }],
    ['a latitude as float', { availableAtOrFrom: { latitudeE6: 1.5, longitudeE6: 0 } }],
    ['shipping to nowhere', { shippingDetails: [{ minDays: 1 }] }],
    [
      'shipping that arrives before it can',
      { shippingDetails: [{ shippingDestination: 'x', minDays: 2, maxDays: 1 }] },
    ],
    ['terms as text', { conditions: { refund: 'none' } }],
    ['an end before its beginning', { validFrom: 2, validThrough: 1 }],
    ['a time before 1970', { validFrom: -1 }],
  ])('may not have %s', (_, change) => {
    expect(listingItemSchema.safeParse({ ...full, ...change }).success).toBe(false);
  });

  it('takes CIDs of another copy of the library for what they are', () => {
    const foreign = CID.parse(picture.toString());
    expect(listingItemSchema.parse({ ...least, image: [foreign] }).image?.[0]?.equals(picture)).toBe(true);
  });
});
