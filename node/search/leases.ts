import { createBoundedCache } from '../../protocol/bounded-cache.js';
import type { Card, Delta, Lease } from '../../protocol/catalog/card.js';
import { equalBytes } from '../../protocol/ids.js';
import { isNiagaError } from '../../protocol/errors.js';
import { openProof } from '../../protocol/merkle.js';
import { hex } from '../bytes.js';
import { MAX_HELD_TIME } from '../index/held/card.js';
import type { LeaseProof } from '../index/wire.js';
import type { Version } from './version.js';
import type { Opened, Opener } from './opener.js';

/** Sellers whose newest lease is remembered. */
const SELLERS = 5_000;
/**
 * An index node may have missed one daily lease. One that is older than this beside the newest known one extends nothing any
 * more: what the seller has removed meanwhile could come back with it.
 */
const LEASE_LAG = 48 * 60 * 60 * 1000;

/** A lease as an answer brought it, with what it is to prove of the answer's cards. */
interface Claimed {
  readonly lease: Opened<Lease>;
  /** Record ids with their places in the tree, ascending; undefined where a card of the answer could not be read. */
  readonly leaves: readonly (readonly [place: number, record: Uint8Array, id: string])[] | undefined;
  readonly proof: LeaseProof['proof'];
  /** Record ids that the proof has shown to be in the lease; undefined before it was looked at. */
  proven?: ReadonlySet<string>;
}

/** The newest lease of each seller that this node has met. */
export class LeaseBook {
  readonly newest = createBoundedCache<Opened<Lease>>(SELLERS);
}

/** The leases of one search: when sellers were last seen, and which cards they extend. Nothing is checked before it is asked for. */
export class Leases {
  readonly #opener: Opener;
  readonly #book: LeaseBook;
  readonly #claimed = new Map<string, Claimed[]>();

  constructor(opener: Opener, book: LeaseBook) {
    this.#opener = opener;
    this.#book = book;
  }

  /** @param records the cards of the answer and then its deltas, in its order; undefined where one could not be read */
  take(
    { cards: pairs, proof }: LeaseProof,
    lease: Opened<Lease>,
    records: readonly (Opened<Card | Delta> | undefined)[],
  ): void {
    const trader = hex(lease.record.payload.trader);
    const leaves = pairs.map(([at, place]) => {
      const record = records[at];
      return record === undefined ? undefined : ([place, record.record.id.multihash.digest, record.id] as const);
    });
    const whole = leaves.filter((leaf) => leaf !== undefined);
    const claimed: Claimed = { lease, leaves: whole.length === leaves.length ? whole : undefined, proof };
    const others = this.#claimed.get(trader);
    if (others === undefined) this.#claimed.set(trader, [claimed]);
    else others.push(claimed);
  }

  /** When the seller last signed a lease, by the seller's clock; undefined where none is known. */
  lastSeen(trader: string): number | undefined {
    return this.#newest(trader)?.record.payload.created;
  }

  /** Until when a lease extends a version, in milliseconds UTC; 0 where none does. */
  extendedUntil(version: Version): number {
    const newest = this.#newest(version.trader);
    if (newest === undefined) return 0;
    const { granted, record } = version.card;
    let until = 0;
    for (const claimed of this.#claimed.get(version.trader) ?? []) {
      const { created, validUntil, trader } = claimed.lease.record.payload;
      if (created < newest.record.payload.created - LEASE_LAG || !equalBytes(trader, record.payload.trader)) continue;
      const proven = this.#proven(claimed);
      // A delta that is newer than the lease changes a card that the lease names.
      if (!proven.has(version.record) && !proven.has(version.card.id)) continue;
      until = Math.max(until, Math.min(validUntil, created + MAX_HELD_TIME, granted));
    }
    return until;
  }

  /** The newest lease of a seller whose signature holds, of this search or one before. */
  #newest(trader: string): Opened<Lease> | undefined {
    let best = this.#book.newest.get(trader);
    for (const { lease } of this.#claimed.get(trader) ?? []) {
      if (best !== undefined && lease.record.payload.seq <= best.record.payload.seq) continue;
      if (this.#opener.holds(lease)) this.#book.newest.set(trader, (best = lease));
    }
    return best;
  }

  #proven(claimed: Claimed): ReadonlySet<string> {
    return (claimed.proven ??= new Set(this.#opener.holds(claimed.lease) ? idsProven(claimed) : []));
  }
}

function idsProven({ lease, leaves, proof }: Claimed): string[] {
  if (leaves === undefined || leaves.length === 0) return [];
  const { cards, root } = lease.record.payload;
  try {
    const { root: shown } = openProof(
      cards,
      leaves.map(([place, digest]) => [place, digest] as const),
      proof,
    );
    return equalBytes(shown, root) ? leaves.map(([, , id]) => id) : [];
  } catch (error) {
    if (isNiagaError(error)) return [];
    throw error;
  }
}
