import type {
  LeasedCard,
  OfferedRecord,
  Outlet,
  OwnLease,
  Placed,
  Placement,
  Posting,
  Refreshed,
} from '../../../node/index/index.js';
import { listingIdOfCard } from '../../../protocol/catalog/make-card.js';
import type { Card, Delta, Tombstone } from '../../../protocol/catalog/card.js';
import { openProof } from '../../../protocol/merkle.js';
import { openRecord, type SignedRecord } from '../../../protocol/record.js';
import type { Identity } from '../../../node/identity/index.js';

type SlotRecord = SignedRecord<Card | Delta | Tombstone>;

/** What one index node knows of a listing. */
interface Held {
  /** The newest card, and the delta to it; or the tombstone. */
  record: SignedRecord<Card> | SignedRecord<Tombstone>;
  delta?: SignedRecord<Delta> | undefined;
}

/** A listing as a reader would be shown it. */
export interface Shown {
  readonly title: string;
  readonly price: number | undefined;
  readonly availability: string;
  readonly version: string;
}

/**
 * An index of several nodes that keep what they are brought by the rules of the real ones: the newest record of a slot counts, a
 * delta changes the card that it names and no other.
 */
export class FakeOutlet implements Outlet {
  /** All postings in the order in which they were brought out. */
  readonly sent: Posting[] = [];
  /** Messages to nodes: postings to each, and leases to each. */
  messages = 0;
  readonly nodes: Map<string, Held>[];
  /** Nodes that get nothing at the moment. */
  readonly away = new Set<number>();
  /** How the network answers; what really happened otherwise. */
  placed: Partial<Placed> = {};
  /** Milliseconds until a posting has its quorum, and how long nobody is done. */
  delay: () => number = () => 0;
  leases: OwnLease[] = [];
  readonly #identity: Identity;
  readonly #waiting: (() => void)[] = [];
  /** What one node finds good is not looked at again for each other one. */
  readonly #opened = new WeakMap<Uint8Array, SlotRecord>();
  /** Postings have their quorum, but go on waiting for the last copies until this is false. */
  holdsBack = false;

  constructor(identity: Identity, nodes = 1) {
    this.#identity = identity;
    this.nodes = Array.from({ length: nodes }, () => new Map<string, Held>());
  }

  post(posting: Posting, lacking?: ReadonlySet<string>): Placement {
    this.sent.push(posting);
    const results = this.nodes.map((_, at): string => {
      if (this.away.has(at)) return 'away';
      if (lacking !== undefined && !lacking.has(String(at))) return 'ok';
      return this.#put(at, posting);
    });
    const held = results.filter((result) => result === 'ok').length;
    const newest = this.#heldOf(0, posting);
    const placed: Placed = {
      replicas: held,
      quorum: held > this.nodes.length / 2,
      whole: !results.includes('away'),
      refused: [...new Set(results.filter((result) => result !== 'ok' && result !== 'away'))],
      newer: results.includes('LISTING_CHANGED') && newest !== undefined ? [(newest.delta ?? newest.record).bytes] : [],
      ...this.placed,
    };
    const settled = wait(this.delay()).then(() => placed);
    const done = settled.then(async () => {
      if (this.holdsBack) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      return placed;
    });
    return { settled, done };
  }

  /** The last copies arrive. */
  arrive(): void {
    this.holdsBack = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  room(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    return Promise.resolve();
  }

  async refresh(lease: OwnLease, cards: AsyncIterable<LeasedCard>): Promise<Refreshed> {
    this.leases.push(lease);
    const record = openRecord(lease.bytes, {
      network: this.#identity.network,
      kinds: ['lease'],
      delegation: (id) => this.#identity.delegationOf(id),
    });
    const listings: string[] = [];
    for await (const { listing } of cards) if (lease.placeOf(listing) !== undefined) listings.push(listing);
    const places = listings.map((listing) => lease.placeOf(listing) ?? 0).sort((a, b) => a - b);
    const leaves = places.map((place) => [place, lease.leaves[place] ?? new Uint8Array()] as const);
    const { root } = openProof(record.payload.cards, leaves, lease.proof(places));
    if (!Buffer.from(root).equals(record.payload.root)) throw new Error('the proof leads to another root');
    const lacking = new Map<string, Set<string>>();
    const held = new Map<string, { replicas: number; quorum: boolean }>();
    this.messages += this.nodes.length;
    for (const listing of listings) {
      const leaf = lease.leaves[lease.placeOf(listing) ?? 0];
      const without = this.nodes.flatMap((node, at) => {
        const { record: card, delta } = node.get(listing) ?? {};
        const digest = (delta ?? card)?.id.multihash.digest;
        const has =
          !this.away.has(at) && digest !== undefined && leaf !== undefined && Buffer.from(digest).equals(leaf);
        return has ? [] : [String(at)];
      });
      if (without.length > 0) lacking.set(listing, new Set(without));
      else held.set(listing, { replicas: this.nodes.length, quorum: true });
    }
    return { lacking, held, nodes: this.nodes.length, failed: this.away.size };
  }

  async offer(records: AsyncIterable<OfferedRecord>): Promise<Map<string, Set<string>>> {
    const lacking = new Map<string, Set<string>>();
    let asked = false;
    for await (const { listing, seq } of records) {
      asked = true;
      const without = this.nodes.flatMap((node, at) => {
        const { record, delta } = node.get(listing) ?? {};
        return (delta ?? record)?.payload.seq === seq && !this.away.has(at) ? [] : [String(at)];
      });
      if (without.length > 0) lacking.set(listing, new Set(without));
    }
    if (asked) this.messages += this.nodes.length;
    return lacking;
  }

  open(bytes: Uint8Array): SlotRecord {
    const known = this.#opened.get(bytes);
    if (known !== undefined) return known;
    const record = openRecord(bytes, {
      network: this.#identity.network,
      kinds: ['card', 'delta', 'tombstone'],
      delegation: (id) => this.#identity.delegationOf(id),
    });
    this.#opened.set(bytes, record);
    return record;
  }

  /** What readers would see of a listing at one node. */
  shown(listing: string, at = 0): Shown | undefined {
    const held = this.nodes[at]?.get(listing);
    if (held?.record.payload.kind !== 'card') return undefined;
    const { summary, listing: version } = held.record.payload;
    const { price, availability } = held.delta?.payload ?? summary;
    return {
      title: summary.title,
      price: price?.amount,
      availability,
      version: (held.delta?.payload.listing ?? version).toString(),
    };
  }

  #heldOf(at: number, { bytes }: Posting): Held | undefined {
    return this.nodes[at]?.get(listingIdOfCard(this.open(bytes).payload) ?? '');
  }

  /** One node's answer to a posting: that of its newest record. */
  #put(at: number, posting: Posting): string {
    this.messages++;
    const onlyDelta = posting.delta !== undefined && posting.onlyDelta === true;
    const results = onlyDelta ? [] : [this.#take(at, this.open(posting.bytes))];
    if (posting.delta !== undefined) results.push(this.#take(at, this.open(posting.delta)));
    const result = results.at(-1) ?? '';
    return onlyDelta && result === 'LISTING_NOT_FOUND' ? this.#put(at, { ...posting, onlyDelta: false }) : result;
  }

  #take(at: number, record: SlotRecord): string {
    const node = this.nodes[at] ?? new Map<string, Held>();
    const listing = listingIdOfCard(record.payload) ?? '';
    const held = node.get(listing);
    const seq = Math.max(held?.record.payload.seq ?? -1, held?.delta?.payload.seq ?? -1);
    if (record.payload.kind === 'delta') {
      const delta = record as SignedRecord<Delta>;
      if (held === undefined) return 'LISTING_NOT_FOUND';
      if (delta.payload.seq < seq) return 'LISTING_CHANGED';
      if (!held.record.id.equals(delta.payload.card)) return 'LISTING_NOT_FOUND';
      held.delta = delta;
      return 'ok';
    }
    if (held?.record.id.equals(record.id) === true) return 'ok';
    if (record.payload.seq <= seq) return 'LISTING_CHANGED';
    node.set(listing, { record: record as SignedRecord<Card> | SignedRecord<Tombstone> });
    return 'ok';
  }
}

function wait(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
