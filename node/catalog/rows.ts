import type { Availability, Listing } from '../../protocol/catalog/card.js';
import { encode } from '../../protocol/cbor.js';
import { recordId, slotId } from '../../protocol/ids.js';
import type { Money } from '../../protocol/money.js';
import type { SignedRecord } from '../../protocol/record.js';
import { cborCodec, type Store, type Table, type Write } from '../store/index.js';
import { variantRows } from './levels.js';

/** Where one own listing stands. */
export interface Row {
  /** Id of the listing's newest version, in text. */
  readonly version: string;
  readonly seq: number;
  /** Of the newest record in the card's slot: card, delta or tombstone. */
  readonly cardSeq: number;
  readonly removed: boolean;
  /** Id of the item's bytes, in text: the same content published again changes nothing. */
  readonly content: string;
  /** Pieces as the seller last stated them; null: no limit. */
  readonly stated: number | null;
  /** The same, less what was sold since. */
  readonly level: number | null;
  /** The same of each variant; null: only the listing's count. Rows from before variants were counted lack them. */
  readonly variants?: readonly VariantRow[];
  /** What card and delta together say. */
  readonly availability: Availability;
  readonly price?: Money | null;
  /** The card's own end, milliseconds UTC; leases extend it. */
  readonly validUntil: number;
  /** When the listing itself ends, milliseconds UTC; no lease extends its card beyond that. */
  readonly ends?: number | null;
  /** Id of the delegation under which the newest card was signed, in text. */
  readonly delegation: string;
  /** Digest of the card's record id, and of the newest record's: of its delta where it has one. Rows of version 0.1.0 lack them. */
  readonly card?: Uint8Array;
  /** The card's own seq. */
  readonly base?: number;
  readonly head?: Uint8Array;
  /** Digest of all that a delta cannot change. */
  readonly rest?: Uint8Array;
}

export interface VariantRow {
  readonly sku: string;
  readonly stated: number | null;
  readonly level: number | null;
}

/** The row of a listing that came back from the network, but for what the card says that is signed anew for it. */
export function adoptedRow({ id, payload }: SignedRecord<Listing>): Omit<Row, 'cardSeq' | 'availability'> {
  const { seq, item } = payload;
  return {
    version: id.toString(),
    seq,
    removed: false,
    content: recordId(encode(item)).toString(),
    stated: item.inventoryLevel,
    level: item.inventoryLevel,
    variants: variantRows(item, undefined),
    validUntil: 0,
    delegation: '',
  };
}

/** The table of own listings by slot, kept in memory: a seller has thousands, not millions. */
export class Rows {
  readonly #table: Table<Row>;
  readonly #author: { network: string; trader: Uint8Array };
  readonly #bySlot = new Map<string, Row>();
  readonly #slots = new Map<string, string>();
  /** By slot the id of its listing; also of some slots in which nothing stands. */
  readonly #ids = new Map<string, string>();
  /** The ids in order; undefined once there are others. */
  #sorted: readonly string[] | undefined;

  constructor(store: Store, author: { network: string; trader: Uint8Array }) {
    this.#table = store.table('catalog', cborCodec<Row>());
    this.#author = author;
  }

  /** Reads what was kept; anything else is forgotten. */
  async load(): Promise<void> {
    this.#bySlot.clear();
    this.#slots.clear();
    this.#ids.clear();
    this.#sorted = undefined;
    // The same few texts would be kept thousands of times.
    const delegations = new Map<string, string>();
    for await (const [slot, row] of this.#table.range()) {
      const delegation = delegations.get(row.delegation) ?? row.delegation;
      delegations.set(delegation, delegation);
      this.#remember(slot, { ...row, delegation });
    }
  }

  get(slot: string): Row | undefined {
    return this.#bySlot.get(slot);
  }

  /** Changes that are written together, and taken back together where that fails. */
  batch(): RowBatch {
    return new RowBatch(this);
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

  /** Takes a change back that could not be written, unless the row has changed since. */
  undo(slot: string, { before, after }: { before: Row | undefined; after: Row }): void {
    if (this.#bySlot.get(slot) !== after) return;
    if (before !== undefined) this.#bySlot.set(slot, before);
    else {
      this.#bySlot.delete(slot);
      this.#slots.delete(this.idOf(slot));
      this.#ids.delete(slot);
      this.#sorted = undefined;
    }
  }

  /** The slot of an own listing's id. */
  slotOf(listing: string): string | undefined {
    return this.#slots.get(listing);
  }

  idOf(slot: string): string {
    const known = this.#ids.get(slot);
    if (known !== undefined) return known;
    const id = slotId(this.#author.network, this.#author.trader, slot).toString();
    this.#ids.set(slot, id);
    return id;
  }

  /** Ids of all own listings, removed ones too, sorted. */
  ids(): readonly string[] {
    return (this.#sorted ??= [...this.#slots.keys()].sort());
  }

  entries(): IterableIterator<[string, Row]> {
    return this.#bySlot.entries();
  }

  #remember(slot: string, row: Row): void {
    if (!this.#bySlot.has(slot)) {
      const id = this.idOf(slot);
      this.#slots.set(id, slot);
      this.#sorted = undefined;
    }
    this.#bySlot.set(slot, row);
  }
}

/**
 * Memory shows the rows of a batch at once and not only when they are on disk: a sale of the same turn must count on the
 * newest row, or its own write would bring the older one back.
 */
export class RowBatch {
  readonly #rows: Rows;
  readonly #changes: { slot: string; before: Row | undefined; after: Row }[] = [];
  readonly #writes: Write[] = [];

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  put(slot: string, row: Row): void {
    this.#changes.push({ slot, before: this.#rows.get(slot), after: row });
    this.#writes.push(this.#rows.put(slot, row));
  }

  /** Writes of other tables that belong to these rows. */
  add(...writes: readonly Write[]): void {
    this.#writes.push(...writes);
  }

  /** @throws what the store throws; the rows are as before then */
  async write(store: Store): Promise<void> {
    try {
      await store.write(this.#writes);
    } catch (error) {
      for (const change of this.#changes.reverse()) this.#rows.undo(change.slot, change);
      throw error;
    }
  }
}
