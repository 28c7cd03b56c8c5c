import { latin1 } from '../../bytes.js';
import { isNiagaError } from '../../../protocol/errors.js';
import type { Delegation } from '../../../protocol/identity/delegation.js';
import { traderToText } from '../../../protocol/ids.js';
import type { SignedRecord } from '../../../protocol/record.js';
import { sellerKey } from '../../../protocol/search/posting-keys.js';
import type { DelegationBook } from '../../identity/index.js';
import { rawCodec, type Store, type Table, type Write } from '../../store/index.js';
import { idOf } from './ids.js';

/** A delegation that held records name. */
export class Grant {
  readonly record: SignedRecord<Delegation>;
  /** The digest of its id, a byte a character. */
  readonly digest: string;
  /** The trader's key, a byte a character, and the key of everything of the trader. */
  readonly trader: string;
  readonly sellerKey: string;
  /** How many held records name it. */
  uses = 0;

  constructor(record: SignedRecord<Delegation>) {
    this.record = record;
    this.digest = latin1(record.id.multihash.digest);
    this.trader = latin1(record.payload.trader);
    this.sellerKey = sellerKey(traderToText(record.payload.trader));
  }

  get device(): Uint8Array {
    return this.record.payload.delegate;
  }

  /** Milliseconds UTC. */
  get expires(): number {
    return this.record.payload.expires;
  }

  /** The record's id in text. */
  get id(): string {
    return this.record.id.toString();
  }
}

/**
 * The delegations of what is kept for the network. They come from strangers, so they stay only as long as something here names
 * them; those that the user's own records need are in the {@link DelegationBook}.
 */
export class Grants {
  readonly #book: DelegationBook;
  readonly #rows: Table<Uint8Array>;
  readonly #kept = new Map<string, Grant>();
  #spare = 0;

  constructor(deps: { readonly store: Store; readonly delegations: DelegationBook }) {
    this.#book = deps.delegations;
    this.#rows = deps.store.table('card-delegations', rawCodec);
  }

  /** How many are kept that nothing names. */
  get spare(): number {
    return this.#spare;
  }

  async load(): Promise<void> {
    for await (const [, bytes] of this.#rows.range()) {
      try {
        const grant = new Grant(this.#book.read(bytes));
        if (!this.#kept.has(grant.digest)) this.#spare++;
        this.#kept.set(grant.digest, grant);
      } catch (error) {
        // Its cards are brought again, and it with them: one bad row is no reason not to start.
        if (!isNiagaError(error)) throw error;
      }
    }
  }

  /** @param digest of its id, a byte a character */
  find(digest: string): Grant | undefined {
    const kept = this.#kept.get(digest);
    if (kept !== undefined) return kept;
    const record = this.#book.find(idOf(Buffer.from(digest, 'latin1')));
    return record === undefined ? undefined : new Grant(record);
  }

  /** @throws NiagaError RECORD_… where the envelope does not hold */
  read(bytes: Uint8Array): Grant {
    const record = this.#book.read(bytes);
    return this.#kept.get(latin1(record.id.multihash.digest)) ?? new Grant(record);
  }

  /** Something held names it now. @returns the one to name, and the write that keeps it where it is not kept yet */
  use(grant: Grant): { readonly grant: Grant; readonly writes: readonly Write[] } {
    const kept = this.#kept.get(grant.digest);
    if (kept !== undefined) {
      if (kept.uses++ === 0) this.#spare--;
      return { grant: kept, writes: [] };
    }
    grant.uses = 1;
    this.#kept.set(grant.digest, grant);
    return { grant, writes: [this.#rows.put(grant.id, grant.record.bytes)] };
  }

  /** Something that named it is gone. */
  unuse(grant: Grant): void {
    if (--grant.uses === 0) this.#spare++;
  }

  /** Forgets those that nothing names: the writes for it. */
  tidy(): Write[] {
    if (this.#spare === 0) return [];
    const gone = [...this.#kept.values()].filter(({ uses }) => uses === 0);
    this.#spare = 0;
    for (const { digest } of gone) this.#kept.delete(digest);
    return gone.map(({ id }) => this.#rows.del(id));
  }
}
