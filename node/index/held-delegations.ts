import { CID } from 'multiformats/cid';
import { isNiagaError } from '../../protocol/errors.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import type { SignedRecord } from '../../protocol/record.js';
import type { DelegationBook } from '../identity/index.js';
import { rawCodec, type Store, type Table, type Write } from '../store/index.js';

/**
 * The delegations of the cards and ends that are kept for the network. They come from strangers, so they stay only as long as
 * something here names them; those that the user's own records need are in the {@link DelegationBook}.
 */
export class HeldDelegations {
  readonly #book: DelegationBook;
  readonly #rows: Table<Uint8Array>;
  readonly #kept = new Map<string, SignedRecord<Delegation>>();

  constructor(deps: { readonly store: Store; readonly delegations: DelegationBook }) {
    this.#book = deps.delegations;
    this.#rows = deps.store.table('card-delegations', rawCodec);
  }

  get size(): number {
    return this.#kept.size;
  }

  async load(): Promise<void> {
    for await (const [id, bytes] of this.#rows.range()) {
      try {
        this.#kept.set(id, this.#book.read(bytes));
      } catch (error) {
        // Its cards are brought again, and it with them: one bad row is no reason not to start.
        if (!isNiagaError(error)) throw error;
      }
    }
  }

  find(id: string): SignedRecord<Delegation> | undefined {
    return this.#kept.get(id) ?? this.#book.find(CID.parse(id));
  }

  /** Keeps one that something held names: the write for it. */
  keep(delegation: SignedRecord<Delegation>): Write {
    const id = delegation.id.toString();
    this.#kept.set(id, delegation);
    return this.#rows.put(id, delegation.bytes);
  }

  /** Forgets all but those named: the writes for it. */
  retain(named: ReadonlySet<string>): Write[] {
    const gone = [...this.#kept.keys()].filter((id) => !named.has(id));
    for (const id of gone) this.#kept.delete(id);
    return gone.map((id) => this.#rows.del(id));
  }
}
