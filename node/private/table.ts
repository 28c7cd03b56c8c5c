import type { CID } from 'multiformats/cid';
import type { FileRef } from '../../protocol/chat/file-part.js';
import type { PrivateKind, Role } from '../../protocol/trade/index.js';
import { hex } from '../bytes.js';
import { cborCodec, type Store, type Table, type Write } from '../store/index.js';

/** A value of one's own that a step is about to commit to. */
export interface PreparedRow {
  readonly what: PrivateKind;
  readonly salt: Uint8Array;
  readonly value: Uint8Array;
  readonly name?: string;
  readonly at: number;
}

/** What is here of one commitment of a trade. */
export interface PrivateRow {
  readonly what: PrivateKind;
  readonly own: boolean;
  readonly at: number;
  /** Gone once it was forgotten: what it was cannot even be guessed then. */
  readonly salt?: Uint8Array;
  readonly value?: Uint8Array;
  /** The file that it is. */
  readonly file?: FileRef;
  /** Of whom it came: another's value, or an own one that was given back. */
  readonly from?: string;
  /** To whom it was sent: the trader's key in text, and the ids of the parcels. */
  readonly sent?: Readonly<Record<string, readonly string[]>>;
  readonly forgotten?: number;
}

/** A file that is said to be the value, until its parts are here and show it. */
export interface PendingRow {
  readonly what: PrivateKind;
  readonly salt: Uint8Array;
  readonly file: FileRef;
  readonly at: number;
}

/** All private values on disk. Keys are the trade's id and the commitment in hexadecimal. */
export class PrivateTable {
  readonly #prepared: Table<PreparedRow>;
  readonly #rows: Table<PrivateRow>;
  /** By trade, commitment and sender: nobody stands in another's way. */
  readonly #pending: Table<PendingRow>;

  constructor(store: Store) {
    this.#prepared = store.table('private-prepared', cborCodec<PreparedRow>());
    this.#rows = store.table('private', cborCodec<PrivateRow>());
    this.#pending = store.table('private-pending', cborCodec<PendingRow>());
  }

  allPrepared(): AsyncIterable<[commitment: string, row: PreparedRow]> {
    return this.#prepared.range();
  }

  prepared(commitment: Uint8Array): Promise<PreparedRow | undefined> {
    return this.#prepared.get(hex(commitment));
  }

  prepare(commitment: Uint8Array, row: PreparedRow): Write {
    return this.#prepared.put(hex(commitment), row);
  }

  dropPrepared(commitment: Uint8Array | string): Write {
    return this.#prepared.del(typeof commitment === 'string' ? commitment : hex(commitment));
  }

  all(): AsyncIterable<[key: string, row: PrivateRow]> {
    return this.#rows.range();
  }

  row(trade: CID | string, commitment: Uint8Array): Promise<PrivateRow | undefined> {
    return this.#rows.get(keyOf(trade, commitment));
  }

  has(trade: CID | string, commitment: Uint8Array): Promise<boolean> {
    return this.#rows.has(keyOf(trade, commitment));
  }

  put(trade: CID | string, commitment: Uint8Array, row: PrivateRow): Write {
    return this.#rows.put(keyOf(trade, commitment), row);
  }

  allPending(): AsyncIterable<[key: string, row: PendingRow]> {
    return this.#pending.range();
  }

  /** What is pending for one commitment, by its sender. */
  async pendingFor(trade: CID | string, commitment: Uint8Array): Promise<[from: string, row: PendingRow][]> {
    const prefix = `${keyOf(trade, commitment)}/`;
    const found: [string, PendingRow][] = [];
    for await (const [key, row] of this.#pending.range({ prefix })) found.push([key.slice(prefix.length), row]);
    return found;
  }

  pending(trade: CID | string, commitment: Uint8Array, from: string): Promise<PendingRow | undefined> {
    return this.#pending.get(`${keyOf(trade, commitment)}/${from}`);
  }

  putPending(trade: CID | string, commitment: Uint8Array, from: string, row: PendingRow): Write {
    return this.#pending.put(`${keyOf(trade, commitment)}/${from}`, row);
  }

  dropPending(trade: CID | string, commitment: Uint8Array, from: string): Write {
    return this.#pending.del(`${keyOf(trade, commitment)}/${from}`);
  }
}

/** What is noted of a value that came: an own one that was lost comes back from somebody who was sent it. */
export function whose(reader: Role | undefined, by: Role, from: string): Pick<PrivateRow, 'own' | 'from' | 'sent'> {
  return reader === by ? { own: true, from, sent: { [from]: [] } } : { own: false, from };
}

function keyOf(trade: CID | string, commitment: Uint8Array): string {
  return `${trade.toString()}/${hex(commitment)}`;
}
