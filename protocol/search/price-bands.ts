import { currencyExponent } from '../currencies.js';

/**
 * Price bands with fixed bounds, so that the counts of different nodes add up: 1, 2 and 5 of each decade of major units
 * (1, 2, 5, 10, 20, … rupiah or dollars), and one band below 1.
 */
const STEPS = [1, 2, 5] as const;

/** Prices of one currency in minor units: from `from` up to, not with, `to`; without `to` there is no upper bound. */
export interface PriceBand {
  readonly currency: string;
  readonly from: number;
  readonly to?: number;
}

export interface PriceBandCount extends PriceBand {
  readonly count: number;
}

/** Bands that people are shown of one currency. */
const BANDS_FOR_PEOPLE = 6;

/** The bounds of one exponent, in minor units, ascending from 0; powers of ten are exact as far as they go. */
function boundsOf(exponent: number): number[] {
  const bounds = [0];
  for (let decade = 10 ** exponent; decade <= Number.MAX_SAFE_INTEGER; decade *= 10)
    for (const step of STEPS) if (step * decade <= Number.MAX_SAFE_INTEGER) bounds.push(step * decade);
  return bounds;
}

/** By the decimals that currencies have (currencies.ts). */
const BOUNDS: ReadonlyMap<number, readonly number[]> = new Map([0, 2, 3, 4].map((each) => [each, boundsOf(each)]));

function bounds(currency: string): readonly number[] {
  return BOUNDS.get(currencyExponent(currency) ?? 0) ?? [0];
}

/** Where the band of a price starts, in minor units. */
export function bandStart(amount: number, currency: string): number {
  let start = 0;
  for (const bound of bounds(currency)) {
    if (bound > amount) break;
    start = bound;
  }
  return start;
}

/** True if a band of this currency starts there. */
export function isBandStart(from: number, currency: string): boolean {
  return bounds(currency).includes(from);
}

/** The band that starts there. */
export function bandFrom(from: number, currency: string): PriceBand {
  const all = bounds(currency);
  const to = all[all.indexOf(from) + 1];
  return to === undefined ? { currency, from } : { currency, from, to };
}

/**
 * Few bands to choose from: of each currency neighbours are joined, those with the fewest hits first, until at most
 * `most` are left. They cover everything between the first and the last without a gap. Currencies with more hits come
 * first, bands ascend.
 */
export function bandsForPeople(
  bands: readonly { readonly currency: string; readonly from: number; readonly count: number }[],
  most: number = BANDS_FOR_PEOPLE,
): PriceBandCount[] {
  const currencies = new Map<string, { total: number; bands: PriceBandCount[] }>();
  for (const { currency, from, count } of bands) {
    const entry = currencies.get(currency) ?? { total: 0, bands: [] };
    entry.total += count;
    entry.bands.push({ ...bandFrom(from, currency), count });
    currencies.set(currency, entry);
  }
  return [...currencies]
    .sort(([a, { total: more }], [b, { total: less }]) => less - more || (a < b ? -1 : 1))
    .flatMap(([, entry]) => joined(entry.bands, most));
}

function joined(bands: readonly PriceBandCount[], most: number): PriceBandCount[] {
  const left = [...bands].sort((a, b) => a.from - b.from);
  while (left.length > Math.max(1, most)) {
    let at = 0;
    let fewest = Infinity;
    for (let place = 0; place + 1 < left.length; place++) {
      const together = (left[place]?.count ?? 0) + (left[place + 1]?.count ?? 0);
      if (together >= fewest) continue;
      fewest = together;
      at = place;
    }
    const [first, second] = left.slice(at, at + 2);
    if (first === undefined || second === undefined) break;
    left.splice(at, 2, over(first, second));
  }
  // Where nothing was found between two bands, the lower one reaches up to the next.
  return left.map((band, place) => {
    const next = left[place + 1];
    return next === undefined ? band : { ...band, to: next.from };
  });
}

function over(first: PriceBandCount, second: PriceBandCount): PriceBandCount {
  const { currency, from } = first;
  const count = first.count + second.count;
  return second.to === undefined ? { currency, from, count } : { currency, from, to: second.to, count };
}
