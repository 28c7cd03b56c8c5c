import { describe, expect, it } from 'vitest';
import { matches, parseFilters, type Filterable } from '../../../protocol/search/filters.js';

const seller = new Uint8Array(32).fill(7);
const lamp: Filterable = {
  trader: seller,
  summary: {
    kind: 'goods',
    category: ['Home & Kitchen', 'Lighting', 'Table Lamps'],
    price: { amount: 15_000_000, currency: 'IDR' },
    availability: 'InStock',
    itemCondition: 'new',
    place: ['ID', 'Jawa Barat', 'Kota Bandung'],
    shipsTo: ['Jawa', 'Bali, Indonesia', 'SG'],
  },
};
const onRequest: Filterable = {
  trader: new Uint8Array(32),
  summary: { kind: 'service', category: [], price: null, availability: 'OutOfStock' },
};

describe('filters', () => {
  it.each([
    [{}, true, true],
    [{ kind: 'goods' as const }, true, false],
    [{ kind: 'service' as const }, false, true],
    [{ currency: 'IDR' }, true, false],
    [{ currency: 'USD' }, false, false],
    [{ currency: 'IDR', minPrice: 15_000_000, maxPrice: 15_000_000 }, true, false],
    [{ currency: 'IDR', minPrice: 15_000_001 }, false, false],
    [{ currency: 'IDR', maxPrice: 14_999_999 }, false, false],
    [{ seller }, true, false],
    [{ inStock: true }, true, false],
    [{ inStock: false }, true, true],
    [{ itemCondition: 'new' as const }, true, false],
    [{ itemCondition: 'used' as const }, false, false],
    [{ category: 'lighting' }, true, false],
    [{ category: 'lamp' }, true, false],
    [{ category: 'TABLE LAMP' }, true, false],
    [{ category: 'Home & Kitchen > Lighting' }, true, false],
    [{ category: 'Lighting > Table Lamps' }, false, false],
    [{ category: 'Home & Kitchen > Lighting > Table Lamps > Desk' }, false, false],
    [{ category: 'garden' }, false, false],
    [{ category: 'kitchen lighting' }, false, false],
    [{ category: '&&&' }, false, false],
    [{ category: '> lamp >' }, true, false],
    [{ place: 'bandung' }, true, false],
    [{ place: 'JAWA barat' }, true, false],
    [{ place: 'Indonesia' }, true, false],
    [{ place: 'Bandung, Indonesia' }, true, false],
    [{ place: 'Jawa Timur' }, false, false],
    [{ place: 'Singapore' }, false, false],
    [{ shipsTo: 'Singapura' }, true, false],
    [{ shipsTo: 'bali' }, true, false],
    [{ shipsTo: 'Malang, Jawa' }, true, false],
    [{ shipsTo: 'Malang, Jawa', kind: 'service' as const }, false, false],
    [{ shipsTo: 'Malang' }, false, false],
    [{ shipsTo: 'Germany' }, false, false],
  ])('%j', (filters, forLamp, forService) => {
    expect(matches(parseFilters(filters), lamp)).toBe(forLamp);
    expect(matches(parseFilters(filters), onRequest)).toBe(forService);
  });

  it.each([
    [{ minPrice: 2, maxPrice: 1, currency: 'IDR' }, 'minPrice'],
    [{ minPrice: 1 }, 'currency'],
    [{ maxPrice: 1 }, 'currency'],
    [{ minPrice: -1, currency: 'IDR' }, 'minPrice'],
    [{ minPrice: 1.5, currency: 'IDR' }, 'minPrice'],
    [{ minPrice: NaN, currency: 'IDR' }, 'minPrice'],
    [{ currency: 'XXXX' }, 'currency'],
    [{ kind: 'thing' }, 'kind'],
    [{ category: '' }, 'category'],
    [{ category: 'a'.repeat(401) }, 'category'],
    [{ category: '\ud800' }, 'category'],
    [{ category: '>' }, 'category'],
    [{ category: ' > ' }, 'category'],
    [{ category: ' ' }, 'category'],
    [{ seller: new Uint8Array(31) }, 'seller'],
    [{ inStock: 'yes' }, 'inStock'],
    [{ place: '' }, 'place'],
    [{ place: '!!!' }, 'place'],
    [{ shipsTo: ' , ' }, 'shipsTo'],
    [{ shipsTo: 'a'.repeat(401) }, 'shipsTo'],
    ['no object', undefined],
  ])('refuses %j', (filters, where) => {
    expect(() => parseFilters(filters)).toThrow(expect.objectContaining({ code: 'QUERY_INVALID', where }) as Error);
  });

  it.each([
    [{ category: '' }, 'The filter category is empty.'],
    [{ category: ' > ' }, 'The filter category names no level.'],
    [{ place: 'a'.repeat(401) }, 'The filter place is too long.'],
    [{ shipsTo: ' , ' }, 'The filter shipsTo has no word.'],
    [{ currency: 'XXXX' }, 'The filter currency is not a currency of ISO 4217 or issuer:unit.'],
    [{ kind: 'thing' }, 'The filter kind is none of goods, service, digital.'],
  ])('says in a sentence for people what is wrong with %j', (filters, message) => {
    expect(() => parseFilters(filters)).toThrow(expect.objectContaining({ message }) as Error);
  });
});

describe('shipsTo', () => {
  const shipped = (kind: 'goods' | 'digital', shipsTo?: string[]): Filterable => ({
    ...onRequest,
    summary: { ...onRequest.summary, kind, ...(shipsTo === undefined ? {} : { shipsTo }) },
  });

  it('is true of what is digital unless its listing names destinations', () => {
    const filters = parseFilters({ shipsTo: 'Bali' });
    expect(matches(filters, shipped('digital'))).toBe(true);
    expect(matches(filters, shipped('digital', ['Jawa']))).toBe(false);
    expect(matches(filters, shipped('goods'))).toBe(false);
  });

  it.each(['Worldwide', 'seluruh dunia', 'International'])('is true of everything that is shipped %s', (everywhere) => {
    expect(matches(parseFilters({ shipsTo: 'Ende, Flores' }), shipped('goods', ['Jawa', everywhere]))).toBe(true);
  });
});
