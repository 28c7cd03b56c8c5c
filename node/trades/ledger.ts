import { NiagaError, isNiagaError } from '../../protocol/errors.js';
import { signRecord } from '../../protocol/record.js';
import {
  admits,
  apply,
  refusalError,
  roleOf,
  type Effect,
  type Role,
  type TradeState,
} from '../../protocol/trade/index.js';
import { roleIn } from '../../protocol/trade/roles.js';
import type { TradeView } from '../api/views.js';
import type { Catalog, StockLine } from '../catalog/index.js';
import { createKeyedMutex } from '../concurrency.js';
import type { Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Store, Write } from '../store/index.js';
import type { OpenTrade, TradeBook } from './book.js';
import type { Journal, MessageRecord } from './journal.js';
import { tradeToView } from './view.js';

export interface LedgerDeps {
  readonly store: Store;
  readonly identity: Identity;
  readonly catalog: Catalog;
  readonly journal: Journal;
  readonly book: TradeBook;
  readonly now: () => number;
  readonly logger: Logger;
}

/** What a message that came led to: the receipt for it. */
export interface Admitted {
  readonly receipt: Uint8Array;
}

/**
 * The one way into a trade's log, for own steps and for what comes from outside: judged by the state machine, written in
 * one batch with everything that follows from it, and only then acted upon (DESIGN section 6).
 */
export class Ledger {
  readonly #deps: LedgerDeps;
  readonly #lock = createKeyedMutex();
  readonly #listeners = new Set<(trade: TradeView) => void>();

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  onChange(listener: (trade: TradeView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds an own message, made from the trade as it stands. `open`: the id of the trade, undefined for a first offer. */
  async act(
    id: string | undefined,
    make: (trade: OpenTrade | undefined) => MessageRecord,
    peer?: string,
  ): Promise<OpenTrade> {
    const work = async (): Promise<OpenTrade> => {
      const before = id === undefined ? undefined : await this.#deps.book.get(id);
      const record = make(before);
      const outcome = apply(before?.state, record);
      if (!outcome.ok) throw refusalError(outcome);
      return this.#commit(before, record, outcome.state, outcome.effects, { own: true, peer });
    };
    return id === undefined ? work() : this.#lock(id, work);
  }

  /**
   * Takes a message from outside. `check`: whether a first offer fits what is sold here.
   * @throws NiagaError with the code of the refusal; TRADE_HEADS with `details.missing` for one that came too early
   */
  async receive(
    bytes: Uint8Array,
    check: (offer: MessageRecord) => Promise<void>,
  ): Promise<Admitted & { trade: OpenTrade }> {
    const { journal, identity, now } = this.#deps;
    const record = journal.open(bytes, now());
    const id = record.payload.kind === 'offer' ? record.id.toString() : record.payload.trade.toString();
    return this.#lock(id, async () => {
      const trade = await this.#deps.book.get(id);
      if (trade === undefined && record.payload.kind === 'offer') {
        if (roleIn(record.payload, identity.trader) === undefined)
          throw new NiagaError('TRADE_ROLE', 'This node is no party of that trade.');
        await check(record);
      }
      const admitted = await this.#admit(id, trade, record);
      await this.#unpark(id);
      const after = (await this.#deps.book.get(id)) ?? admitted.trade;
      return { receipt: admitted.receipt, trade: after };
    });
  }

  async #admit(
    id: string,
    trade: OpenTrade | undefined,
    record: MessageRecord,
  ): Promise<Admitted & { trade: OpenTrade }> {
    const { journal, store, now } = this.#deps;
    const known = trade?.records.has(record.id.toString()) === true ? await journal.receipt(id, record.id) : undefined;
    if (trade !== undefined && known !== undefined) return { receipt: known, trade };
    if (trade === undefined && record.payload.kind !== 'offer') {
      throw new NiagaError('TRADE_HEADS', 'The trade that the message is for is not known here.', {
        details: { missing: [id] },
      });
    }
    const refusal = admits(trade?.state, record, now());
    if (refusal !== undefined) throw refusalError(refusal);
    const outcome = apply(trade?.state, record);
    if (!outcome.ok) {
      if (outcome.missing !== undefined) await store.write(await journal.park(id, record));
      throw refusalError(outcome);
    }
    const receipt = this.#receiptFor(record, id);
    const after = await this.#commit(trade, record, outcome.state, outcome.effects, { own: false, receipt });
    return { receipt, trade: after };
  }

  /** Tries what came too early again, as long as that brings anything new. */
  async #unpark(id: string): Promise<void> {
    const { journal, book, store } = this.#deps;
    for (let progress = true; progress;) {
      progress = false;
      for await (const bytes of journal.parked(id)) {
        const record = journal.open(bytes);
        try {
          await this.#admit(id, await book.get(id), record);
          progress = true;
        } catch (error) {
          if (isNiagaError(error, 'TRADE_HEADS')) continue;
          if (!isNiagaError(error)) throw error;
        }
        await store.write([journal.unpark(id, record.id)]);
      }
    }
  }

  async #commit(
    before: OpenTrade | undefined,
    record: MessageRecord,
    state: TradeState,
    effects: readonly Effect[],
    options: { own: true; peer: string | undefined } | { own: false; receipt: Uint8Array },
  ): Promise<OpenTrade> {
    const { store, journal, book, identity, now } = this.#deps;
    const role = roleOf(state, identity.trader);
    if (role === undefined) throw new NiagaError('TRADE_ROLE', 'This node is no party of that trade.');
    const { trade, writes } = book.admit(before, record, state, role, now(), options.own ? options.peer : undefined);
    writes.push(...this.#stockWrites(trade.id, role, effects, options.own));
    const waiting = { since: now() };
    if (options.own) writes.push(journal.putOutbox(trade.id, record.id, waiting));
    else writes.push(journal.putReceipt(trade.id, record.id, options.receipt));
    await store.write(writes);
    if (options.own) book.setOutbox(trade.id, record.id, waiting);
    book.commit(trade);
    this.#tell(trade);
    return trade;
  }

  /** Only the seller's stock is counted here; it changes in the batch of the message that changes it. */
  #stockWrites(trade: string, role: Role, effects: readonly Effect[], own: boolean): Write[] {
    const { catalog, logger } = this.#deps;
    if (role !== 'seller') return [];
    return effects.flatMap((effect): Write[] => {
      switch (effect.kind) {
        case 'reserve-stock':
          try {
            return catalog.reserve(
              trade,
              effect.lines.map(({ slot, quantity }): StockLine => ({ slot, quantity })),
            );
          } catch (error) {
            // Own promises must be kept; what the other side signed within an own promise stands whatever the shelf says.
            if (own) throw error;
            logger.warn({ trade, error: String(error) }, 'a contract stands for which there is not enough stock');
            return [];
          }
        case 'release-stock':
          return catalog.release(trade);
        case 'stock-sold':
          return catalog.sold(trade);
        case 'watch-deadline':
        case 'forget-deadline':
        case 'refund-due':
        case 'return-due':
        case 'equivocation':
        case 'notify':
          return [];
      }
    });
  }

  #receiptFor(record: MessageRecord, trade: string): Uint8Array {
    const { identity, now } = this.#deps;
    const id = record.payload.kind === 'offer' ? record.id : record.payload.trade;
    if (id.toString() !== trade) throw new NiagaError('INTERNAL', 'A receipt was about to be made for another trade.');
    const options = { network: identity.network, created: now(), inlineDelegation: true };
    return signRecord('receipt', { of: record.id, trade: id }, identity, options).bytes;
  }

  #tell(trade: OpenTrade): void {
    const view = tradeToView(trade, this.#deps.book.outboxOf(trade.id));
    for (const listener of this.#listeners) {
      try {
        listener(view);
      } catch (error) {
        this.#deps.logger.error({ error: String(error) }, 'a listener to trades failed');
      }
    }
  }
}
