import { createHash } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { createBoundedCache, type BoundedCache } from '../../protocol/bounded-cache.js';
import type { Card, Delta, Lease, Tombstone } from '../../protocol/catalog/card.js';
import { listingIdOfCard } from '../../protocol/catalog/make-card.js';
import { NiagaError } from '../../protocol/errors.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { openRecord, signedBytes, type SignedRecord, type Verify } from '../../protocol/record.js';
import { parseIndex, type CardIndex } from '../../protocol/search/index-terms.js';
import { hex } from '../bytes.js';

/** Cards, deltas and leases kept with the verdict on their signature, at some 4 KB each: a search that is repeated checks nothing twice. */
const OPENED = 4_000;

type Kinds = { card: Card; delta: Delta; lease: Lease; tombstone: Tombstone };

/** A record of its form, in order but for its signature, which is checked when it is needed. */
export interface Opened<P = Kinds[keyof Kinds]> {
  readonly record: SignedRecord<P>;
  /** The record's id, in text. */
  readonly id: string;
  /** The device that signed, in text. */
  readonly device: string;
  /** Milliseconds UTC until which the delegation lets the device sign. */
  readonly granted: number;
  verdict: 'unchecked' | 'holds' | 'refused';
}

export interface OpenedCard extends Opened<Card> {
  readonly listing: string;
  readonly index: CardIndex;
}

export interface OpenedEnd extends Opened<Tombstone> {
  readonly listing: string;
}

export type FindDelegation = (id: CID) => SignedRecord<Delegation> | undefined;

const trust: Verify = () => true;

/** Opens what answers bring, and remembers what it has opened. */
export class Opener {
  readonly #deps: { readonly networkName: string; readonly verify: Verify; readonly now: () => number };
  readonly #cards = createBoundedCache<OpenedCard>(OPENED);
  readonly #deltas = createBoundedCache<Opened<Delta>>(OPENED);
  readonly #leases = createBoundedCache<Opened<Lease>>(OPENED);
  readonly #ends = createBoundedCache<OpenedEnd>(OPENED);

  constructor(deps: { readonly networkName: string; readonly verify: Verify; readonly now: () => number }) {
    this.#deps = deps;
  }

  /** @throws NiagaError RECORD_…, DELEGATION_… for what is not a card, whatever its signature */
  card(bytes: Uint8Array, find: FindDelegation): OpenedCard {
    return this.#open(this.#cards, 'card', bytes, find, (opened) => {
      const { payload } = opened.record;
      return { ...opened, listing: listingOf(payload), index: parseIndex(payload.index) };
    });
  }

  /** @throws as {@link card} */
  end(bytes: Uint8Array, find: FindDelegation): OpenedEnd {
    return this.#open(this.#ends, 'tombstone', bytes, find, (opened) => ({
      ...opened,
      listing: listingOf(opened.record.payload),
    }));
  }

  /** @throws as {@link card} */
  delta(bytes: Uint8Array, find: FindDelegation): Opened<Delta> {
    return this.#open(this.#deltas, 'delta', bytes, find, (opened) => opened);
  }

  /** @throws as {@link card} */
  lease(bytes: Uint8Array, find: FindDelegation): Opened<Lease> {
    return this.#open(this.#leases, 'lease', bytes, find, (opened) => opened);
  }

  /** Whether the signature holds; it is checked once. */
  holds(opened: Opened): boolean {
    if (opened.verdict === 'unchecked') {
      const { payload, payloadBytes, signature } = opened.record;
      const holds = this.#deps.verify(payload.device, signedBytes(payloadBytes), signature);
      opened.verdict = holds ? 'holds' : 'refused';
    }
    return opened.verdict === 'holds';
  }

  #open<K extends keyof Kinds, O extends Opened<Kinds[K]>>(
    cache: BoundedCache<O>,
    kind: K,
    bytes: Uint8Array,
    find: FindDelegation,
    complete: (opened: Opened<Kinds[K]>) => O,
  ): O {
    // By all bytes, since an id covers neither the signature nor who let the device sign.
    const hash = createHash('sha256').update(bytes).digest('base64');
    const before = cache.get(hash);
    if (before !== undefined) return before;
    const { networkName, now } = this.#deps;
    let grant: SignedRecord<Delegation> | undefined;
    // A copy of its own: what came is a view of a frame of up to half a megabyte.
    const record = openRecord(bytes.slice(), {
      network: networkName,
      kinds: [kind],
      verify: trust,
      now: now(),
      delegation: (id) => (grant = find(id)),
    }) as unknown as SignedRecord<Kinds[K]>;
    // One that is carried along instead of named would not be checked with `trust`.
    if (grant === undefined)
      throw new NiagaError('DELEGATION_MISSING', `The delegation of the ${kind} did not come with it.`);
    const opened = complete({
      record,
      id: record.id.toString(),
      device: hex(record.payload.device),
      granted: grant.payload.expires,
      verdict: 'unchecked',
    });
    cache.set(hash, opened);
    return opened;
  }
}

function listingOf(payload: Card | Tombstone): string {
  const listing = listingIdOfCard(payload);
  if (listing === undefined) throw new NiagaError('RECORD_SCHEMA', 'The slot is not that of a card.');
  return listing;
}
