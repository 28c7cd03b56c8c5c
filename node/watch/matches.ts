import { hex } from '../bytes.js';
import type { Change } from '../search/index.js';
import { cborCodec, type Store, type Table, type Write } from '../store/index.js';
import type { Match } from './judge.js';

/** Listings remembered of one watch: one that matches more tells nothing that a person could follow. */
export const MAX_MATCHES = 1_000;
/** Of one seller: a tenth of them, so that nobody alone has others forgotten. */
const MAX_OF_SELLER = 100;

interface Row extends Match {
  /** The seller's key, in hexadecimal. */
  readonly seller: string;
  /** By the seller's clock, milliseconds UTC. */
  readonly created: number;
}

/** What is remembered of the listings that match watches. */
export interface Matches {
  /** Those of one watch, as they are on disk; what is over by `now` gives way first. */
  of(watch: string, now: number): Promise<Remembered>;
  /** The writes that forget those of one watch. */
  forget(watch: string): Promise<Write[]>;
}

export function createMatches(store: Store): Matches {
  // By `<watch>/<listing>`.
  const table = store.table('watch-matches', cborCodec<Row>());
  return {
    async of(watch, now) {
      const prefix = `${watch}/`;
      const rows = new Map<string, Row>();
      for await (const [key, row] of table.range({ prefix })) rows.set(key.slice(prefix.length), row);
      return new Remembered({ table, prefix, rows, now });
    },
    async forget(watch) {
      const writes: Write[] = [];
      for await (const [key] of table.range({ prefix: `${watch}/` })) writes.push(table.del(key));
      return writes;
    },
  };
}

interface RememberedDeps {
  readonly table: Table<Row>;
  readonly prefix: string;
  readonly rows: Map<string, Row>;
  readonly now: number;
}

/** The matches of one watch, changed in memory; {@link writes} brings them to disk. */
class Remembered {
  readonly #deps: RememberedDeps;
  readonly #ofSeller = new Map<string, number>();
  readonly #changed = new Set<string>();

  constructor(deps: RememberedDeps) {
    this.#deps = deps;
    for (const { seller } of deps.rows.values()) this.#count(seller, 1);
  }

  get size(): number {
    return this.#deps.rows.size;
  }

  get(listing: string): Match | undefined {
    return this.#deps.rows.get(listing);
  }

  /**
   * Forgets what must go for one more: the oldest of its seller where that has its share, else the oldest of those who have most.
   * False where what came is older itself than all that it could stand for: it was remembered once, and is not new.
   */
  makeRoom({ trader, created }: Pick<Change, 'trader' | 'created'>): boolean {
    const own = hex(trader);
    const isFull = (): boolean => this.size >= MAX_MATCHES;
    const hasShare = (): boolean => (this.#ofSeller.get(own) ?? 0) >= MAX_OF_SELLER;
    if (!isFull() && !hasShare()) return true;
    this.#forgetOver();
    if (!isFull() && !hasShare()) return true;
    const count = this.#ofSeller.get(own) ?? 0;
    const most = Math.max(...this.#ofSeller.values());
    const isOwn = hasShare() || count === most;
    const oldest = this.#oldest(({ seller }) => (isOwn ? seller === own : this.#ofSeller.get(seller) === most));
    if (oldest === undefined || (isOwn && oldest.row.created >= created)) return false;
    this.#forget(oldest.listing, oldest.row);
    return true;
  }

  set({ listing, trader, created }: Pick<Change, 'listing' | 'trader' | 'created'>, match: Match): void {
    const seller = hex(trader);
    if (!this.#deps.rows.has(listing)) this.#count(seller, 1);
    this.#deps.rows.set(listing, { ...match, seller, created });
    this.#changed.add(listing);
  }

  writes(): Write[] {
    const { table, prefix, rows } = this.#deps;
    return [...this.#changed].map((listing) => {
      const row = rows.get(listing);
      return row === undefined ? table.del(prefix + listing) : table.put(prefix + listing, row);
    });
  }

  #forgetOver(): void {
    const { rows, now } = this.#deps;
    for (const [listing, row] of rows) if (row.validUntil <= now) this.#forget(listing, row);
  }

  #oldest(among: (row: Row) => boolean): { readonly listing: string; readonly row: Row } | undefined {
    let oldest: { readonly listing: string; readonly row: Row } | undefined;
    for (const [listing, row] of this.#deps.rows)
      if (among(row) && (oldest === undefined || row.created < oldest.row.created)) oldest = { listing, row };
    return oldest;
  }

  #forget(listing: string, { seller }: Row): void {
    this.#deps.rows.delete(listing);
    this.#count(seller, -1);
    this.#changed.add(listing);
  }

  #count(seller: string, by: number): void {
    this.#ofSeller.set(seller, (this.#ofSeller.get(seller) ?? 0) + by);
  }
}
