import type { Money } from '../money.js';

/** What people may sort by: how well a hit answers, when its card was made, what it costs. */
export const SORT_ORDERS = ['relevance', 'newest', 'price'] as const;
export type SortOrder = (typeof SORT_ORDERS)[number];

/** What orders look at. */
export interface Sortable {
  readonly id: string;
  readonly score: number;
  /** Milliseconds since 1970 UTC, as claimed by the seller. */
  readonly created: number;
  readonly price: Pick<Money, 'amount' | 'currency'> | null;
}

/**
 * Compares hits for `Array.sort`: the same order at every index node and reader that has the same hits, whatever order
 * they came in.
 * * `relevance`: best score first.
 * * `newest`: latest card first. The time is the seller's word: who merges cuts it to its own clock.
 * * `price`: cheapest first within a currency, since amounts of two currencies do not compare; the currency that most
 *   hits have comes first, equally common ones by code; what has no price comes last, best score first.
 *
 * Equal hits are in order of their ids.
 * @param currencies for `price`: the order of currencies, from `currenciesByUse`; one that is missing comes behind them
 */
export function comparatorOf(
  order: SortOrder,
  currencies: readonly string[] = [],
): (a: Sortable, b: Sortable) => number {
  switch (order) {
    case 'relevance':
      return (a, b) => b.score - a.score || byText(a.id, b.id);
    case 'newest':
      return (a, b) => b.created - a.created || byText(a.id, b.id);
    case 'price': {
      const places = new Map(currencies.map((currency, place) => [currency, place]));
      const placeOf = ({ price }: Sortable): number =>
        price === null ? Infinity : (places.get(price.currency) ?? currencies.length);
      return (a, b) => {
        if (a.price === null || b.price === null) {
          if (a.price !== b.price) return a.price === null ? 1 : -1;
          return b.score - a.score || byText(a.id, b.id);
        }
        return (
          placeOf(a) - placeOf(b) ||
          byText(a.price.currency, b.price.currency) ||
          a.price.amount - b.price.amount ||
          byText(a.id, b.id)
        );
      };
    }
  }
}

/** The currencies of hits, the one that most of them have first, equally common ones by code. */
export function currenciesByUse(hits: Iterable<Pick<Sortable, 'price'>>): string[] {
  const uses = new Map<string, number>();
  for (const { price } of hits) if (price !== null) uses.set(price.currency, (uses.get(price.currency) ?? 0) + 1);
  return [...uses].sort(([a, most], [b, least]) => least - most || byText(a, b)).map(([currency]) => currency);
}

/** Hits in an order; the list given stays as it is. */
export function sortHits<T extends Sortable>(order: SortOrder, hits: readonly T[]): T[] {
  return [...hits].sort(comparatorOf(order, order === 'price' ? currenciesByUse(hits) : []));
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
