import type { Delta } from '../../../protocol/catalog/card.js';
import type { SignedRecord } from '../../../protocol/record.js';
import { sha256Of } from '../../native-hash.js';
import type { Slice } from './arena.js';
import type { Grant } from './grants.js';
import type { HeldLease, LeasePart } from './lease.js';
import { splitEnvelope, type ReadCard } from './reader.js';
import type { Seller } from './sellers.js';
import type { HeldSummary } from './summary.js';

const day = 24 * 60 * 60 * 1000;

/** A card or end is kept so long after it, or the lease that extends it, was signed, whatever it says: cards are valid for 30 days. */
export const MAX_HELD_TIME = 31 * day;

/** The small change that stands over a card. */
export interface HeldDelta {
  readonly record: SignedRecord<Delta>;
  readonly grant: Grant;
}

/** Where in a seller's lease a held card stands. */
export interface Stand {
  readonly part: LeasePart;
  readonly place: number;
  /** The leaf is the delta's id, not the card's. */
  readonly ofDelta: boolean;
}

interface CardParts {
  readonly seller: Seller;
  readonly grant: Grant;
  readonly slice: Slice;
  readonly summary: HeldSummary;
  readonly arrived: number;
  /** Of the card's record (sellers.ts). */
  readonly tag: number;
}

/**
 * What is kept in memory of a card: what filters and the order of versions need, and its bytes. Everything else is decoded
 * from them when it is asked for; a node keeps thousands of cards and hands out few.
 */
export class HeldCard {
  /** Of the listing, in text. */
  readonly id: string;
  readonly seller: Seller;
  readonly grant: Grant;
  readonly tag: number;
  readonly seq: number;
  /** Milliseconds UTC, as the seller says. */
  readonly created: number;
  /** Milliseconds UTC: the end that the card itself names, or its delegation's, or that of {@link MAX_HELD_TIME}, whichever is first. */
  readonly ownUntil: number;
  /** When it came or changed here, as of the holder's marks. */
  arrived: number;
  /** The signature was checked. Where the device itself brought the card it is before the card is first handed out. */
  verified = false;
  /** In the newest lease that was shown to extend it. */
  stand: Stand | undefined = undefined;
  slice: Slice;
  #summary: HeldSummary;
  #delta: HeldDelta | undefined = undefined;

  constructor({ listing, facts }: ReadCard, parts: CardParts) {
    const { created, seq, validUntil } = facts;
    this.id = listing;
    this.seller = parts.seller;
    this.grant = parts.grant;
    this.tag = parts.tag;
    this.seq = seq;
    this.created = created;
    this.ownUntil = ownEnd(created, validUntil, parts.grant);
    this.arrived = parts.arrived;
    this.slice = parts.slice;
    this.#summary = parts.summary;
  }

  /** With the newest price and availability. */
  get summary(): HeldSummary {
    return this.#summary;
  }

  get delta(): HeldDelta | undefined {
    return this.#delta;
  }

  change(delta: HeldDelta): void {
    const { price, availability } = delta.record.payload;
    this.#delta = delta;
    this.#summary = { ...this.#summary, price, availability };
  }

  get trader(): Uint8Array {
    return this.seller.key;
  }

  get device(): Uint8Array {
    return this.grant.device;
  }

  /** The envelope. */
  get bytes(): Uint8Array {
    return this.slice.bytes;
  }

  /** Milliseconds UTC: until when it may be shown. */
  get until(): number {
    if (this.stand === undefined) return this.ownUntil;
    return Math.max(this.ownUntil, extendedEnd(this.stand.part.lease, this.grant));
  }

  /** Whether only a lease lets it stand. */
  isExtended(now: number): boolean {
    return this.ownUntil <= now;
  }

  /** Of the card's own record. */
  get digest(): Uint8Array {
    return sha256Of(splitEnvelope(this.bytes)?.payload ?? this.bytes);
  }

  /** Of the newest record in the slot. */
  get newestSeq(): number {
    return this.#delta?.record.payload.seq ?? this.seq;
  }
}

/** {@link HeldCard.ownUntil} of a card. */
export function ownEnd(created: number, validUntil: number, grant: Grant): number {
  return Math.min(validUntil, grant.expires, created + MAX_HELD_TIME);
}

/** Milliseconds UTC: until when a lease lets a card of this delegation stand. */
export function extendedEnd(lease: HeldLease, grant: Grant): number {
  return Math.min(lease.until, grant.expires);
}
