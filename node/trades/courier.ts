import type { CID } from 'multiformats/cid';
import { decode, encode } from '../../protocol/cbor.js';
import { isNiagaError, NiagaError, type ErrorCode } from '../../protocol/errors.js';
import { equalBytes } from '../../protocol/ids.js';
import { openRecord, type Verify } from '../../protocol/record.js';
import { messagesOf } from '../../protocol/trade/index.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import type { Store } from '../store/index.js';
import type { OpenTrade, TradeBook } from './book.js';
import {
  DELIVER_METHOD,
  deliverAnswerSchema,
  MAX_BYTES,
  MAX_MESSAGES,
  isFinal,
  type DeliveryResult,
} from './delivery-wire.js';
import type { Journal, MessageRecord } from './journal.js';

/** A recipient that has the message answers after one disk sync. */
const DELIVERY_TIMEOUT = 10_000;
/** With these the peer itself is away: the other trades would fare no better. */
const ENDS_ROUND: readonly ErrorCode[] = ['PEER_UNREACHABLE', 'TIMED_OUT', 'STOPPED'];

export interface CourierDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly store: Store;
  readonly journal: Journal;
  readonly book: TradeBook;
  readonly verify: Verify;
  readonly now: () => number;
  readonly logger: Logger;
}

/** What a round of delivery came to: nothing left to try, and whether anything was settled. */
export interface Delivery {
  done: boolean;
  progressed: boolean;
}

function add(sum: Delivery, more: Delivery): void {
  sum.done &&= more.done;
  sum.progressed ||= more.progressed;
}

interface Parcel {
  readonly trade: OpenTrade;
  readonly record: MessageRecord;
}

/** Brings own messages to the other side until each has its receipt. */
export class Courier {
  readonly #deps: CourierDeps;

  constructor(deps: CourierDeps) {
    this.#deps = deps;
  }

  /**
   * Sends all that waits for a peer. A trade that cannot be sent does not hold up the others.
   * @throws NiagaError PEER_UNREACHABLE, TIMED_OUT, STOPPED; the signal's reason
   */
  async deliver(peer: string, signal: AbortSignal): Promise<Delivery> {
    const { book, logger } = this.#deps;
    const all: Delivery = { done: true, progressed: false };
    for (const id of book.waiting().get(peer) ?? []) {
      try {
        const trade = await book.read(id);
        if (trade !== undefined) add(all, await this.#deliverTrade(peer, trade, signal));
      } catch (error) {
        signal.throwIfAborted();
        if (ENDS_ROUND.some((code) => isNiagaError(error, code))) throw error;
        all.done = false;
        logger.warn({ trade: id, error: String(error) }, 'the messages of a trade could not be sent');
      }
    }
    return all;
  }

  async #deliverTrade(peer: string, trade: OpenTrade, signal: AbortSignal): Promise<Delivery> {
    const open = [...this.#deps.book.outboxOf(trade.id)]
      .filter(([, row]) => row.refused === undefined)
      .map(([message]) => message);
    const wanted = new Set(open);
    // In the order of the log, so that each message finds those before it.
    const parcels = messagesOf(trade.state).flatMap(({ id }): Parcel[] => {
      const record = wanted.has(id.toString()) ? trade.records.get(id.toString()) : undefined;
      return record === undefined ? [] : [{ trade, record }];
    });
    const delivery: Delivery = { done: true, progressed: false };
    for (const batch of batches(parcels)) {
      const results = await this.#send(peer, batch, signal);
      for (const [at, parcel] of batch.entries()) {
        const result = results[at] ?? {};
        const settled = await this.#settle(parcel, result);
        add(delivery, { done: settled, progressed: settled });
        if (result.missing !== undefined) await this.#repair(peer, trade, result.missing, signal);
      }
    }
    return delivery;
  }

  /** Sends again what the other side says to lack of the log, whoever wrote it. */
  async #repair(peer: string, trade: OpenTrade, missing: readonly CID[], signal: AbortSignal): Promise<void> {
    const lacking = new Set(missing.map(String));
    const records = messagesOf(trade.state).flatMap(({ id }) =>
      lacking.has(id.toString()) ? (trade.records.get(id.toString()) ?? []) : [],
    );
    for (const batch of batches(records.map((record) => ({ trade, record })))) await this.#send(peer, batch, signal);
  }

  async #send(peer: string, batch: readonly Parcel[], signal: AbortSignal): Promise<readonly DeliveryResult[]> {
    const body = encode({ messages: batch.map(({ record }) => record.bytes) }, { maxBytes: 2 * MAX_BYTES });
    const answer = await this.#deps.network.request(peer, DELIVER_METHOD, body, {
      signal,
      timeout: DELIVERY_TIMEOUT,
      retry: true,
    });
    const parsed = deliverAnswerSchema.safeParse(decode(answer));
    if (!parsed.success)
      throw new NiagaError('PEER_PROTOCOL', 'The other node’s answer to a delivery is not of its form.');
    return parsed.data.results;
  }

  /** True when the message needs no further try: receipted, or refused for good. */
  async #settle({ trade, record }: Parcel, result: DeliveryResult): Promise<boolean> {
    const { store, journal, book } = this.#deps;
    if (result.receipt !== undefined) {
      if (!this.#isReceipt(result.receipt, trade, record)) return false;
      await store.write([
        journal.putReceipt(trade.id, record.id, result.receipt),
        journal.dropOutbox(trade.id, record.id),
      ]);
      book.setOutbox(trade.id, record.id, undefined);
      return true;
    }
    if (!isFinal(result)) return false;
    const code = result.code ?? 'INTERNAL';
    const row = { since: this.#deps.now(), refused: code, reason: (result.message ?? code).slice(0, 400) };
    await store.write([journal.putOutbox(trade.id, record.id, row)]);
    book.setOutbox(trade.id, record.id, row);
    this.#deps.logger.warn({ trade: trade.id, kind: record.payload.kind, code }, 'the other side refused a message');
    return true;
  }

  /** A receipt counts only from the counterparty and only for this message; it can change nothing but this. */
  #isReceipt(bytes: Uint8Array, trade: OpenTrade, record: MessageRecord): boolean {
    const { networkName, verify, now, logger } = this.#deps;
    try {
      const receipt = openRecord(bytes, { network: networkName, kinds: ['receipt'], verify, now: now() });
      const { payload } = receipt;
      if (
        equalBytes(payload.trader, trade.row.counterparty) &&
        payload.of.equals(record.id) &&
        payload.trade.toString() === trade.id
      )
        return true;
      logger.warn({ trade: trade.id }, 'a receipt was for something else');
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      logger.warn({ trade: trade.id, code: error.code }, 'a receipt did not verify');
    }
    return false;
  }
}

function* batches(parcels: readonly Parcel[]): Generator<Parcel[]> {
  let batch: Parcel[] = [];
  let bytes = 0;
  for (const parcel of parcels) {
    const size = parcel.record.bytes.length;
    if (batch.length > 0 && (batch.length === MAX_MESSAGES || bytes + size > MAX_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(parcel);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
