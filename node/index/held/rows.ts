import { decode } from '../../../protocol/cbor.js';
import { decodeUtf8 } from '../../../protocol/utf8.js';
import type { Codec } from '../../store/codec.js';
import { cborCodec, type Store, type Table, type Write } from '../../store/index.js';

/** A held card on disk. */
export interface CardRow {
  /** The envelope. */
  readonly card: Uint8Array;
  /** The envelope of the delta that stands over it. */
  readonly delta?: Uint8Array | undefined;
  readonly verified: boolean;
  /** When it came or changed here. */
  readonly arrived: number;
  readonly names: readonly string[];
}

/** The end of a card on disk: a tombstone, or that of a card which is over before an older one must be. */
export interface EndRow {
  readonly tombstone?: Uint8Array;
  readonly floor?: {
    readonly trader: Uint8Array;
    readonly seq: number;
    readonly device: Uint8Array;
    readonly digest: Uint8Array;
    readonly until: number;
  };
  readonly names: readonly string[];
}

/** A lease on disk, or (under a name that begins with the lease's) leaves that were shown to be in it. */
export type LeaseRow =
  | { readonly lease: Uint8Array }
  | {
      readonly leaves: readonly (readonly [place: number, leaf: Uint8Array])[];
      readonly proof: readonly Uint8Array[];
    };

/** No CBOR map begins with it: rows of the first version are maps. */
const ROW_VERSION = 1;
const VERIFIED = 1;
const HEAD = 12;
/** Names have no line breaks: they are made of folded words. */
const SEPARATOR = '\n';

/**
 *     version (1) ‖ flags (1) ‖ arrived (6) ‖ bytes of the card (2) ‖ of the delta (2) ‖ card ‖ delta ‖ names, with line feeds between
 *
 * Numbers are big endian. Half of a card's time on disk would be CBOR's otherwise.
 */
const cardRowCodec: Codec<CardRow> = {
  encode({ card, delta, verified, arrived, names }) {
    const text = names.join(SEPARATOR);
    const deltaLength = delta?.length ?? 0;
    const start = HEAD + card.length + deltaLength;
    const row = Buffer.allocUnsafe(start + Buffer.byteLength(text));
    row[0] = ROW_VERSION;
    row[1] = verified ? VERIFIED : 0;
    row.writeUIntBE(arrived, 2, 6);
    row.writeUInt16BE(card.length, 8);
    row.writeUInt16BE(deltaLength, 10);
    row.set(card, HEAD);
    if (delta !== undefined) row.set(delta, HEAD + card.length);
    row.write(text, start, 'utf8');
    return row;
  },
  decode(bytes) {
    if (bytes[0] !== ROW_VERSION) return firstVersion(bytes);
    const row = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const cardEnd = HEAD + row.readUInt16BE(8);
    const deltaEnd = cardEnd + row.readUInt16BE(10);
    const text = decodeUtf8(bytes.subarray(deltaEnd));
    return {
      card: bytes.subarray(HEAD, cardEnd),
      delta: deltaEnd > cardEnd ? bytes.slice(cardEnd, deltaEnd) : undefined,
      verified: ((row[1] ?? 0) & VERIFIED) !== 0,
      arrived: row.readUIntBE(2, 6),
      names: text === '' ? [] : text.split(SEPARATOR),
    };
  },
};

function firstVersion(bytes: Uint8Array): CardRow {
  const { bytes: card, keys } = decode(bytes) as { bytes: Uint8Array; keys: string[] };
  return { card, verified: false, arrived: 0, names: keys };
}

const endCodec = cborCodec<EndRow>();
const endRowCodec: Codec<EndRow> = {
  encode: (row) => endCodec.encode(row),
  decode(bytes) {
    const row = endCodec.decode(bytes) as EndRow | { readonly payload: Uint8Array };
    // Rows of the first version are the tombstone itself.
    return 'payload' in row ? { tombstone: bytes, names: [] } : row;
  },
};

/** What the rows of a listing should be. */
export interface RowState {
  card(listing: string): CardRow | undefined;
  end(listing: string): EndRow | undefined;
}

/**
 * What is held, on disk. What changes in memory is only noted; {@link HeldRows.flush} writes everything that was noted until then
 * in one batch, in its newest state, so that memory and disk cannot come apart, whichever of two requests writes first.
 */
export class HeldRows {
  readonly cards: Table<CardRow>;
  readonly ends: Table<EndRow>;
  readonly leases: Table<LeaseRow>;
  readonly #store: Store;
  readonly #state: RowState;
  readonly #cards = new Set<string>();
  readonly #ends = new Set<string>();
  #writes: Write[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(store: Store, state: RowState) {
    this.#store = store;
    this.#state = state;
    this.cards = store.table('cards', cardRowCodec);
    this.ends = store.table('card-ends', endRowCodec);
    this.leases = store.table('card-leases', cborCodec<LeaseRow>());
  }

  /** The card of the listing has changed: another, other names, or none. */
  cardChanged(listing: string): void {
    this.#cards.add(listing);
  }

  endChanged(listing: string): void {
    this.#ends.add(listing);
  }

  /** Goes with the next batch. */
  add(writes: readonly Write[]): void {
    for (const write of writes) this.#writes.push(write);
  }

  /** Resolves when everything noted so far is on disk. @throws NiagaError STORE_FAILED, STOPPED */
  async flush(): Promise<void> {
    const writes = this.#writes;
    for (const listing of this.#cards) writes.push(rowOf(this.cards, listing, this.#state.card(listing)));
    for (const listing of this.#ends) writes.push(rowOf(this.ends, listing, this.#state.end(listing)));
    this.#cards.clear();
    this.#ends.clear();
    if (writes.length > 0) {
      this.#writes = [];
      this.#last = this.#store.write(writes);
      // Who waits for it hears of it; nobody may be waiting.
      this.#last.catch(() => undefined);
    }
    await this.#last;
  }
}

function rowOf<V>(table: Table<V>, key: string, value: V | undefined): Write {
  return value === undefined ? table.del(key) : table.put(key, value);
}
