import { z } from 'zod';
import type { Summary } from '../catalog/card.js';
import { NiagaError } from '../errors.js';
import { equalBytes } from '../ids.js';
import { ITEM_CONDITIONS, LISTING_KINDS } from '../listing/item.js';
import { currencySchema } from '../money.js';
import { keySchema, textSchema } from '../schema.js';
import { termsOfText } from './analysis.js';
import { fold } from './fold.js';
import { placeMatcher, placeWords, shipsToMatcher } from './places.js';

/** Between the levels of a category path that a person types. */
const LEVEL_SEPARATOR = '>';

/** The levels of a category path as a person types it, from the widest; empty for separators alone. */
export function categoryLevels(path: string): string[] {
  return path
    .split(LEVEL_SEPARATOR)
    .map((level) => level.trim())
    .filter((level) => level !== '');
}

/** Levels of a category; without any it would match everything. */
const categoryText = textSchema(1, 400).refine((text) => categoryLevels(text).length > 0, 'names no level');

/** Words of a place; one without any would match everything. */
const placeText = textSchema(1, 400).refine((text) => placeWords(text).length > 0, 'has no word');

/** What a search is limited to; index nodes evaluate it too, so it has the form of the wire. */
export const filtersSchema = z
  .object({
    /** Minor units of `currency`, both ends included. Listings "on request" have no price and do not match. */
    minPrice: z.int().min(0).optional(),
    maxPrice: z.int().min(0).optional(),
    currency: currencySchema.optional(),
    /** A path from its widest level ("Home > Kitchen"), or a level or words of one wherever it stands. */
    category: categoryText.optional(),
    kind: z.enum(LISTING_KINDS).optional(),
    itemCondition: z.enum(ITEM_CONDITIONS).optional(),
    /** Words of the place where the thing is: of its country (or the country's code), region or town. */
    place: placeText.optional(),
    /** Where it must be shipped to. What is digital gets everywhere unless its listing names destinations. */
    shipsTo: placeText.optional(),
    /** The trader who sells. */
    seller: keySchema.optional(),
    /** Only what is not sold out. */
    inStock: z.boolean().optional(),
  })
  .refine(({ minPrice, maxPrice }) => minPrice === undefined || maxPrice === undefined || minPrice <= maxPrice, {
    path: ['minPrice'],
    message: 'is above maxPrice',
  })
  .refine(
    ({ minPrice, maxPrice, currency }) => currency !== undefined || (minPrice === undefined && maxPrice === undefined),
    {
      path: ['currency'],
      message: 'is needed with a price',
    },
  );
export type Filters = z.infer<typeof filtersSchema>;

/**
 * @throws NiagaError QUERY_INVALID with the field: unknown values, a minimum above the maximum, a price without
 * currency
 */
export function parseFilters(value: unknown): Filters {
  const parsed = filtersSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.');
  throw new NiagaError('QUERY_INVALID', `The filter${where ? ` ${where}` : ''} ${problemOf(issue)}.`, {
    where: where || undefined,
  });
}

/** Rules of ours say it themselves; what zod says is for programmers. */
function problemOf(issue: z.core.$ZodIssue | undefined): string {
  const isText = issue !== undefined && 'origin' in issue && issue.origin === 'string';
  if (issue?.code === 'custom') return issue.message;
  if (issue?.code === 'invalid_value') return `is none of ${issue.values.join(', ')}`;
  if (isText && issue.code === 'too_small') return 'is empty';
  if (isText && issue.code === 'too_big') return 'is too long';
  return 'is not of its form';
}

/** What filters look at; a card's payload has it. */
export interface Filterable {
  readonly trader: Uint8Array;
  readonly summary: Pick<
    Summary,
    'kind' | 'category' | 'price' | 'availability' | 'itemCondition' | 'place' | 'shipsTo'
  >;
}

/** The filters as a test, for many cards. */
export function matcher(filters: Filters): (card: Filterable) => boolean {
  const { minPrice = 0, maxPrice = Number.MAX_SAFE_INTEGER, currency, kind, itemCondition, seller, inStock } = filters;
  const inCategory = filters.category === undefined ? undefined : judgedOnce(categoryMatcher(filters.category));
  const inPlace = filters.place === undefined ? undefined : judgedOnce(placeMatcher(filters.place));
  const isShipped = filters.shipsTo === undefined ? undefined : judgedOnce(shipsToMatcher(filters.shipsTo));
  return ({ trader, summary }) => {
    if (kind !== undefined && summary.kind !== kind) return false;
    if (itemCondition !== undefined && summary.itemCondition !== itemCondition) return false;
    if (inStock === true && summary.availability === 'OutOfStock') return false;
    if (currency !== undefined) {
      const { price } = summary;
      if (price === null || price.currency !== currency || price.amount < minPrice || price.amount > maxPrice)
        return false;
    }
    if (seller !== undefined && !equalBytes(seller, trader)) return false;
    if (inPlace !== undefined && !inPlace(summary.place ?? [])) return false;
    if (isShipped !== undefined && !(summary.shipsTo === undefined && summary.kind === 'digital')) {
      if (!isShipped(summary.shipsTo ?? [])) return false;
    }
    return inCategory === undefined || inCategory(summary.category);
  };
}

/** True if one card passes the filters. */
export function matches(filters: Filters, card: Filterable): boolean {
  return matcher(filters)(card);
}

/** Different lists that one search remembers the verdict of; beyond it, strangers' cards would fill the memory. */
const MOST_JUDGED = 10_000;

/** Catalogues have few categories and places and searches many cards, so each list of texts is judged once. */
function judgedOnce(match: (texts: readonly string[]) => boolean): (texts: readonly string[]) => boolean {
  const judged = new Map<string, boolean>();
  return (texts) => {
    const key = texts.join('\n');
    let verdict = judged.get(key);
    if (verdict === undefined) {
      verdict = match(texts);
      if (judged.size < MOST_JUDGED) judged.set(key, verdict);
    }
    return verdict;
  };
}

function categoryMatcher(wanted: string): (path: readonly string[]) => boolean {
  const levels = categoryLevels(wanted).map(levelMatcher);
  return (path) =>
    levels.length === 1
      ? path.some((level) => levels[0]?.(level))
      : levels.every((match, at) => path[at] !== undefined && match(path[at]));
}

/**
 * A level matches if it has all words that are wanted, in whatever form; without words (symbols), if it is the same.
 */
function levelMatcher(wanted: string): (level: string) => boolean {
  const words = termsOfText(wanted);
  const folded = fold(wanted).trim();
  return (level) => {
    if (words.length === 0) return fold(level).trim() === folded;
    const present = new Set(termsOfText(level));
    return words.every((word) => present.has(word));
  };
}
