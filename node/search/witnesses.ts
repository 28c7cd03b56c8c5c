import { postedTerms } from '../../protocol/search/index-terms.js';
import { standsUnder, termOfKey } from '../../protocol/search/partition.js';
import { readShardKey, shardOf } from '../../protocol/search/posting-keys.js';
import type { OpenedCard } from './opener.js';
import type { Version } from './version.js';

/** Nodes asked about one listing: where one in ten lies, all of three do once in a thousand times. */
const MOST_ASKED = 3;

/** What one answer says of who is there and who is not. */
export interface Witness {
  readonly peer: string;
  /** What it was asked for. */
  readonly names: readonly string[];
  /** Listings with the seq that it says to have. */
  readonly named: ReadonlyMap<string, number>;
}

/** The terms under which a card stands: searches show the same ones again and again. */
const terms = new WeakMap<OpenedCard, ReadonlySet<string>>();

/**
 * The nodes that were asked for a name under which a listing stands, and do not name it in this version or an older one. Undefined
 * where it stands under nothing that was asked for: it is no answer, and nobody who would know was asked whether it has ended.
 *
 * Silent is also who had no room for it. Those who name it are not enough, however many they are: they may lie together.
 */
export function silentWitnesses({ id, seq, card }: Version, answers: readonly Witness[]): string[] | undefined {
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
  const naming = new Set(
    asked.filter(({ named }) => (named.get(id) ?? Number.POSITIVE_INFINITY) <= seq).map(({ peer }) => peer),
  );
  return [...new Set(asked.map(({ peer }) => peer))].filter((peer) => !naming.has(peer));
}

/**
 * Of the silent ones of a listing those that are asked: first who is asked for others already, which costs no further message.
 * @param silent in the order in which they answered
 */
export function toBeAsked(silent: readonly string[], asked: { readonly has: (peer: string) => boolean }): string[] {
  const some = silent.filter((peer) => asked.has(peer)).slice(0, MOST_ASKED);
  const others = silent.filter((peer) => !asked.has(peer));
  const lacking = Math.min(MOST_ASKED - some.length, others.length);
  // Not the first: several who lie together answer as fast as they like.
  const spread = Array.from({ length: lacking }, (_, at) => others[Math.floor(((at + 0.5) * others.length) / lacking)]);
  return [...some, ...spread.filter((peer) => peer !== undefined)];
}
