import { latin1 } from '../../bytes.js';
import type { Delta, Lease, Tombstone } from '../../../protocol/catalog/card.js';
import { NiagaError, isNiagaError } from '../../../protocol/errors.js';
import type { PayloadOf } from '../../../protocol/kinds.js';
import { openRecord, type SignedRecord, type Verify } from '../../../protocol/record.js';
import type { IndexDeps } from '../index.js';
import { NOBODY, openBatch, type Batch } from './batch.js';
import type { Grant, Grants } from './grants.js';
import { listingIdOf } from './ids.js';
import { readCard, splitEnvelope, type ReadCard } from './reader.js';

/** A change of a card's slot, its signature checked. */
export interface ReadChange {
  readonly listing: string;
  readonly record: SignedRecord<Delta | Tombstone>;
  readonly grant: Grant;
}

type SlotKind = 'card' | 'delta' | 'tombstone';

const trust: Verify = () => true;

/** Takes apart and checks what came, or what was kept. */
export class Opener {
  readonly #deps: IndexDeps;
  readonly #grants: Grants;

  constructor(deps: IndexDeps, grants: Grants) {
    this.#deps = deps;
    this.#grants = grants;
  }

  /** Who sent a request, with those of its delegations that hold. */
  batch(peer: string, delegations: readonly Uint8Array[]): Batch {
    return openBatch(peer, delegations, (bytes) => {
      const grant = this.attempt(() => this.#grants.read(bytes));
      return typeof grant === 'string' ? undefined : grant;
    });
  }

  /**
   * A card, everything but its signature checked; or a change, checked altogether.
   * @throws NiagaError why it is refused
   */
  read(bytes: Uint8Array, batch: Batch): ReadCard | ReadChange {
    const card = this.card(bytes, batch);
    if (card !== undefined) return card;
    // A copy of its own: what came is a view of a frame of a megabyte, and a change is kept as it is.
    const record = this.#open(trust, bytes.slice(), ['card', 'delta', 'tombstone'], batch);
    const { payload } = record;
    const grant = this.#grantOf(record, batch);
    if (!payload.slot.startsWith('card/')) throw new NiagaError('RECORD_SCHEMA', 'The slot is not that of a card.');
    const listing = listingIdOf(payload.network, payload.trader, payload.slot);
    if (payload.kind === 'card') {
      // What is checked later is checked by its parts.
      if (splitEnvelope(bytes) === undefined)
        throw new NiagaError('RECORD_MALFORMED', 'A card names its delegation by its id.');
      return {
        bytes,
        facts: payload,
        digest: record.id.multihash.digest,
        listing,
        grant,
      };
    }
    const kind: SlotKind = payload.kind;
    this.#open(this.#deps.verify, bytes, [kind], batch);
    return { listing, record: record as SignedRecord<Delta | Tombstone>, grant };
  }

  /** The usual card; undefined for what must be looked at more closely. */
  card(bytes: Uint8Array, batch = NOBODY): ReadCard | undefined {
    const { networkName, now } = this.#deps;
    return readCard(bytes, { network: networkName, now: now(), grant: (digest) => this.#find(digest, batch) });
  }

  /** What was checked before it was kept. @throws NiagaError where it is of no use any more: its delegation has expired */
  kept<K extends 'delta' | 'tombstone' | 'lease'>(
    bytes: Uint8Array,
    kind: K,
  ): { readonly record: SignedRecord<PayloadOf<K>>; readonly grant: Grant } {
    const record = this.#open(trust, bytes, [kind], NOBODY);
    return { record, grant: this.#grantOf(record, NOBODY) };
  }

  /** @throws NiagaError */
  lease(bytes: Uint8Array, batch: Batch): { readonly record: SignedRecord<Lease>; readonly grant: Grant } {
    const record = this.#open(this.#deps.verify, bytes.slice(), ['lease'], batch);
    if (record.payload.validUntil <= this.#deps.now()) throw new NiagaError('RECORD_TIME', 'The lease is over.');
    return { record, grant: this.#grantOf(record, batch) };
  }

  /** Does a task that may refuse what came; gives the code of the refusal, which is counted. */
  attempt<T extends object>(task: () => T, onRefused?: (error: NiagaError) => void): T | string {
    try {
      return task();
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      this.#deps.onRefused(error.code);
      onRefused?.(error);
      return error.code;
    }
  }

  /** The delegation that a record names; one that it only carries would not be found after a restart. */
  #grantOf(record: Pick<SignedRecord, 'delegation'>, batch: Batch): Grant {
    const { delegation } = record;
    const grant = delegation === undefined ? undefined : this.#find(latin1(delegation.multihash.digest), batch);
    if (grant === undefined)
      throw new NiagaError('DELEGATION_MISSING', 'The record’s delegation did not come with it.');
    return grant;
  }

  #find(digest: string, { offered }: Batch): Grant | undefined {
    return offered.get(digest) ?? this.#grants.find(digest);
  }

  #open<K extends SlotKind | 'lease'>(verify: Verify, bytes: Uint8Array, kinds: readonly K[], batch: Batch) {
    const { networkName, now } = this.#deps;
    return openRecord<K>(bytes, {
      network: networkName,
      kinds,
      delegation: (id) => this.#find(latin1(id.multihash.digest), batch)?.record,
      verify,
      now: now(),
    });
  }
}
