import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../protocol/cbor.js';
import { isNiagaError, type ErrorCode, type NiagaError } from '../../../protocol/errors.js';
import { blobId } from '../../../protocol/ids.js';
import { readItem, type Problem, type ReadItemOptions } from '../../../protocol/listing/input.js';
import { MAX_ITEM_BYTES, listingItemSchema, type ListingItem } from '../../../protocol/listing/item.js';
import { expectRefused } from '../../support/refusal.js';

const least = { sku: 'B-1', title: 'Batik tulis', price: '150000 IDR' };

function read(fields: object, options?: ReadItemOptions): ListingItem {
  return readItem({ ...least, ...fields }, options).item;
}

function problems(error: NiagaError): Problem[] {
  return (error.details as { problems: Problem[] }).problems;
}

describe('readItem', () => {
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

describe('bad input', () => {
  it.each<[string, object, ErrorCode, string, RegExp]>([
    ['a missing sku', { sku: undefined }, 'INPUT_MISSING', 'sku', /^sku is missing/],
    ['an empty sku', { sku: ' ' }, 'INPUT_MISSING', 'sku', /empty/],
    ['a missing title', { title: undefined }, 'INPUT_MISSING', 'title', /^title is missing/],
    ['a null title', { title: null }, 'INPUT_MISSING', 'title', /^title is missing/],
    ['an empty title', { title: ' \n' }, 'INPUT_MISSING', 'title', /^title is empty/],
    ['a title that is a number', { title: 1984 }, 'INPUT_INVALID', 'title', /title is 1984; it must be text/],
    [
      'a title of 301 characters',
      { title: 'x'.repeat(301) },
      'INPUT_INVALID',
      'title',
      /has 301 characters; at most 300/,
    ],
    ['a title of 10 MB', { title: 'x'.repeat(10_000_000) }, 'INPUT_INVALID', 'title', /10000000 characters/],
    ['a lone surrogate', { title: 'ab\udc00' }, 'INPUT_INVALID', 'title', /lone surrogate, U\+DC00\) at position 3/],
    ['a lone surrogate in a tag', { tags: ['\ud800'] }, 'INPUT_INVALID', 'tags[0]', /lone surrogate/],
    [
      'a lone surrogate in a name',
      { attributes: { '\ud800': 1 } },
      'INPUT_INVALID',
      'attributes."\\ud800"',
      /lone surrogate/,
    ],
    ['a control character', { description: 'a\u001b[2J' }, 'INPUT_INVALID', 'description', /U\+001B at position 2/],
    ['text turned around', { title: '\u202e001 PR' }, 'INPUT_INVALID', 'title', /U\+202E at position 1/],
    ['a NUL', { sku: 'a\u0000' }, 'INPUT_INVALID', 'sku', /U\+0000/],
    ['a price of -1', { price: -1, currency: 'IDR' }, 'MONEY_INVALID', 'price', /^price: -1 is negative/],
    ['a price of "-1"', { price: '-1', currency: 'IDR' }, 'MONEY_INVALID', 'price', /negative/],
    ['a price of NaN', { price: NaN, currency: 'IDR' }, 'MONEY_INVALID', 'price', /NaN/],
    ['a price of "NaN"', { price: 'NaN', currency: 'IDR' }, 'MONEY_INVALID', 'price', /NaN/],
    ['a price of 1e400', { price: JSON.parse('1e400') as number, currency: 'IDR' }, 'MONEY_INVALID', 'price', /1e400/],
    ['too many decimals', { price: 1.005, currency: 'USD' }, 'MONEY_INVALID', 'price', /3 decimals; USD has 2/],
    ['decimals of a yen', { price: '10.5 JPY' }, 'MONEY_INVALID', 'price', /JPY has 0/],
    ['an ambiguous price', { price: '150.000 IDR' }, 'MONEY_INVALID', 'price', /write "150000 IDR"/],
    ['a price without currency', { price: 5 }, 'MONEY_INVALID', 'price', /no currency/],
    ['an empty price', { price: '' }, 'MONEY_INVALID', 'price', /"" is not an amount/],
    ['a price in two currencies', { price: '5 USD', currency: 'IDR' }, 'MONEY_INVALID', 'price', /in USD.*"IDR"/],
    ['an unknown currency', { price: 5, currency: 'ABC' }, 'CURRENCY_UNKNOWN', 'currency', /"ABC" is not a currency/],
    ['an unknown currency in a price', { price: '5 ABC' }, 'CURRENCY_UNKNOWN', 'price', /"ABC" is not a currency/],
    ['a currency that is no text', { price: 5, currency: 360 }, 'INPUT_INVALID', 'currency', /currency is 360/],
    [
      'a negative quantity',
      { quantity: -1 },
      'INPUT_INVALID',
      'quantity',
      /quantity is -1; it must be a whole number, 0 or more/,
    ],
    ['a fractional quantity', { quantity: 1.5 }, 'INPUT_INVALID', 'quantity', /quantity is 1.5/],
    ['a fractional quantity in text', { quantity: '1.5' }, 'INPUT_INVALID', 'quantity', /"1.5"/],
    ['a quantity with a unit', { stock: '3 kg' }, 'INPUT_INVALID', 'stock', /"3 kg"/],
    ['an endless quantity', { quantity: 1e300 }, 'INPUT_INVALID', 'quantity', /1e\+300/],
    ['a minimum order of 0', { minOrder: 0 }, 'INPUT_INVALID', 'minOrder', /1 or more/],
    [
      'a minimum above the maximum',
      { eligibleQuantity: { min: 3, max: 2 } },
      'INPUT_INVALID',
      'eligibleQuantity',
      /above/,
    ],
    [
      'an unknown kind',
      { kind: 'product' },
      'INPUT_INVALID',
      'kind',
      /"product"; it must be one of goods, service, digital/,
    ],
    ['an unknown condition', { condition: 'mint' }, 'INPUT_INVALID', 'condition', /one of new, used/],
    ['a category that is a number', { category: 5 }, 'INPUT_INVALID', 'category', /must be a list/],
    [
      'eleven levels of category',
      { category: 'a>b>c>d>e>f>g>h>i>j>k' },
      'INPUT_INVALID',
      'category',
      /11 entries; at most 10/,
    ],
    ['attributes as text', { attributes: 'red' }, 'INPUT_INVALID', 'attributes', /object of names and values/],
    [
      'an attribute that is a list',
      { attributes: { colour: ['red'] } },
      'INPUT_INVALID',
      'attributes.colour',
      /a list; it must be/,
    ],
    ['an attribute of 1e400', { attributes: { n: Infinity } }, 'INPUT_INVALID', 'attributes.n', /Infinity/],
    ['an attribute twice', { attributes: { 'a b': 1, 'a  b': 2 } }, 'INPUT_INVALID', 'attributes.a  b', /twice/],
    ['a variant without sku', { variants: [{ title: 'Red' }] }, 'INPUT_MISSING', 'variants[0].sku', /missing/],
    ['a variant that is text', { variants: 'red' }, 'INPUT_INVALID', 'variants[0]', /object with a sku/],
    ['two variants of one sku', { variants: [{ sku: 'a' }, { sku: 'a' }] }, 'INPUT_INVALID', 'variants', /sku twice/],
    ['a price of a variant', { variants: [{ sku: 'a', price: -1 }] }, 'MONEY_INVALID', 'variants[0].price', /negative/],
    [
      'a link to the web for a picture',
      { images: ['https://example.org/a.jpg'] },
      'INPUT_INVALID',
      'images[0]',
      /content id/,
    ],
    ['half a position', { place: { city: 'Solo', latitude: 1 } }, 'INPUT_INVALID', 'place', /half a position/],
    ['a latitude beyond the pole', { place: { lat: 91, lon: 0 } }, 'INPUT_INVALID', 'place.lat', /from -90 to 90/],
    [
      'shipping to nowhere',
      { shipsTo: [{ rate: '5 USD' }] },
      'INPUT_MISSING',
      'shipsTo[0].shippingDestination',
      /missing/,
    ],
    ['pick-up perhaps', { pickup: 'maybe' }, 'INPUT_INVALID', 'pickup', /true or false/],
    ['terms for everything', { conditions: 'as usual' }, 'INPUT_INVALID', 'conditions', /purchase, delivery/],
    [
      'terms of 65 KiB',
      { conditions: { refund: 'é'.repeat(33_000) } },
      'INPUT_INVALID',
      'conditions.refund',
      /66000 bytes/,
    ],
    ['a language in words', { lang: 'Indonesian' }, 'INPUT_INVALID', 'lang', /such as id or en/],
    ['the 31st of February', { validUntil: '2026-02-31' }, 'INPUT_INVALID', 'validUntil', /must be a date/],
    ['a time without zone', { validUntil: '2026-12-31T17:00' }, 'INPUT_INVALID', 'validUntil', /with its zone/],
    ['seconds since 1970', { validUntil: 1_798_675_200 }, 'INPUT_INVALID', 'validUntil', /seconds/],
    [
      'an end before its beginning',
      { validFrom: '2026-12-31', validUntil: '2026-12-30' },
      'INPUT_INVALID',
      'validUntil',
      /before the beginning/,
    ],
  ])('%s is refused with its field and a sentence', (_, fields, code, where, message) => {
    const error = expectRefused(() => read(fields), code);
    expect(error.where).toBe(where);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/\.$/);
    expect(error.message.length).toBeLessThan(250);
  });

  it.each([[null], [undefined], [5], ['text'], [[least]], [true]])('%j instead of an object is refused', (value) => {
    expect(expectRefused(() => readItem(value), 'INPUT_INVALID').message).toMatch(/A listing is an object/);
  });

  it('is told all at once', () => {
    const error = expectRefused(() => readItem({ price: '-1 IDR', quantity: 1.5 }), 'INPUT_MISSING');
    expect(problems(error).map(({ where, code }) => [where, code])).toEqual([
      ['sku', 'INPUT_MISSING'],
      ['title', 'INPUT_MISSING'],
      ['price', 'MONEY_INVALID'],
      ['quantity', 'INPUT_INVALID'],
    ]);
  });

  it('of more bytes than a record may have is refused', () => {
    const fields = {
      attributes: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`p${n}`, '\u20ac'.repeat(1_000)])),
    };
    const error = expectRefused(() => read(fields), 'INPUT_TOO_LARGE');
    expect(error.message).toContain(String(MAX_ITEM_BYTES));
  });

  it('does no harm through __proto__ or what looks like a CID', () => {
    const harmful = JSON.parse('{"__proto__":{"price":"1 IDR","polluted":true},"sku":"a","title":"b"}') as object;
    const { item, warnings } = readItem(harmful);
    expect(item.price).toBeNull();
    expect(warnings.map(({ where }) => where)).toContain('__proto__');
    expect({}).not.toHaveProperty('polluted');
    for (const [attributes, where] of [
      ['{"__proto__":1}', 'attributes.__proto__'],
      ['{"/":"a","bytes":"a"}', 'attributes."/"'],
    ] as const) {
      expect(expectRefused(() => read({ attributes: JSON.parse(attributes) as object }), 'INPUT_INVALID').where).toBe(
        where,
      );
    }
    for (const image of ['{"/":1,"bytes":1}', '{"/":"a","bytes":"a"}', '{"/":{},"bytes":[]}']) {
      expect(expectRefused(() => read({ image: [JSON.parse(image)] }), 'INPUT_INVALID').where).toBe('image[0]');
    }
  });
});

describe('whatever comes in', () => {
  const words = fc.constantFrom(
    'a',
    '5',
    '-1',
    '1.5',
    '5 USD',
    'IDR',
    'id',
    'yes',
    'new',
    '2026-12-31',
    '\ud800',
    '\u0000',
    ' ',
    '>',
    ',',
  );
  const text = fc.oneof(words, fc.string({ unit: 'binary', maxLength: 20 }));
  const scalar = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
  const keys =
    'sku id title price currency quantity min minOrder maxOrder name value amount to city lat lon rate refund / bytes __proto__';
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...keys.split(' ')), text), tie('value'), { maxKeys: 6 }),
    ),
  }));
  const names =
    'kind description category brand condition attributes tags variants price currency unit stock eligibleQuantity minOrder maxOrder images ' +
    'location shipsTo pickup payment conditions lang validFrom validUntil extra __proto__';
  const line = fc
    .record({
      sku: fc.constant('a'),
      title: fc.constant('b'),
      rest: fc.dictionary(fc.constantFrom(...names.split(' ')), value),
    })
    .map(({ rest, ...base }) => ({ ...base, ...rest }));

  it('gives an item of the schema that encodes within its limit, or a NiagaError with its problems', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: line }, fc.anything()), fc.boolean(), (input, strict) => {
        try {
          const { item } = readItem(input, { strict });
          read++;
          expect(listingItemSchema.safeParse(item).success).toBe(true);
          expect(encode(item).length).toBeLessThanOrEqual(MAX_ITEM_BYTES);
        } catch (error) {
          if (!isNiagaError(error)) throw error;
          expect(error.message).toMatch(/\.$/);
          expect(error.code).toMatch(/^(INPUT|MONEY|CURRENCY)_/);
          expect(() => JSON.stringify(error)).not.toThrow();
        }
      }),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(100);
  });
});
