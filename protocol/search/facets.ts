import { z } from 'zod';
import type { Summary } from '../catalog/card.js';
import { currencySchema } from '../money.js';
import { textSchema } from '../schema.js';
import { fold } from './fold.js';
import { median } from './median.js';
import { bandStart, isBandStart } from './price-bands.js';

/** Values that a facet keeps: more than anybody reads, and few enough for one frame. */
export const MAX_FACET_VALUES = 30;
/** Values that one counter tells apart: more than a catalogue has; beyond it new ones are not counted. */
const MOST_COUNTED = 20_000;
/** Between the levels of a path. A category with it can be given back as a filter. */
const CATEGORY_SEPARATOR = ' > ';
const PLACE_SEPARATOR = ', ';

const value = textSchema(1, 1_400);
const count = z.int().min(1);
const valuesSchema = z.array(z.tuple([value, count])).max(MAX_FACET_VALUES);

/**
 * How many matching cards have each value, as one node says it: at most `MAX_FACET_VALUES` of each facet, the most
 * frequent first, equally frequent ones in order of their text.
 */
export const facetCountsSchema = z.object({
  /** The whole path, levels with ` > ` between. */
  category: valuesSchema,
  brand: valuesSchema,
  /** Country, region, town as far as the card names them, with a comma between. */
  place: valuesSchema,
  /** Currency, first price of the band in minor units (see price-bands.ts), count. */
  price: z
    .array(
      z
        .tuple([currencySchema, z.int().min(0), count])
        .refine(([currency, from]) => isBandStart(from, currency), 'is not where a price band starts'),
    )
    .max(MAX_FACET_VALUES),
});
export type FacetCounts = z.infer<typeof facetCountsSchema>;

/** What facets look at. */
export type Faceted = Pick<Summary, 'category' | 'brand' | 'price' | 'place'>;

/** Counts the values of many cards' summaries. */
export class FacetCounter {
  private readonly texts = { category: newCounts(), brand: newCounts(), place: newCounts() };
  private readonly price = newCounts();

  add({ category, brand, price, place }: Faceted): void {
    if (category.length > 0) addUp(this.texts.category, category.join(CATEGORY_SEPARATOR), 1);
    if (brand !== undefined) addUp(this.texts.brand, brand, 1);
    if (place !== undefined && place.length > 0) addUp(this.texts.place, place.join(PLACE_SEPARATOR), 1);
    if (price !== null) addUp(this.price, `${price.currency} ${bandStart(price.amount, price.currency)}`, 1);
  }

  counts(): FacetCounts {
    const { category, brand, place } = this.texts;
    return {
      category: byForm([category], total),
      brand: byForm([brand], total),
      place: byForm([place], total),
      price: mostFrequent(this.price).map(bandOf),
    };
  }
}

/** The counts of disjoint parts together. What a part cut off is missing: counts are lower bounds then. */
export function mergeFacets(parts: readonly FacetCounts[]): FacetCounts {
  return combine(parts, total);
}

/** The counts of one part by several nodes that hold it: the median of each value, so that no single node makes one up. */
export function medianFacets(copies: readonly FacetCounts[]): FacetCounts {
  return combine(copies, (counts) => median([...counts, ...Array<number>(copies.length - counts.length).fill(0)]));
}

/** Makes one count of those of the lists that have a value. */
type Join = (counts: readonly number[]) => number;
type Counts = Map<string, number>;

function combine(lists: readonly FacetCounts[], join: Join): FacetCounts {
  const texts = (facet: 'category' | 'brand' | 'place') =>
    byForm(
      lists.map((list) => countsOf(list[facet])),
      join,
    );
  const bands = joined(
    lists.map(({ price }) => countsOf(price.map(([currency, from, each]) => [`${currency} ${from}`, each]))),
    join,
  );
  return {
    category: texts('category'),
    brand: texts('brand'),
    place: texts('place'),
    price: mostFrequent(bands).map(bandOf),
  };
}

/** Texts that differ in case and accents only count together, under the form that is used most. */
function byForm(lists: readonly Counts[], join: Join): [string, number][] {
  const forms = new Map<string, Counts>();
  const keyed = lists.map((list) => {
    const counts = newCounts();
    for (const [text, times] of list) {
      const key = keyOf(text);
      addUp(counts, key, times);
      const known = forms.get(key) ?? newCounts();
      addUp(known, text, times);
      forms.set(key, known);
    }
    return counts;
  });
  return mostFrequent(joined(keyed, join)).map(([key, times]) => {
    const [form] = mostFrequent(forms.get(key) ?? newCounts(), 1);
    return [form?.[0] ?? key, times];
  });
}

function joined(lists: readonly Counts[], join: Join): Counts {
  const all = new Map<string, number[]>();
  for (const list of lists) {
    for (const [key, times] of list) {
      const known = all.get(key);
      if (known === undefined) all.set(key, [times]);
      else known.push(times);
    }
  }
  return new Map([...all].map(([key, counts]) => [key, join(counts)]));
}

/** Symbols alone fold to nothing: they are their own key. */
function keyOf(text: string): string {
  const folded = fold(text).replace(/ +/g, ' ').trim();
  return folded === '' ? text : folded;
}

function bandOf([band, times]: [string, number]): [string, number, number] {
  const [currency = '', from] = band.split(' ');
  return [currency, Number(from), times];
}

function mostFrequent(counts: Counts, most: number = MAX_FACET_VALUES): [string, number][] {
  return [...counts]
    .filter(([, times]) => times > 0)
    .sort(([a, more], [b, less]) => less - more || (a < b ? -1 : a > b ? 1 : 0))
    .slice(0, most);
}

function newCounts(): Counts {
  return new Map<string, number>();
}

/** A list of a stranger may name a value twice. */
function countsOf(list: readonly (readonly [string, number])[]): Counts {
  const counts = newCounts();
  for (const [text, times] of list) addUp(counts, text, times);
  return counts;
}

function addUp(counts: Counts, key: string, times: number): void {
  const known = counts.get(key);
  if (known !== undefined) counts.set(key, known + times);
  else if (counts.size < MOST_COUNTED) counts.set(key, times);
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, each) => sum + each, 0);
}
