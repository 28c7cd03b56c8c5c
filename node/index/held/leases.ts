import { latin1 } from '../../bytes.js';
import type { Lease } from '../../../protocol/catalog/card.js';
import { NiagaError } from '../../../protocol/errors.js';
import { equalBytes } from '../../../protocol/ids.js';
import { openProof, type ProvenLeaves } from '../../../protocol/merkle.js';
import type { SignedRecord } from '../../../protocol/record.js';
import { sha256Of } from '../../native-hash.js';
import type { LeaseProof } from '../wire.js';
import { extendedEnd, type HeldCard } from './card.js';
import type { Grant } from './grants.js';
import type { HeldSet } from './held-set.js';
import { HeldLease, LeasePart } from './lease.js';
import { tagOf, type Seller } from './sellers.js';
import { compareHeld } from './versions.js';

/** A lease that came and whose signature holds. */
export interface OpenLease {
  readonly record: SignedRecord<Lease>;
  readonly grant: Grant;
}

/** Leaves and the proof that they are a lease's. */
export interface LeafProof {
  readonly leaves: readonly (readonly [place: number, leaf: Uint8Array])[];
  readonly proof: readonly Uint8Array[];
}

/** A leaf that was shown to be in a lease, and the held card whose newest record it names. */
interface ProvenCard {
  readonly place: number;
  readonly leaf: Uint8Array;
  readonly card: HeldCard;
  readonly ofDelta: boolean;
}

/** A lease that came with a batch: until when it lets each of its cards stand, before they are held. */
export interface BatchLease {
  readonly lease: OpenLease;
  readonly proven: ProvenLeaves;
  /** Leaf and place in the tree of each place in the batch. */
  readonly leaves: readonly (readonly [at: number, place: number, leaf: Uint8Array])[];
}

/** The leases of the sellers of whom cards are held: until when these stand, and when their sellers were last seen. */
export class Leases {
  readonly #set: HeldSet;
  readonly #bySeller = new Map<Seller, Set<HeldLease>>();
  readonly #byEnvelope = new Map<string, HeldLease>();

  constructor(set: HeldSet) {
    this.#set = set;
    set.onSellerGone = (seller) => this.#forget(seller);
  }

  /** A lease that is kept, by its envelope: the same one comes in many batches. */
  find(bytes: Uint8Array): OpenLease | undefined {
    return this.#byEnvelope.get(latin1(sha256Of(bytes)));
  }

  /**
   * A seller's refresh.
   * @returns places of the leaves of which no card is held here
   * @throws NiagaError RECORD_SCHEMA where the leaves are not those of the lease
   */
  refresh(lease: OpenLease, { leaves, proof }: LeafProof): number[] {
    const proven = openLeaves(lease.record, leaves, proof);
    const seller = this.#set.sellers.find(lease.record.payload.trader);
    if (seller === undefined) return leaves.map(([place]) => place);
    const found = leaves.flatMap(([place, leaf]) => findProven(seller, place, leaf));
    this.#stand(seller, lease, proven, found);
    const held = new Set(found.map(({ place }) => place));
    return leaves.flatMap(([place]) => (held.has(place) ? [] : [place]));
  }

  /**
   * A lease that came with cards, before they are held.
   * @param digestOf of the record in a place of the batch
   * @throws NiagaError RECORD_SCHEMA where the cards are not of the lease
   */
  withBatch(
    lease: OpenLease,
    { cards, proof }: Pick<LeaseProof, 'cards' | 'proof'>,
    digestOf: (at: number) => Uint8Array | undefined,
  ): BatchLease {
    const leaves = cards.map(([at, place]) => [at, place, digestOf(at) ?? new Uint8Array()] as const);
    const pairs = leaves.map(([, place, leaf]) => [place, leaf] as const);
    // Without cards it has no proof either: it only says when the seller was there.
    const proven = openLeaves(lease.record, pairs, proof);
    return { lease, proven, leaves };
  }

  /** The cards of a batch are held now, as far as they were taken. */
  take({ lease, proven, leaves }: BatchLease): void {
    const seller = this.#set.sellers.find(lease.record.payload.trader);
    if (seller === undefined) return;
    const found = leaves.flatMap(([, place, leaf]) => findProven(seller, place, leaf));
    this.#stand(seller, lease, proven, found);
  }

  /**
   * What is to be said of the leases of cards that are handed out: the newest of each seller; of those cards that only a lease lets
   * stand, the proof.
   * @param cards in the order in which they are handed out
   * @param deltaAt the place of a card's delta in the list that comes along
   */
  proofsFor(
    cards: readonly { readonly card: HeldCard; readonly at: number; readonly deltaAt: number | undefined }[],
    now: number,
    most: number,
  ): { readonly leases: LeaseProof[]; readonly grants: Grant[] } {
    const parts = new Map<LeasePart, [at: number, place: number][]>();
    const newest = new Set<HeldLease>();
    for (const { card, at, deltaAt } of cards) {
      const { stand, seller } = card;
      if (seller.lease !== undefined) newest.add(seller.lease);
      if (stand === undefined || !card.isExtended(now)) continue;
      const leafAt = stand.ofDelta ? deltaAt : at;
      if (leafAt === undefined) continue;
      const places = parts.get(stand.part);
      if (places === undefined) parts.set(stand.part, [[leafAt, stand.place]]);
      else places.push([leafAt, stand.place]);
    }
    const proofs = [...parts].map(([part, places]) => {
      places.sort(([, a], [, b]) => a - b);
      newest.delete(part.lease);
      return { lease: part.lease, cards: places, proof: part.proven.narrow(places.map(([, place]) => place)) };
    });
    // The proofs first: without them cards are over, without the others it is only not known when their seller was there.
    const all = [...proofs, ...[...newest].map((lease) => ({ lease, cards: [], proof: [] }))].slice(0, most);
    return {
      leases: all.map(({ lease, ...proof }) => ({ lease: lease.record.bytes, ...proof })),
      grants: all.map(({ lease }) => lease.grant),
    };
  }

  /** A lease of an earlier run. @returns undefined where nothing of its seller is held */
  restore(open: OpenLease): HeldLease | undefined {
    const seller = this.#set.sellers.find(open.record.payload.trader);
    return seller === undefined ? undefined : this.#keep(seller, open, false);
  }

  /** A part of a lease of an earlier run. @returns false where nothing held stands in it */
  restorePart(lease: HeldLease, key: string, { leaves, proof }: LeafProof): boolean {
    const found = leaves.flatMap(([place, leaf]) => findProven(lease.seller, place, leaf));
    const number = Number(key.slice(key.lastIndexOf('/') + 1));
    lease.nextPart = Math.max(lease.nextPart, number + 1);
    return this.#enter(
      lease,
      key,
      openLeaves(lease.record, leaves, proof),
      found.filter(({ card }) => isBetter(lease, card)),
    );
  }

  /** Forgets what was restored and lets nothing stand. */
  tidy(): void {
    for (const leases of this.#bySeller.values()) for (const lease of leases) this.#drop(lease);
  }

  /** Lets cards stand in a lease. */
  #stand(seller: Seller, open: OpenLease, all: ProvenLeaves, found: readonly ProvenCard[]): void {
    const lease = this.#keep(seller, open, true);
    const better = found.filter(({ card }) => isBetter(lease, card));
    if (better.length > 0) {
      const key = `${lease.key}/${lease.nextPart++}`;
      const proof = all.narrow(better.map(({ place }) => place));
      const leaves = better.map(({ place, leaf }) => [place, leaf] as const);
      this.#set.rows.add([this.#set.rows.leases.put(key, { leaves, proof })]);
      this.#enter(lease, key, openLeaves(lease.record, leaves, proof), better);
    }
    this.#drop(lease);
  }

  #enter(lease: HeldLease, key: string, proven: ProvenLeaves, cards: readonly ProvenCard[]): boolean {
    if (cards.length === 0) return false;
    const part = new LeasePart(lease, key, proven, (empty) => {
      lease.parts.delete(empty);
      this.#set.rows.add([this.#set.rows.leases.del(empty.key)]);
      this.#drop(lease);
    });
    lease.parts.add(part);
    for (const { card, place, ofDelta } of cards) this.#set.stand(card, { part, place, ofDelta });
    return true;
  }

  /** The lease as it is kept already, or from now on. */
  #keep(seller: Seller, { record, grant }: OpenLease, isNew: boolean): HeldLease {
    const ofSeller = this.#bySeller.get(seller) ?? new Set<HeldLease>();
    this.#bySeller.set(seller, ofSeller);
    const envelope = latin1(sha256Of(record.bytes));
    const kept = this.#byEnvelope.get(envelope);
    if (kept !== undefined) return kept;
    const used = this.#set.grants.use(grant);
    const lease = new HeldLease(record, used.grant, seller);
    ofSeller.add(lease);
    this.#byEnvelope.set(envelope, lease);
    this.#set.rows.add(used.writes);
    if (isNew) this.#set.rows.add([this.#set.rows.leases.put(lease.key, { lease: record.bytes })]);
    const before = seller.lease;
    if (before === undefined || compareHeld(lease, before) > 0) {
      seller.lease = lease;
      if (before !== undefined && isNew) this.#drop(before);
    }
    return lease;
  }

  /** Forgets a lease that is not its seller's newest and lets nothing stand. */
  #drop(lease: HeldLease): void {
    if (lease.seller.lease !== lease && lease.parts.size === 0) this.#forgetLease(lease);
  }

  #forgetLease(lease: HeldLease): void {
    if (this.#bySeller.get(lease.seller)?.delete(lease) !== true) return;
    this.#byEnvelope.delete(latin1(sha256Of(lease.record.bytes)));
    const keys = [lease.key, ...[...lease.parts].map(({ key }) => key)];
    this.#set.rows.add(keys.map((key) => this.#set.rows.leases.del(key)));
    this.#set.grants.unuse(lease.grant);
  }

  #forget(seller: Seller): void {
    seller.lease = undefined;
    for (const lease of this.#bySeller.get(seller) ?? []) this.#forgetLease(lease);
    this.#bySeller.delete(seller);
  }
}

/** Whether a lease lets a card stand longer than it does now. Of two that end alike the newer: it will be there when the other is forgotten. */
function isBetter(lease: HeldLease, { stand, grant }: HeldCard): boolean {
  if (stand === undefined) return true;
  if (stand.part.lease === lease) return false;
  const [before, after] = [extendedEnd(stand.part.lease, grant), extendedEnd(lease, grant)];
  return after > before || (after === before && compareHeld(lease, stand.part.lease) > 0);
}

/** The card whose own or whose delta's record a leaf names, if it is held. */
function findProven(seller: Seller, place: number, leaf: Uint8Array): ProvenCard[] {
  const card = seller.byRecord.get(tagOf(leaf));
  if (card === undefined) return [];
  const delta = card.delta?.record.id.multihash.digest;
  if (delta !== undefined && equalBytes(delta, leaf)) return [{ place, leaf, card, ofDelta: true }];
  return equalBytes(card.digest, leaf) ? [{ place, leaf, card, ofDelta: false }] : [];
}

/** @throws NiagaError RECORD_SCHEMA where the leaves do not lead to the lease's root */
function openLeaves(
  { payload }: SignedRecord<Lease>,
  leaves: readonly (readonly [place: number, leaf: Uint8Array])[],
  proof: readonly Uint8Array[],
): ProvenLeaves {
  if (leaves.length === 0) return NOTHING_PROVEN;
  const proven = openProof(payload.cards, leaves, proof);
  if (!equalBytes(proven.root, payload.root)) throw new NiagaError('RECORD_SCHEMA', 'The leaves are not of the lease.');
  return proven;
}

const NOTHING_PROVEN: ProvenLeaves = { root: new Uint8Array(), narrow: () => [] };
