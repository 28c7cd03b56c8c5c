import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../protocol/cbor.js';
import { isNiagaError, type ErrorCode, type NiagaError } from '../../../protocol/errors.js';
import { readItem, type Problem } from '../../../protocol/listing/input.js';
import { MAX_ITEM_BYTES, listingItemSchema } from '../../../protocol/listing/item.js';
import { expectRefused } from '../../support/refusal.js';

const least = { sku: 'B-1', title: 'Batik tulis', price: '150000 IDR' };

const read = (fields: object) => readItem({ ...least, ...fields }).item;

function problems(error: NiagaError): Problem[] {
  return (error.details as { problems: Problem[] }).problems;
}

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
    ['a sku of too many bytes', { sku: '咖'.repeat(43) }, 'INPUT_INVALID', 'sku', /128 bytes/],
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
