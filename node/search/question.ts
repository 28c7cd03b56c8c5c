import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { parseTrader } from '../../protocol/ids.js';
import type { Match } from '../../protocol/search/all-words.js';
import { parseMoney } from '../../protocol/money.js';
import { termsOfText } from '../../protocol/search/analysis.js';
import { categoryLevels, parseFilters, type Filters } from '../../protocol/search/filters.js';
import { placeAlternatives } from '../../protocol/search/places.js';
import { categoryKey, placeKey, sellerKey, termKey } from '../../protocol/search/posting-keys.js';
import { EMPTY_QUERY, MAX_KEYS, parseQuery, rarest, type Query } from '../../protocol/search/query.js';
import type { SortOrder } from '../../protocol/search/sort.js';
import type { SearchInput } from './index.js';

/** Longer names are nobody's category, and index nodes refuse them. */
const MAX_NAME = 120;
/** Words of a category that are asked for beside its whole name: people type "kopi" for "Kopi & Teh". */
const CATEGORY_WORDS = 2;

/** What is asked of the network: the words, what limits them, in which order, and the keys under which to look. */
export interface Question {
  /** The words as they were typed; empty in browsing. */
  readonly text: string;
  readonly query: Query;
  readonly filters: Filters;
  /** Without shards. What stands under several of them counts at the first. */
  readonly keys: readonly string[];
  /** Keys that take the place of those that nobody holds anything under, the best first. */
  readonly further: readonly string[];
  readonly sort: SortOrder;
  readonly facets: boolean;
  /** Hits of one seller among the first of the ranking; 0: any number. Undefined: as many as is usual. */
  readonly perSeller: number | undefined;
}

/** In how many of the cards known here a term stands. */
export type KnownTerms = (term: string) => number | undefined;

/**
 * Understands a search.
 * @throws NiagaError QUERY_EMPTY where there is neither a word that tells listings apart nor a category, place or seller to
 *   browse; QUERY_INVALID, MONEY_INVALID, CURRENCY_UNKNOWN, ID_INVALID
 */
export function questionOf(input: SearchInput, known: KnownTerms): Question {
  const filters = filtersOf(input);
  const text = input.words.join(' ');
  const query = queryOf(text, filters, known);
  const browsing = query.words.length === 0;
  return {
    text: browsing ? '' : text,
    query,
    filters,
    ...(browsing || input.seller !== undefined
      ? { keys: browseKeys(input, known), further: [] }
      : wordKeys(query, known)),
    // Nothing is more relevant than anything else where no word is looked for.
    sort: browsing && (input.sort ?? 'relevance') === 'relevance' ? 'newest' : (input.sort ?? 'relevance'),
    facets: input.facets ?? false,
    perSeller: input.seller === undefined ? input.perSeller : 0,
  };
}

/** Which cards answer a question. Where an order says nothing of how well a card answers, all words must. */
export function matchOf({ sort, query }: Question): Match {
  return sort === 'relevance' || query.words.length === 0 ? 'any' : 'all-else-any';
}

/** What a search asks for, as text: two with the same are one search. */
export function signatureOf(input: Partial<SearchInput>): string {
  const { words = [], minPrice, maxPrice, currency, category, kind, condition, place, shipsTo, seller } = input;
  const { inStock = false, sort = 'relevance', perSeller } = input;
  const filters = [minPrice, maxPrice, currency, category, kind, condition, place, shipsTo, seller, perSeller];
  return JSON.stringify([words.join(' '), inStock, sort, ...filters.map((filter) => filter ?? null)]);
}

function wordKeys(query: Query, known: KnownTerms): Pick<Question, 'keys' | 'further'> {
  const terms = rarest(query, known, Number.POSITIVE_INFINITY);
  const others = terms.slice(MAX_KEYS);
  // A term that some card here has is held by somebody.
  const isKnown = (term: string): boolean => (known(term) ?? 0) > 0;
  const further = [...others.filter(isKnown), ...others.filter((term) => !isKnown(term))].slice(0, MAX_KEYS);
  return { keys: terms.slice(0, MAX_KEYS).map(termKey), further: further.map(termKey) };
}

function queryOf(text: string, filters: Filters, known: KnownTerms): Query {
  const { category, place, seller } = filters;
  const canBrowse = category !== undefined || place !== undefined || seller !== undefined;
  try {
    return parseQuery(text, { df: known });
  } catch (error) {
    if (!isNiagaError(error, 'QUERY_EMPTY')) throw error;
    if (canBrowse) return EMPTY_QUERY;
    if (Object.keys(filters).length === 0) throw error;
    throw new NiagaError('QUERY_EMPTY', 'These filters alone do not say where to look.', {
      next: 'Add words, or a category, a place or a seller to browse.',
    });
  }
}

/**
 * The keys under which everything stands that a seller, a category or a place limits a search to. A shop is one key. Of a place those of
 * one word. Names of levels are keys as a whole, so where only part of one is typed, its words are looked for as well.
 */
function browseKeys({ seller, category, place }: SearchInput, known: KnownTerms): string[] {
  if (seller !== undefined) return [sellerKey(seller)];
  const keys = place === undefined ? [] : placeAlternatives(place).map(placeKey);
  const level = category === undefined ? '' : (categoryLevels(category).at(-1) ?? '');
  if (level !== '' && level.length <= MAX_NAME) {
    const words = termsOfText(level).toSorted((a, b) => (known(a) ?? 0) - (known(b) ?? 0));
    keys.push(categoryKey(level), ...[...new Set(words)].slice(0, CATEGORY_WORDS).map(termKey));
  }
  if (keys.length > 0) return keys.slice(0, MAX_KEYS);
  throw new NiagaError('QUERY_INVALID', 'No category has a name like that.', { where: 'category' });
}

function filtersOf(input: SearchInput): Filters {
  const { category, kind, condition, place, shipsTo, inStock } = input;
  const options = (where: string) => ({
    where,
    ...(input.currency === undefined ? {} : { currency: input.currency.toUpperCase() }),
  });
  const min = input.minPrice === undefined ? undefined : parseMoney(input.minPrice, options('minPrice'));
  const max = input.maxPrice === undefined ? undefined : parseMoney(input.maxPrice, options('maxPrice'));
  if (min !== undefined && max !== undefined && min.currency !== max.currency) {
    throw new NiagaError('QUERY_INVALID', `The lowest price is in ${min.currency}, the highest in ${max.currency}.`, {
      where: 'maxPrice',
    });
  }
  const currency = min?.currency ?? max?.currency ?? input.currency?.toUpperCase();
  return parseFilters({
    ...(min === undefined ? {} : { minPrice: min.amount }),
    ...(max === undefined ? {} : { maxPrice: max.amount }),
    ...(currency === undefined ? {} : { currency }),
    ...(category === undefined ? {} : { category }),
    ...(kind === undefined ? {} : { kind }),
    ...(condition === undefined ? {} : { itemCondition: condition }),
    ...(place === undefined ? {} : { place }),
    ...(shipsTo === undefined ? {} : { shipsTo }),
    ...(inStock === true ? { inStock } : {}),
    ...(input.seller === undefined ? {} : { seller: parseTrader(input.seller, 'seller') }),
  });
}
