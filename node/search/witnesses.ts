import { postedTerms } from '../../protocol/search/index-terms.js';
import { standsUnder, termOfKey } from '../../protocol/search/partition.js';
import { readShardKey, shardOf } from '../../protocol/search/posting-keys.js';
import type { Version } from './version.js';

/** Nodes asked about one listing. */
const MOST_ASKED = 4;

/** What one answer says of who is there and who is not. */
export interface Witness {
  readonly peer: string;
  /** What it was asked for. */
  readonly names: readonly string[];
  readonly named: ReadonlySet<string>;
  /** It had more than it was asked for: that a listing is not named says little. */
  readonly truncated: boolean;
}

/**
 * The nodes that were asked for a name under which a listing stands, and do not name it: for a listing that all of them name, and for
 * one that was only cut off, nobody.
 */
export function silentWitnesses({ id, card }: Version, answers: readonly Witness[]): string[] {
  const naming = new Set(answers.filter(({ named }) => named.has(id)).map(({ peer }) => peer));
  const others = answers.filter(({ peer }) => !naming.has(peer));
  if (others.length === 0) return [];
  const terms = new Set(postedTerms(card.index));
  const stands = (key: string): boolean => {
    const term = termOfKey(key);
    return term === undefined ? standsUnder(key)(card.record.payload, id) : terms.has(term);
  };
  const silent = others.filter(({ names }) =>
    names.some((name) => {
      const { key, shard } = readShardKey(name);
      return stands(key) && shardOf(id, shard.length) === shard;
    }),
  );
  // Several who name it are enough where the others had no room for it.
  const telling = naming.size > 1 ? silent.filter(({ truncated }) => !truncated) : silent;
  return [...new Set(telling.map(({ peer }) => peer))].slice(0, MOST_ASKED);
}
