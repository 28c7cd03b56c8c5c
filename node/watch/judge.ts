import type { Availability } from '../../protocol/catalog/card.js';
import type { Money } from '../../protocol/money.js';

/** What is remembered of a listing that matches a watch. */
export interface Match {
  /** Of the newest record that was seen: seq, device in hexadecimal, record id. */
  readonly seq: number;
  readonly device: string;
  readonly record: string;
  readonly price: Money | null;
  readonly availability: Availability;
  /** Milliseconds UTC. Afterwards it may be forgotten. */
  readonly validUntil: number;
  /** Its owner was told of it, or saw it when the watch began. */
  readonly told: boolean;
}

/** What there is to tell of a match. */
export type Tiding =
  | { readonly type: 'watch-match' }
  | { readonly type: 'price-drop'; readonly was: Money }
  | { readonly type: 'back-in-stock' };

/** A match as it was just found. */
export type Found = Omit<Match, 'told'>;

export interface JudgeOptions {
  /** The watch is asked for the first time: what is there already is no news. */
  readonly first: boolean;
  /** Only what can be bought counts. */
  readonly inStock: boolean;
}

/**
 * What to tell of a listing, and what to remember; undefined where it is as it was, or older than what is known: index nodes may
 * bring an old version back, and several bring the same.
 */
export function judge(
  before: Match | undefined,
  found: Found,
  { first, inStock }: JudgeOptions,
): { readonly tidings: readonly Tiding[]; readonly match: Match } | undefined {
  const soldOut = found.availability === 'OutOfStock';
  if (before === undefined) {
    const told = !(inStock && soldOut);
    return { tidings: first || !told ? [] : [{ type: 'watch-match' }], match: { ...found, told } };
  }
  if (!isNewer(found, before)) return undefined;
  // What cannot be bought is no news, whatever it costs; the price is remembered.
  if (soldOut) return { tidings: [], match: { ...found, told: before.told } };
  const match = { ...found, told: true };
  if (!before.told) return { tidings: [{ type: 'watch-match' }], match };
  const tidings: Tiding[] = [];
  const { price: was } = before;
  const { price } = found;
  if (was !== null && price !== null && price.currency === was.currency && price.amount < was.amount)
    tidings.push({ type: 'price-drop', was });
  if (before.availability === 'OutOfStock') tidings.push({ type: 'back-in-stock' });
  return { tidings, match };
}

/** The order of versions (protocol/record.ts), by what is kept of them. */
function isNewer(a: Found, b: Found): boolean {
  if (a.seq !== b.seq) return a.seq > b.seq;
  if (a.device !== b.device) return a.device > b.device;
  return a.record > b.record;
}
