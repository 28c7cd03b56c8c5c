import { createBoundedCache } from '../../../protocol/bounded-cache.js';
import { NiagaError } from '../../../protocol/errors.js';
import { SHARD_CARDS } from '../../../protocol/search/posting-keys.js';
import type { Seller } from './sellers.js';

const minute = 60_000;

/** Cards and ends kept for the network: about 2.5 KB of memory each. Beyond it new ones are refused, for they would push out what was promised. */
export const MAX_CARDS = 100_000;
/** Cards and ends kept of one seller: more than the largest catalogue that anybody has published. A flood costs the seller only. */
export const MAX_CARDS_OF_ONE = 30_000;
/** Above half of {@link MAX_CARDS} the rest is for sellers who have less than this share of it: a few large ones leave room for the many. */
export const FAIR_SHARE = 0.1;
/** Cards under one name: at the half of it this node asks for the name to be split, and publishers need time to hear of it. */
export const MAX_CARDS_OF_NAME = 2 * SHARD_CARDS;
/** Below this a name that was split is not said to need it any more. */
export const SPLIT_UNTIL = SHARD_CARDS / 4;

/**
 * What one peer may bring: a first catalogue of 26,000 cards twice over (half a minute of this node's time), then about a twentieth of its
 * time. Other index nodes that hand over their share bring as much.
 */
export const PEER_CARDS_BURST = 60_000;
export const PEER_CARDS_A_MINUTE = 20_000;
/** A card has at most 1 KiB; with the names that it is held under it comes to this on real data. */
const BYTES_A_CARD = 1_280;
/** Peers whose rate is remembered: more than are connected at once. */
const MAX_PEERS = 4_096;

/** Sellers with so small a share of the room keep it also when there is no more. */
export const SMALL_SHARE = 0.01;
/** Whoever makes room for another has so many times as much. */
const LARGER = 2;
/** Who has most is looked for anew when it has so much less of what it had. */
const LESS = 0.1;
/** Only so much of the room is for cards that this node is far from. */
export const FAR_SHARE = 0.5;
/** A card that is brought to a node far from it costs the one who brings it so many cards' worth: others should have been asked. */
export const FAR_COST = 5;

interface Bucket {
  cards: number;
  bytes: number;
  /** Milliseconds UTC. */
  at: number;
}

/** How much each peer has brought of late. */
export class PeerRates {
  readonly #buckets = createBoundedCache<Bucket>(MAX_PEERS);

  /** Takes without asking what the peer may bring less of next. */
  charge(peer: string, cards: number): void {
    const bucket = this.#buckets.get(peer);
    if (bucket !== undefined) bucket.cards -= cards;
  }

  /** @throws NiagaError RATE_LIMITED where it is too much */
  take(peer: string, cards: number, bytes: number, now: number): void {
    const bucket = this.#buckets.get(peer) ?? {
      cards: PEER_CARDS_BURST,
      bytes: PEER_CARDS_BURST * BYTES_A_CARD,
      at: now,
    };
    // A clock that was set back gives nothing, and takes nothing.
    const refill = (Math.max(0, now - bucket.at) / minute) * PEER_CARDS_A_MINUTE;
    bucket.cards = Math.min(PEER_CARDS_BURST, bucket.cards + refill);
    bucket.bytes = Math.min(PEER_CARDS_BURST * BYTES_A_CARD, bucket.bytes + refill * BYTES_A_CARD);
    bucket.at = now;
    this.#buckets.set(peer, bucket);
    if (bucket.cards < cards || bucket.bytes < bytes) {
      throw new NiagaError('RATE_LIMITED', 'This peer brings more than this node takes of one.', {
        next: 'Wait a minute.',
      });
    }
    bucket.cards -= cards;
    bucket.bytes -= bytes;
  }
}

/** What the questions of one peer may cost this node: half of its time, after so many milliseconds at once. */
const ASK_BURST = 5_000;
const ASK_SHARE = 0.5;

/** How much of this node's time each peer's questions have taken of late. */
export class AskBudget {
  readonly #spent = createBoundedCache<{ left: number; at: number }>(MAX_PEERS);

  /**
   * Answers a peer, and charges it what that took.
   * @throws NiagaError RATE_LIMITED where the peer has no time left
   */
  charge<T>(peer: string, answer: () => T): T {
    const begun = performance.now();
    const before = this.#spent.get(peer) ?? { left: ASK_BURST, at: begun };
    const left = Math.min(ASK_BURST, before.left + (begun - before.at) * ASK_SHARE);
    if (left <= 0) {
      this.#spent.set(peer, { left, at: begun });
      throw new NiagaError(
        'RATE_LIMITED',
        'The questions of this peer take more of this node’s time than it gives to one.',
        {
          next: 'Wait a few seconds.',
        },
      );
    }
    try {
      return answer();
    } finally {
      const ended = performance.now();
      this.#spent.set(peer, { left: left - (ended - begun), at: ended });
    }
  }
}

/** @throws NiagaError RATE_LIMITED where one more of this seller is too much. @param held cards and ends in all */
export function checkRoom(seller: Seller | undefined, held: number, maxCards: number): void {
  const ofSeller = seller?.count ?? 0;
  if (held >= maxCards) throw new NiagaError('RATE_LIMITED', 'This node keeps as many cards as it can.');
  if (ofSeller >= MAX_CARDS_OF_ONE || (held >= maxCards / 2 && ofSeller >= maxCards * FAIR_SHARE)) {
    throw new NiagaError('RATE_LIMITED', 'This node keeps as many cards of this seller as it may.');
  }
}

/**
 * Who makes room for others where a node is full: the seller of whom it keeps most. Keys are free, and somebody with a dozen of
 * them could otherwise keep everybody else out.
 */
export class Largest {
  readonly #sellers: Iterable<Seller>;
  #found: { readonly seller: Seller; readonly count: number } | undefined;

  constructor(sellers: Iterable<Seller>) {
    this.#sellers = sellers;
  }

  /** The seller who has to make room for one more card of another, if there is one. */
  above(seller: Seller | undefined, maxCards: number): Seller | undefined {
    const largest = this.#largest();
    const least = Math.max(maxCards * SMALL_SHARE, LARGER * ((seller?.count ?? 0) + 1));
    return largest !== undefined && largest !== seller && largest.count > least ? largest : undefined;
  }

  #largest(): Seller | undefined {
    const known = this.#found;
    if (known !== undefined && known.seller.count >= known.count * (1 - LESS)) return known.seller;
    let found: Seller | undefined;
    for (const seller of this.#sellers) if (found === undefined || seller.count > found.count) found = seller;
    this.#found = found === undefined ? undefined : { seller: found, count: found.count };
    return found;
  }
}

interface CrowdedParts {
  /** How many cards are held under a name. */
  readonly held: (name: string) => number;
  /** How many in all. */
  readonly all: () => number;
  /** For each card under a name its seller. */
  readonly sellersUnder: (name: string) => Iterable<Seller>;
}

/**
 * Who stands under the names that are crowded: those with more than {@link SHARD_CARDS}. There the rest of the room is for sellers who
 * have less than {@link FAIR_SHARE} of it.
 */
export class CrowdedNames {
  readonly #held: CrowdedParts['held'];
  readonly #all: CrowdedParts['all'];
  readonly #sellersUnder: CrowdedParts['sellersUnder'];
  readonly #shares = new Map<string, Map<Seller, number>>();

  constructor({ held, all, sellersUnder }: CrowdedParts) {
    this.#held = held;
    this.#all = all;
    this.#sellersUnder = sellersUnder;
  }

  /** Whether one more card of this seller may be held under a name. */
  hasRoom(name: string, seller: Seller | undefined): boolean {
    if (this.#all() < SHARD_CARDS) return true;
    const held = this.#held(name);
    if (held < SHARD_CARDS) return true;
    if (held >= MAX_CARDS_OF_NAME) return false;
    // The names of one seller have nobody else's.
    if (name.includes('seller:')) return true;
    return seller === undefined || (this.#of(name).get(seller) ?? 0) < MAX_CARDS_OF_NAME * FAIR_SHARE;
  }

  /** A card is held under these names now, or (-1) no longer. */
  count(names: Iterable<string>, seller: Seller, change: 1 | -1): void {
    if (this.#shares.size === 0) return;
    for (const name of names) {
      const shares = this.#shares.get(name);
      if (shares === undefined) continue;
      if (this.#held(name) < SHARD_CARDS) this.#shares.delete(name);
      else shares.set(seller, (shares.get(seller) ?? 0) + change);
    }
  }

  #of(name: string): Map<Seller, number> {
    let shares = this.#shares.get(name);
    if (shares === undefined) {
      shares = new Map();
      for (const seller of this.#sellersUnder(name)) shares.set(seller, (shares.get(seller) ?? 0) + 1);
      this.#shares.set(name, shares);
    }
    return shares;
  }
}
