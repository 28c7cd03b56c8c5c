import type { CID } from 'multiformats/cid';
import { equalBytes } from '../../protocol/ids.js';
import { checkNotAhead, openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import { MESSAGE_KINDS, type MessageKind, type Role, type TradePayload } from '../../protocol/trade/index.js';
import { cborCodec, rawCodec, type Store, type Table, type Write } from '../store/index.js';

export type MessageRecord = SignedRecord<TradePayload>;

/** What is kept of a trade beside its messages. */
export interface TradeRow {
  /** The other side's root key; where this trader is the arbiter, the buyer's. */
  readonly counterparty: Uint8Array;
  /** Root keys of those who have the log beside it: the arbiter whom the contract names or, where this trader is that, the seller. */
  readonly others?: readonly Uint8Array[];
  /** Peer id of the other side's device that was last heard of. */
  readonly peer: string;
  readonly created: number;
  readonly updated: number;
  /** How many messages are in the log. */
  readonly messages: number;
  /** The word of its state, so that lists need not open every log. */
  readonly word: string;
  readonly ended: boolean;
  /** When the open proposal runs out. */
  readonly deadline?: number;
  /** This trader's role, and the newest messages of the log: whoever lists trades opens none. Rows of earlier versions have neither. */
  readonly role?: Role;
  readonly heads?: readonly CID[];
}

/** Everybody else who has the log. */
export function participants({ counterparty, others = [] }: TradeRow): readonly Uint8Array[] {
  return [counterparty, ...others];
}

/** Whether a trader, not this one, has the log. */
export function takesPart(row: TradeRow, trader: Uint8Array): boolean {
  return participants(row).some((one) => equalBytes(one, trader));
}

/** Messages of one trade that may wait for those that they name. */
const PARKED_A_TRADE = 64;

const DIGITS = 6;

/** Everything about trades that is on disk. Messages are kept in the order in which they were admitted, which is causal. */
export class Journal {
  readonly #store: Store;
  readonly #network: string;
  readonly #verify: Verify;
  readonly #log: Table<Uint8Array>;
  readonly #rows: Table<TradeRow>;
  readonly #receipts: Table<Uint8Array>;
  readonly #parked: Table<Uint8Array>;

  constructor(store: Store, network: string, verify: Verify) {
    this.#store = store;
    this.#network = network;
    this.#verify = verify;
    this.#log = store.table('trade-log', rawCodec);
    this.#rows = store.table('trades', cborCodec<TradeRow>());
    this.#receipts = store.table('receipts', rawCodec);
    this.#parked = store.table('parked', rawCodec);
  }

  rows(): AsyncIterable<[string, TradeRow]> {
    return this.#rows.range();
  }

  putRow(trade: string, row: TradeRow): Write {
    return this.#rows.put(trade, row);
  }

  /** Writes a row that says nothing that its log does not: what a crash undoes is made again. */
  async completeRow(trade: string, row: TradeRow): Promise<void> {
    await this.#store.write([this.putRow(trade, row)], { sync: false });
  }

  /** The messages of a trade, each verified again: what the disk changed must not act. */
  async *messages(trade: string): AsyncIterable<MessageRecord> {
    for await (const [, bytes] of this.#log.range({ prefix: `${trade}/` })) yield this.open(bytes);
  }

  putMessage(trade: string, place: number, message: MessageRecord): Write {
    return this.#log.put(`${trade}/${String(place).padStart(DIGITS, '0')}`, message.bytes);
  }

  /**
   * Opens the envelope of a message. Whether one still counts whose delegation has ended since, the ledger says, by the log.
   * @param now for one that just came
   * @throws NiagaError RECORD_…, DELEGATION_…
   */
  open(bytes: Uint8Array, now?: number): MessageRecord {
    const context = { network: this.#network, kinds: MESSAGE_KINDS, verify: this.#verify };
    const record = openRecord<MessageKind>(bytes, context);
    if (now !== undefined) checkNotAhead(record.payload, now);
    return record;
  }

  async receipt(trade: string, message: CID | string): Promise<Uint8Array | undefined> {
    return this.#receipts.get(`${trade}/${String(message)}`);
  }

  async *receipts(trade: string): AsyncIterable<[message: string, bytes: Uint8Array]> {
    for await (const [key, bytes] of this.#receipts.range({ prefix: `${trade}/` }))
      yield [key.slice(trade.length + 1), bytes];
  }

  /** When this node signed for each message of others, by its own clock: what they claim themselves proves nothing. */
  async heard(trade: string, own: Uint8Array): Promise<ReadonlyMap<string, number>> {
    const times = new Map<string, number>();
    for await (const [message, bytes] of this.receipts(trade)) {
      const { payload } = openRecord(bytes, { network: this.#network, kinds: ['receipt'], verify: this.#verify });
      if (equalBytes(payload.trader, own)) times.set(message, payload.created);
    }
    return times;
  }

  putReceipt(trade: string, message: CID | string, bytes: Uint8Array): Write {
    return this.#receipts.put(`${trade}/${String(message)}`, bytes);
  }

  /** What came too early for a trade, by the key under which it is kept. */
  parked(trade: string): AsyncIterable<[key: string, bytes: Uint8Array]> {
    return this.#parked.range({ prefix: `${trade}/`, limit: PARKED_A_TRADE });
  }

  /** Nothing where the trade has as many parked as it may: the sender keeps trying. */
  async park(trade: string, message: MessageRecord): Promise<Write[]> {
    const full = (await this.#parked.count(`${trade}/`)) >= PARKED_A_TRADE;
    return full ? [] : [this.#parked.put(`${trade}/${String(message.id)}`, message.bytes)];
  }

  unpark(key: string): Write {
    return this.#parked.del(key);
  }
}
