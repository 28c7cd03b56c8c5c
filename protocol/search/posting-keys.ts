import { encode } from '../cbor.js';
import { sha256 } from '../hash.js';
import { createMemory } from '../memory.js';
import { encodeUtf8 } from '../utf8.js';
import { fold } from './fold.js';
import { placeTerms } from './places.js';
import { utf8Cut } from './utf8.js';

/** Separates the keys of the index from everything else in the DHT's key space. */
const KEY_DOMAIN = 'niaga/index/1';

/**
 * Every posting stands under two salts, far apart in the key space: whoever places identities around one of the two
 * places still leaves the other (FACTS: placing ten identities nearest to a key takes seconds).
 */
export const SALTS = [0, 1] as const;
/** Copies under each salt. Simulated with half of the nodes dead, five copies find .982 with one term asked, .998 with two. */
export const COPIES = 5;
/** Copies of a salt that must be on disk before a card counts as published: any three of five meet any three that a reader asks. */
export const QUORUM = 3;

/** The key that holds the postings of a term. */
export function termKey(term: string): string {
  return `term:${term}`;
}

/** A listing by its id, so that an id in a chat message is enough to open it. */
export function listingKey(listing: string): string {
  return `listing:${listing}`;
}

/** Everything of one seller. */
export function sellerKey(seller: string): string {
  return `seller:${seller}`;
}

/** Where a trader's own records are found: profile, block list. */
export function traderKey(trader: string): string {
  return `trader:${trader}`;
}

/** Everything of one category: one level of a path, whatever stands above it, for sellers agree on names more than on trees. */
export function categoryKey(level: string): string {
  return `cat:${foldName(level)}`;
}

/** Everything offered in a place by one term of its names, as of `placeTerms`. */
export function placeKey(term: string): string {
  return `geo:${foldName(term)}`;
}

/**
 * The keys under which a card can be browsed, by what its summary says: every level of its category (a listing may have ten, and of the
 * ESCI catalogue one in seven has six or seven), and every word of its place, for people leave some out: "Jakarta" for "DKI Jakarta".
 */
export function browseKeys(summary: {
  readonly category: readonly string[];
  readonly place?: readonly string[] | undefined;
}): string[] {
  return [...summary.category.map(categoryKey), ...placeTerms(summary.place ?? []).map(placeKey)];
}

/**
 * As much of a folded name as a key has, in bytes: a letter may fold to four, and index nodes take no key that is longer than 160. Names
 * that begin alike share a key then; filters tell them apart.
 */
const MAX_NAME_BYTES = 120;

/** A name without what people write differently: case, accents, spaces around and between. */
function foldName(name: string): string {
  const known = foldedNames.get(name);
  if (known !== undefined) return known;
  const folded = utf8Cut(fold(name).trim().split(/\s+/u).join(' '), MAX_NAME_BYTES);
  foldedNames.set(name, folded);
  return folded;
}

/** Names of categories and places come again and again; no card has longer ones than 120. */
const foldedNames = createMemory<string>(4_000);

/**
 * A key's load is shared by 2^bits shards; more than this would make a common word cost a reader too many questions. With
 * {@link SHARD_CARDS} each, 256 shards hold five million cards of one word.
 */
export const MAX_SHARD_BITS = 8;
/** Above this many cards under one key a node asks for the key to be split: a list of 20,000 takes 22 ms to score (FACTS). */
export const SHARD_CARDS = 20_000;

/** The shard of a listing under a key of so many bits: the first bits of its id's hash, as text of 0 and 1. */
export function shardOf(listing: string, bits: number): string {
  if (bits === 0) return '';
  const digest = sha256(encodeUtf8(listing));
  let shard = '';
  for (let bit = 0; bit < bits; bit++) shard += ((digest[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
  return shard;
}

/** All shards of that many bits, in order; one empty text for none. */
export function shardsOf(bits: number): string[] {
  return Array.from({ length: 2 ** bits }, (_, number) => (bits === 0 ? '' : number.toString(2).padStart(bits, '0')));
}

/** A key with its shard as one text, the name under which index nodes hold cards: `01/term:kopi`, `term:kopi` unsharded. */
export function shardKey(key: string, shard: string): string {
  return shard === '' ? key : `${shard}/${key}`;
}

/** Takes {@link shardKey} apart. Keys begin with a letter, so that the two forms cannot be taken for each other. */
export function readShardKey(name: string): { readonly key: string; readonly shard: string } {
  // Nearly all names are those of whole keys.
  if (name[0] !== '0' && name[0] !== '1') return { key: name, shard: '' };
  const [, shard, key] = /^([01]{1,8})\/(.+)$/su.exec(name) ?? [];
  return shard === undefined || key === undefined ? { key: name, shard: '' } : { key, shard };
}

/** A place in the DHT's key space: the bytes that kad-dht looks up, and its hash of them, which is the place itself. */
export interface KeyPlace {
  readonly preimage: Uint8Array;
  /** 32 bytes: SHA-256 of the preimage, as kad-dht converts a key. */
  readonly kadId: Uint8Array;
}

/**
 * Where the postings of a key stand (DESIGN section 5).
 * @param shard first bits of the listing's hash as text of 0 and 1; empty while a key has one shard
 */
export function placeOf(network: string, key: string, salt: number, shard = ''): KeyPlace {
  const preimage = encode([KEY_DOMAIN, network, key, salt, shard]);
  return { preimage, kadId: sha256(preimage) };
}
