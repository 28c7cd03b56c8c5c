import type { CID } from 'multiformats/cid';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import type { Listing } from '../../protocol/catalog/card.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
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
    const record = this.#open(bytes);
    this.#opened.set(key, record);
    return record;
  }

  /** The version of an own listing that its row names. @throws NiagaError RECORD_CORRUPT with the listing's id and what to do */
  async of(listing: string, version: CID): Promise<SignedRecord<Listing>> {
    let cause: unknown;
    try {
      const record = await this.get(version);
      if (record !== undefined) return record;
    } catch (error) {
      if (!isNiagaError(error, 'RECORD_CORRUPT')) throw error;
      cause = error;
    }
    // The same content once more would change nothing.
    throw new NiagaError('RECORD_CORRUPT', `The listing ${listing} cannot be read from this disk.`, {
      next: 'Publish it with something in it changed, a word of its description say, or restore the home from a backup.',
      cause,
    });
  }

  /** It was opened before it was written: where that fails now, the disk has lost something of it, or the permission that it names. */
  #open(bytes: Uint8Array): SignedRecord<Listing> {
    try {
      return openRecord(bytes, {
        network: this.#identity.network,
        kinds: ['listing'],
        delegation: (named) => this.#identity.delegationOf(named),
        // Signed here, or checked before it was adopted, and the store says when it is not what was written.
        verify: () => true,
      });
    } catch (cause) {
      throw new NiagaError('RECORD_CORRUPT', 'An own listing on this disk cannot be opened.', { cause });
    }
  }
}
