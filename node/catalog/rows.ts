import type { Availability } from '../../protocol/catalog/card.js';
import { slotId } from '../../protocol/ids.js';
import { cborCodec, type Store, type Table, type Write } from '../store/index.js';

/** Where one own listing stands. */
export interface Row {
  /** Id of the listing's newest version, in text. */
  readonly version: string;
  readonly seq: number;
  readonly cardSeq: number;
  readonly removed: boolean;
  /** Id of the item's bytes, in text: the same content published again changes nothing. */
  readonly content: string;
  /** Pieces as the seller last stated them; null: no limit. */
  readonly stated: number | null;
  /** The same, less what was sold since. */
  readonly level: number | null;
  readonly availability: Availability;
  readonly validUntil: number;
  readonly replicas: number;
  /** Whether the network holds enough copies of the newest card. */
  readonly quorum: boolean;
}

/** The table of own listings by slot, kept in memory: a seller has thousands, not millions. */
export class Rows {
  readonly #table: Table<Row>;
  readonly #author: { network: string; trader: Uint8Array };
  readonly #bySlot = new Map<string, Row>();
  readonly #slots = new Map<string, string>();

  constructor(store: Store, author: { network: string; trader: Uint8Array }) {
    this.#table = store.table('catalog', cborCodec<Row>());
    this.#author = author;
  }

  async load(): Promise<void> {
    for await (const [slot, row] of this.#table.range()) this.#remember(slot, row);
  }

  get(slot: string): Row | undefined {
    return this.#bySlot.get(slot);
  }

  /** Memory changes at once; the write makes it last. */
  put(slot: string, row: Row): Write {
    this.#remember(slot, row);
    return this.#table.put(slot, row);
  }

  change(slot: string, patch: Partial<Row>): Write {
    const row = this.#bySlot.get(slot);
    if (row === undefined) throw new TypeError(`no listing in ${slot}`);
    return this.put(slot, { ...row, ...patch });
  }

  /** The slot of an own listing's id. */
  slotOf(listing: string): string | undefined {
    return this.#slots.get(listing);
  }

  idOf(slot: string): string {
    return slotId(this.#author.network, this.#author.trader, slot).toString();
  }

  /** Ids of all own listings, removed ones too, sorted. */
  ids(): string[] {
    return [...this.#slots.keys()].sort();
  }

  entries(): IterableIterator<[string, Row]> {
    return this.#bySlot.entries();
  }

  #remember(slot: string, row: Row): void {
    if (!this.#bySlot.has(slot)) this.#slots.set(this.idOf(slot), slot);
    this.#bySlot.set(slot, row);
  }
}
