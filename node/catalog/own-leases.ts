import { signRecord } from '../../protocol/record.js';
import { merkleRoot, openProof, type ProvenLeaves } from '../../protocol/merkle.js';
import type { Identity } from '../identity/index.js';
import type { OwnLease } from '../index/index.js';
import { unlessDamaged } from '../listed.js';
import { cborCodec, type Store, type Table, type Write } from '../store/index.js';
import { CARD_LIFETIME } from './own-cards.js';
import type { Rows } from './rows.js';

interface StoredLease {
  readonly seq: number;
}

const KEY = 'newest';

/** The lease by which a seller says once a day that its cards stand. */
export class OwnLeases {
  readonly #deps: { readonly identity: Identity; readonly rows: Rows; readonly now: () => number };
  readonly #table: Table<StoredLease>;
  #seq = 0;

  constructor(deps: {
    readonly store: Store;
    readonly identity: Identity;
    readonly rows: Rows;
    readonly now: () => number;
  }) {
    this.#deps = deps;
    this.#table = deps.store.table('own-lease', cborCodec<StoredLease>());
  }

  async load(): Promise<void> {
    // What the disk has damaged is made again: the next one's number is the clock's.
    this.#seq = (await unlessDamaged(this.#table.get(KEY)))?.seq ?? 0;
  }

  /** Signs a lease over all cards that stand by leases; undefined where there are none. It counts once the write is done. */
  sign(): { lease: OwnLease; write: Write } | undefined {
    const { identity, rows, now } = this.#deps;
    const validUntil = Math.min(now() + CARD_LIFETIME, identity.delegation.payload.expires);
    const places = new Map<string, number>();
    const leaves: Uint8Array[] = [];
    for (const id of rows.ids()) {
      const { removed, head, ends, delegation } = rows.get(rows.slotOf(id) ?? '') ?? {};
      // A card whose listing ends sooner says so itself, and must not be extended.
      const isLeased = removed === false && (ends ?? Number.POSITIVE_INFINITY) > validUntil;
      if (!isLeased || head === undefined || delegation !== identity.delegation.id.toString()) continue;
      places.set(id, leaves.length);
      leaves.push(head);
    }
    if (leaves.length === 0) return undefined;
    // Also a home that was restored from a backup signs no seq twice.
    this.#seq = Math.max(this.#seq + 1, now());
    const draft = {
      slot: 'lease' as const,
      seq: this.#seq,
      root: merkleRoot(leaves),
      cards: leaves.length,
      validUntil,
    };
    const { bytes } = signRecord('lease', draft, identity, { network: identity.network, created: now() });
    let tree: ProvenLeaves | undefined;
    const lease: OwnLease = {
      bytes,
      leaves,
      placeOf: (listing) => places.get(listing),
      proof(some) {
        // In a small network each node holds all of them, and no hash is needed to get to the root.
        if (some.length === leaves.length) return [];
        tree ??= openProof(
          leaves.length,
          leaves.map((leaf, place) => [place, leaf] as const),
          [],
        );
        return tree.narrow(some);
      },
    };
    return { lease, write: this.#table.put(KEY, { seq: this.#seq }) };
  }
}
