import type { CID } from 'multiformats/cid';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import type { Listing } from '../../protocol/catalog/card.js';
import { openRecord, type SignedRecord } from '../../protocol/record.js';
import type { Identity } from '../identity/index.js';
import { rawCodec, type Store, type Table, type Write } from '../store/index.js';

/** Versions that are kept opened: those that one shop shows and sells. Some 5 kB each. */
const MAX_OPENED = 500;

/** Own listings as they were signed, by the id of the version. */
export class Versions {
  readonly #table: Table<Uint8Array>;
  readonly #identity: Pick<Identity, 'network' | 'delegationOf'>;
  /** A version never changes: what is shown again and again is opened once. */
  readonly #opened = createBoundedCache<SignedRecord<Listing>>(MAX_OPENED);

  constructor(store: Store, identity: Pick<Identity, 'network' | 'delegationOf'>) {
    this.#table = store.table('listings', rawCodec);
    this.#identity = identity;
  }

  put({ id, bytes }: SignedRecord<Listing>): Write {
    return this.#table.put(id.toString(), bytes);
  }

  /** @throws NiagaError RECORD_CORRUPT */
  async get(id: CID): Promise<SignedRecord<Listing> | undefined> {
    const key = id.toString();
    // Read all the same: what the disk has damaged is told by whoever comes upon it.
    const bytes = await this.#table.get(key);
    if (bytes === undefined) return undefined;
    const opened = this.#opened.get(key);
    if (opened !== undefined) return opened;
    const record = openRecord(bytes, {
      network: this.#identity.network,
      kinds: ['listing'],
      delegation: (named) => this.#identity.delegationOf(named),
      // Signed here, or checked before it was adopted, and the store says when it is not what was written.
      verify: () => true,
    });
    this.#opened.set(key, record);
    return record;
  }
}
