import { describe, expect, it } from 'vitest';
import { badAmounts, isFiltered, searchInput } from '../../web/search/query.js';

const inputOf = (address: string) => searchInput(new URLSearchParams(address), 'en');

describe('the question of a search page', () => {
  it('is limited to a currency that is chosen, with an amount or without', () => {
    expect(inputOf('q=kopi&currency=USD')).toMatchObject({ words: ['kopi'], currency: 'USD' });
    expect(inputOf('q=kopi&currency=usd&minPrice=2.50')).toMatchObject({ currency: 'USD', minPrice: '2.50 USD' });
    expect(badAmounts(new URLSearchParams('currency=usd&minPrice=2.50'), 'en')).toEqual([]);
  });

  it('is limited to none where none is chosen; an amount alone is one of rupiah', () => {
    expect(inputOf('q=kopi').currency).toBeUndefined();
    expect(inputOf('q=kopi&maxPrice=85,000')).toMatchObject({ currency: undefined, maxPrice: '85000 IDR' });
  });

  it('counts as limited by every filter that the form has, and not by words or order', () => {
    const filters = ['minPrice=1', 'maxPrice=1', 'currency=USD', 'category=kopi', 'kind=goods', 'condition=new'];
    for (const filter of [...filters, 'place=Bandung', 'shipsTo=ID', 'seller=z6Mk', 'inStock=yes'])
      expect(isFiltered(new URLSearchParams(`q=kopi&${filter}`)), filter).toBe(true);
    expect(isFiltered(new URLSearchParams('q=kopi&sort=price'))).toBe(false);
  });
});
