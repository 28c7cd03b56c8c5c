import type { Lease } from '../../../protocol/catalog/card.js';
import type { ProvenLeaves } from '../../../protocol/merkle.js';
import type { SignedRecord } from '../../../protocol/record.js';
import { hex } from '../../bytes.js';
import { MAX_HELD_TIME } from './card.js';
import type { Grant } from './grants.js';
import type { Seller } from './sellers.js';
import type { Version } from './versions.js';

/** A seller's lease, its signature checked. */
export class HeldLease implements Version {
  readonly record: SignedRecord<Lease>;
  readonly grant: Grant;
  readonly seller: Seller;
  /** Those of its parts in which held cards stand. */
  readonly parts = new Set<LeasePart>();
  /** The number of the next part. */
  nextPart = 0;

  constructor(record: SignedRecord<Lease>, grant: Grant, seller: Seller) {
    this.record = record;
    this.grant = grant;
    this.seller = seller;
  }

  get seq(): number {
    return this.record.payload.seq;
  }

  get device(): Uint8Array {
    return this.record.payload.device;
  }

  get digest(): Uint8Array {
    return this.record.id.multihash.digest;
  }

  /** Names its row; those of its parts begin with it. */
  get key(): string {
    return `${hex(this.seller.key)}/${hex(this.digest)}`;
  }

  /** Milliseconds UTC: the longest that it can extend anything. */
  get until(): number {
    return leaseEnd(this);
  }
}

/** Milliseconds UTC: the longest that a lease can extend anything. */
export function leaseEnd({ record, grant }: { readonly record: SignedRecord<Lease>; readonly grant: Grant }): number {
  const { validUntil, created } = record.payload;
  return Math.min(validUntil, grant.expires, created + MAX_HELD_TIME);
}

/** Some leaves of a lease that were shown to be in it, of cards that are held. */
export class LeasePart {
  readonly lease: HeldLease;
  /** Names its row. */
  readonly key: string;
  readonly proven: ProvenLeaves;
  readonly #onEmpty: (part: LeasePart) => void;
  #cards = 0;

  constructor(lease: HeldLease, key: string, proven: ProvenLeaves, onEmpty: (part: LeasePart) => void) {
    this.lease = lease;
    this.key = key;
    this.proven = proven;
    this.#onEmpty = onEmpty;
  }

  /** One more held card stands in it. */
  enter(): void {
    this.#cards++;
  }

  /** One less; the last one takes the part with it. */
  leave(): void {
    if (--this.#cards === 0) this.#onEmpty(this);
  }
}
