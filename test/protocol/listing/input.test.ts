import { describe, expect, it } from 'vitest';
import { encode } from '../../../protocol/cbor.js';
import { blobId } from '../../../protocol/ids.js';
import { readItem, type ReadItemOptions } from '../../../protocol/listing/input.js';
import type { ListingItem } from '../../../protocol/listing/item.js';
import { expectRefused } from '../../support/refusal.js';

const least = { sku: 'B-1', title: 'Batik tulis', price: '150000 IDR' };

function read(fields: object, options?: ReadItemOptions): ListingItem {
  return readItem({ ...least, ...fields }, options).item;
}

describe('readItem', () => {
  it('reads a place as people write it, so that each part of it can be looked for', () => {
    const placeOf = (place: string) => readItem({ sku: 'a', title: 'a', place }).item?.availableAtOrFrom;
    expect(placeOf('Bandung')).toEqual({ addressLocality: 'Bandung' });
    expect(placeOf('Bandung, Jawa Barat')).toEqual({ addressLocality: 'Bandung', addressRegion: 'Jawa Barat' });
    expect(placeOf('Bandung, Indonesia')).toEqual({ addressLocality: 'Bandung', addressCountry: 'Indonesia' });
    // A state or a country: nobody knows.
    for (const line of ['Bandung, ID', 'Los Angeles, CA']) expect(placeOf(line)).toEqual({ addressLocality: line });
    expect(placeOf('Bandung, Jawa Barat, Indonesia')).toEqual({
      addressLocality: 'Bandung',
      addressRegion: 'Jawa Barat',
      addressCountry: 'Indonesia',
    });
    for (const line of ['Jl. Braga 1, Bandung, Jawa Barat, Indonesia', 'Bandung,', ','])
      expect(placeOf(line)).toEqual({ addressLocality: line });
  });

  it('fills in what a line leaves out', () => {
    const item = {
      sku: 'B-1',
      kind: 'goods',
      title: 'Batik tulis',
      description: '',
      category: [],
      price: { amount: 15_000_000, currency: 'IDR' },
      inventoryLevel: null,
    };
    expect(readItem(least)).toEqual({ item, bytes: encode(item), blobs: [], warnings: [] });
  });

  it('takes a line of the shared catalogues as it is', () => {
    const line = {
      id: '006287716X',
      title: 'The Book of Dragons: An Anthology',
      description: '',
      category: ['Books', 'Literature & Fiction'],
      brand: null,
      price: 32.9,
      currency: 'USD',
      attributes: { rating: 4.4, rating_count: 197, is_book: true, color: null },
      lang: 'en',
      source: 'esci',
    };
    const { item, warnings } = readItem(line);
    expect(item).toEqual({
      sku: '006287716X',
      kind: 'goods',
      title: 'The Book of Dragons: An Anthology',
      description: '',
      category: ['Books', 'Literature & Fiction'],
      additionalProperty: { rating: '4.4', rating_count: 197, is_book: true },
      price: { amount: 3_290, currency: 'USD' },
      inventoryLevel: null,
      inLanguage: 'en',
    });
    expect(warnings).toMatchObject([{ code: 'UNKNOWN_FIELD', where: 'source' }]);
  });

  it('knows every field under the names that people give it', () => {
    const terms = 'Returns within 7 days.\r\nIn its box.';
    const { item, blobs, warnings } = readItem({
      SKU: ' B-1 ',
      name: 'Batik  tulis\n',
      kind: 'Goods',
      description: 'One.\r\nTwo.\rThree.\u2028Four. ',
      category: 'Fashion > Batik',
      brand: 'Sekar',
      condition: 'https://schema.org/UsedCondition',
      attributes: [{ name: 'colour', value: 'indigo' }],
      tags: 'batik, kain, batik',
      variants: [{ id: 'B-1-red', name: 'Red', price: 160_000, stock: '3', attributes: { colour: 'red' } }],
      price: 150_000,
      currency: 'idr',
      unit: 'metre',
      stock: '12',
      minOrder: 1,
      maxOrder: '10',
      images: [
        blobId(Uint8Array.of(1)).toString(),
        { '/': blobId(Uint8Array.of(2)).toString() },
        blobId(Uint8Array.of(3)),
      ],
      location: 'Solo',
      shipsTo: ['Java', { to: 'Bali', rate: '20000 IDR', minDays: 2, maxDays: 4 }, { to: 'Timor', rate: 3 }],
      pickup: 'yes',
      payment: ['bank transfer'],
      conditions: { refund: terms, guarantee: terms, purchase: blobId(Uint8Array.of(4)).toString() },
      lang: 'EN_us',
      validFrom: '2026-11-21',
      validUntil: '2026-12-31',
    });
    const text = new TextEncoder().encode('Returns within 7 days.\nIn its box.');
    expect(item).toEqual({
      sku: 'B-1',
      kind: 'goods',
      title: 'Batik tulis',
      description: 'One.\nTwo.\nThree.\nFour.',
      category: ['Fashion', 'Batik'],
      brand: 'Sekar',
      itemCondition: 'used',
      additionalProperty: { colour: 'indigo' },
      keywords: ['batik', 'kain'],
      hasVariant: [
        {
          sku: 'B-1-red',
          title: 'Red',
          price: { amount: 16_000_000, currency: 'IDR' },
          inventoryLevel: 3,
          additionalProperty: { colour: 'red' },
        },
      ],
      price: { amount: 15_000_000, currency: 'IDR' },
      unitText: 'metre',
      inventoryLevel: 12,
      eligibleQuantity: { minValue: 1, maxValue: 10 },
      image: [1, 2, 3].map((byte) => blobId(Uint8Array.of(byte))),
      availableAtOrFrom: { addressLocality: 'Solo' },
      shippingDetails: [
        { shippingDestination: 'Java' },
        { shippingDestination: 'Bali', shippingRate: { amount: 2_000_000, currency: 'IDR' }, minDays: 2, maxDays: 4 },
        { shippingDestination: 'Timor', shippingRate: { amount: 300, currency: 'IDR' } },
      ],
      pickup: true,
      acceptedPaymentMethod: ['bank transfer'],
      conditions: { refund: blobId(text), guarantee: blobId(text), purchase: blobId(Uint8Array.of(4)) },
      inLanguage: 'en-us',
      validFrom: Date.UTC(2026, 10, 21),
      validThrough: Date.UTC(2027, 0, 1) - 1,
    });
    expect(blobs).toEqual([text]);
    expect(warnings).toEqual([]);
  });

  it('reads its own output again to the same item', () => {
    const { item } = readItem({
      ...least,
      attributes: { rating: 4.4 },
      minOrder: 2,
      location: { city: 'Solo', latitude: -7.575489, longitude: '110.824327' },
      conditions: { refund: 'none' },
      image: [blobId(Uint8Array.of(1))],
      validUntil: '2026-12-31T17:00+07:00',
    });
    const printed = { ...item, price: { amount: '15000000', currency: 'IDR' } };
    expect(readItem(printed).item).toEqual(item);
    expect(item.availableAtOrFrom).toEqual({
      addressLocality: 'Solo',
      latitudeE6: -7_575_489,
      longitudeE6: 110_824_327,
    });
    expect(item.validThrough).toBe(Date.UTC(2026, 11, 31, 10));
  });

  it('brings text to NFC', () => {
    expect(read({ title: 'Cafe\u0301\u0085Gayo' }).title).toBe('Caf\u00e9 Gayo');
  });

  it('warns of a price that is missing, not of one that is null or said to be on request', () => {
    const { item, warnings } = readItem({ sku: 'a', title: 'b' });
    expect(item.price).toBeNull();
    expect(warnings).toMatchObject([{ code: 'PRICE_ON_REQUEST', where: 'price' }]);
    for (const price of [null, 'on request', ' On Request ']) {
      expect(readItem({ sku: 'a', title: 'b', price, currency: null })).toMatchObject({
        item: { price: null },
        warnings: [],
      });
    }
  });

  it('takes unlimited for a quantity without limit', () => {
    expect(read({ quantity: 'unlimited' }).inventoryLevel).toBeNull();
    expect(read({ quantity: 0 }).inventoryLevel).toBe(0);
  });

  it('takes a number for a sku, since other systems number their goods', () => {
    expect(read({ sku: 12345 }).sku).toBe('12345');
  });
});

describe('unknown fields', () => {
  it('are warned of by name', () => {
    const { warnings } = readItem({ ...least, colour: 'red', location: { city: 'Solo', planet: 'Earth' } });
    expect(warnings.map(({ where }) => where)).toEqual(['colour', 'location.planet']);
    expect(warnings[0]?.message).toBe('colour is not a field that Niaga knows; it was left out.');
  });

  it('are refused when strict', () => {
    const error = expectRefused(() => readItem({ ...least, colour: 'red' }, { strict: true }), 'INPUT_UNKNOWN_FIELD');
    expect(error.where).toBe('colour');
  });

  it('include the second of two names for one field; the name on the wire wins', () => {
    const { item, warnings } = readItem({ name: 'From name', id: 'From id', ...least });
    expect(item).toMatchObject({ title: 'Batik tulis', sku: 'B-1' });
    expect(warnings.map(({ message }) => message)).toEqual([
      'name says the same as title; it was left out.',
      'id says the same as sku; it was left out.',
    ]);
  });

  it('with a thousand others give no more than twenty warnings, safe to print', () => {
    const many = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, n) => [`\u001b[2J\u009b${n}${'x'.repeat(500)}`, n]),
    );
    const { warnings } = readItem({ ...least, ...many });
    expect(warnings.length).toBe(20);
    for (const { where, message } of warnings) {
      expect(where + message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      expect(message.length).toBeLessThan(200);
    }
  });
});

describe('defaults', () => {
  it('stand in for what a line leaves out, under any name', () => {
    const options = { defaults: { currency: 'IDR', lang: 'id', name: 'No title', nonsense: 1 } };
    const { item, warnings } = readItem({ sku: 'a', price: 5, lang: 'en' }, options);
    expect(item).toMatchObject({ title: 'No title', price: { amount: 500, currency: 'IDR' }, inLanguage: 'en' });
    expect(warnings).toEqual([]);
  });

  it('do not contradict a price that names its currency', () => {
    expect(read({ price: '5 USD' }, { defaults: { currency: 'IDR' } }).price).toEqual({ amount: 500, currency: 'USD' });
  });
});
