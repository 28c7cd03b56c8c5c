import type { InputOf } from '../api/client.js';
import { moneyTyped } from '../format/money.js';
import type { Language } from '../shell/language.js';

/** What limits a search, as it stands in its address: by the names of the operation's fields. */
const FILTERS = 'minPrice maxPrice currency category kind condition place shipsTo seller inStock'.split(' ');
export const SORTS = ['relevance', 'newest', 'price'] as const;
export const KINDS = ['goods', 'service', 'digital'] as const;
export const CONDITIONS = ['new', 'used', 'refurbished', 'damaged'] as const;
/** Of amounts beside which no currency is chosen. */
export const DEFAULT_CURRENCY = 'IDR';
const PAGE_SIZE = 20;

const oneOf = <T extends string>(words: readonly T[], word: string | null): T | undefined =>
  words.find((each) => each === word);

export function isFiltered(query: URLSearchParams): boolean {
  return FILTERS.some((name) => query.has(name));
}

function currencyIn(query: URLSearchParams): string {
  return (query.get('currency') ?? DEFAULT_CURRENCY).toUpperCase();
}

/** The fields of the address whose amounts cannot be read. */
export function badAmounts(query: URLSearchParams, language: Language): readonly string[] {
  return (['minPrice', 'maxPrice'] as const).filter((name) => {
    const typed = query.get(name);
    return typed !== null && moneyTyped(typed, currencyIn(query), language) === undefined;
  });
}

/** Whether there is anything to ask for: a word, or one of the filters by which an index can be browsed. */
export function asksForSomething(query: URLSearchParams): boolean {
  return ['q', 'category', 'place', 'seller'].some((name) => (query.get(name) ?? '').trim() !== '');
}

/** The question to the node for an address. */
export function searchInput(query: URLSearchParams, language: Language): InputOf<'search'> {
  const words = (query.get('q') ?? '').split(/\s+/).filter((word) => word !== '');
  const text = (name: string): string | undefined => query.get(name) ?? undefined;
  const amount = (name: string): string | undefined => {
    const typed = query.get(name);
    return typed === null ? undefined : moneyTyped(typed, currencyIn(query), language);
  };
  return {
    words,
    minPrice: amount('minPrice'),
    maxPrice: amount('maxPrice'),
    // Chosen, not that of amounts by default: it leaves out all other currencies, and what has no price.
    currency: text('currency')?.toUpperCase(),
    category: text('category'),
    place: text('place'),
    shipsTo: text('shipsTo'),
    seller: text('seller'),
    kind: oneOf(KINDS, query.get('kind')),
    condition: oneOf(CONDITIONS, query.get('condition')),
    inStock: query.get('inStock') === 'yes',
    sort: oneOf(SORTS, query.get('sort')) ?? (words.length === 0 ? 'newest' : 'relevance'),
    facets: true,
    limit: PAGE_SIZE,
  };
}

/** The address with some fields changed; an empty value takes one out. */
export function changed(
  query: URLSearchParams,
  changes: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { ...Object.fromEntries(query), ...changes };
}
