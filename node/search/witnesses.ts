import { postedTerms } from '../../protocol/search/index-terms.js';
import { standsUnder, termOfKey } from '../../protocol/search/partition.js';
import { readShardKey, shardOf } from '../../protocol/search/posting-keys.js';
import type { OpenedCard } from './opener.js';
import type { Version } from './version.js';

/** Nodes asked about one listing. */
const MOST_ASKED = 4;

/** What one answer says of who is there and who is not. */
export interface Witness {
  readonly peer: string;
  /** What it was asked for. */
  readonly names: readonly string[];
  readonly named: ReadonlySet<string>;
}

/** The terms under which a card stands: searches show the same ones again and again. */
const terms = new WeakMap<OpenedCard, ReadonlySet<string>>();

/**
 * The nodes that were asked for a name under which a listing stands, and do not name it; nobody for one that all of them name. Undefined
 * where it stands under nothing that was asked for: it is no answer, and nobody who would know was asked whether it has ended.
 *
 * Silent is also who had no room for it. Those who name it are not enough, however many they are: they may lie together.
 */
export function silentWitnesses({ id, card }: Version, answers: readonly Witness[]): string[] | undefined {
  const posted = terms.get(card) ?? new Set(postedTerms(card.index));
  terms.set(card, posted);
  const stands = (name: string): boolean => {
    const { key, shard } = readShardKey(name);
    const term = termOfKey(key);
    const isUnder = term === undefined ? standsUnder(key)(card.record.payload, id) : posted.has(term);
    return isUnder && shardOf(id, shard.length) === shard;
  };
  const asked = answers.filter(({ names }) => names.some(stands));
  if (asked.length === 0) return undefined;
  const naming = new Set(asked.filter(({ named }) => named.has(id)).map(({ peer }) => peer));
  const silent = [...new Set(asked.map(({ peer }) => peer))].filter((peer) => !naming.has(peer));
  // Not the first: several who lie together answer as fast as they like.
  const step = Math.max(1, silent.length / MOST_ASKED);
  return Array.from({ length: Math.min(MOST_ASKED, silent.length) }, (_, at) => silent[Math.floor(at * step)] ?? '');
}
