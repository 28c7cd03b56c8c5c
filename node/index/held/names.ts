import { isPosted } from '../../../protocol/search/index-terms.js';
import {
  browseKeys,
  listingKey,
  MAX_SHARD_BITS,
  readShardKey,
  shardOf,
} from '../../../protocol/search/posting-keys.js';
import type { ReadCard } from './reader.js';
import type { HeldSummary } from './summary.js';

/** Different categories and places whose keys are remembered; then they are made anew. */
const REMEMBERED = 10_000;
const TERM = 'term:';

/** A name taken apart, once a batch. */
export interface Name {
  readonly text: string;
  readonly key: string;
  readonly shard: string;
  /** Of a term's key the term. */
  readonly term: string | undefined;
}

export function readName(text: string): Name {
  if (text.startsWith(TERM)) return { text, key: text, shard: '', term: text.slice(TERM.length) };
  const { key, shard } = readShardKey(text);
  return { text, key, shard, term: key.startsWith(TERM) ? key.slice(TERM.length) : undefined };
}

/**
 * Tells which names a card may be held under: those of `cardKeys` (protocol/catalog/make-card.ts) in any shard that the listing is of. To
 * make all keys of each card that comes would cost as much as everything else.
 */
export class CardNames {
  #browse = new Map<string, readonly string[]>();

  /** A test for one card. @param fields by term its field mask */
  of({ facts, listing, grant }: ReadCard, fields: ReadonlyMap<string, number>): (name: Name) => boolean {
    const browse = this.#browseKeys(facts.summary);
    let longest: string | undefined;
    return ({ key, shard, term }) => {
      if (shard !== '' && !(longest ??= shardOf(listing, MAX_SHARD_BITS)).startsWith(shard)) return false;
      if (term !== undefined) return isPosted(fields.get(term) ?? 0);
      return key === grant.sellerKey || browse.includes(key) || key === listingKey(listing);
    };
  }

  #browseKeys({ category, place }: HeldSummary): readonly string[] {
    const text = `${category.join('\0')}\0\0${place?.join('\0') ?? ''}`;
    let keys = this.#browse.get(text);
    if (keys === undefined) {
      if (this.#browse.size >= REMEMBERED) this.#browse = new Map();
      this.#browse.set(text, (keys = browseKeys({ category, place })));
    }
    return keys;
  }
}
