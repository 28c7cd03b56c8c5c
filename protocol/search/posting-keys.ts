import { encode } from '../cbor.js';
import { sha256 } from '../hash.js';

/** Separates the keys of the index from everything else in the DHT's key space. */
const KEY_DOMAIN = 'niaga/index/1';

/**
 * Every posting stands under two salts, far apart in the key space: whoever places identities around one of the two
 * places still leaves the other (FACTS: placing ten identities nearest to a key takes seconds).
 */
export const SALTS = [0, 1] as const;
/** Copies under each salt. Simulated with half of the nodes dead, five copies find .982 with one term asked, .998 with two. */
export const COPIES = 5;
/** Copies of a salt that must be on disk before a card counts as published. */
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
