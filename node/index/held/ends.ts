import type { Slice } from './arena.js';
import type { Grant } from './grants.js';
import { readShardKey, shardOf } from '../../../protocol/search/posting-keys.js';
import type { EndRow } from './rows.js';
import type { Seller } from './sellers.js';
import type { Version } from './versions.js';

/** UTF-16 units of the names that an end keeps: those of a real card have 400. Strangers say them, and nothing proves them any more. */
const MAX_NAMES_LENGTH = 1_024;

/**
 * What keeps older cards of a slot from coming back: a tombstone; or a card that was over before an older one must be, whose
 * signature is of no more use then.
 */
export interface End extends Version {
  readonly seller: Seller;
  /** Milliseconds UTC. Afterwards no card that it ends can be valid. */
  readonly until: number;
  /** Under which the card was held, for whoever is near them next. */
  names: readonly string[];
  readonly tombstone?: { readonly grant: Grant; slice: Slice } | undefined;
}

export function endRow({ tombstone, seller, seq, device, digest, until, names }: End): EndRow {
  return tombstone === undefined
    ? { floor: { trader: seller.key, seq, device, digest, until }, names }
    : { tombstone: tombstone.slice.bytes, names };
}

/** Of names that may be the listing's as many as an end keeps. */
export function namesToKeep(listing: string, names: Iterable<string>): string[] {
  const kept = new Set<string>();
  let length = 0;
  for (const name of names) {
    const { shard } = readShardKey(name);
    if (kept.has(name) || !shardOf(listing, shard.length).startsWith(shard)) continue;
    length += name.length;
    if (length > MAX_NAMES_LENGTH) break;
    kept.add(name);
  }
  return [...kept];
}
