import type { CID } from 'multiformats/cid';
import { NiagaError, isNiagaError } from '../../protocol/errors.js';
import { equalBytes, traderToText } from '../../protocol/ids.js';
import type { Stands } from '../../protocol/identity/stands.js';
import { hasEnded } from '../../protocol/record.js';
import {
  admits,
  apply,
  isSide,
  refusalError,
  roleOf,
  type Effect,
  type TradeState,
} from '../../protocol/trade/index.js';
import { roleIn } from '../../protocol/trade/roles.js';
import type { TradeView } from '../api/views.js';
import type { Catalog } from '../catalog/index.js';
import type { Events } from '../events/index.js';
import { checkInTime, checkStanding, isBounded } from '../identity/standing.js';
import { vouches, type DeviceBook, type Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Mail, Outgoing, OwnReceipt } from '../mail/index.js';
import type { Store, Write } from '../store/index.js';
import type { OpenTrade, TradeBook } from './book.js';
import { arbiterOf, caseFor, caseIn, type Case } from './cases.js';
import { participants, type Journal, type MessageRecord } from './journal.js';
import { checkRoom } from './room.js';
import { stockWrites } from './shelf.js';
import { dueToView, tradeToView } from './view.js';

export interface LedgerDeps {
  readonly store: Store;
  readonly identity: Identity;
  readonly catalog: Catalog;
  readonly journal: Journal;
  readonly book: TradeBook;
  /** Which devices may still sign for their traders. */
  readonly devices: Pick<DeviceBook, 'revocationsOf' | 'writerOf'>;
  readonly mail: Pick<Mail, 'post' | 'acknowledge' | 'waiting' | 'meet'>;
  readonly events: Pick<Events, 'stage'>;
  /** What this trader has noted, on a machine that it has no more, to be in its logs. Default: nothing. */
  readonly listed?: (() => Stands) | undefined;
  readonly now: () => number;
  readonly logger: Logger;
}

/** A message that came, and whether the log had it before. */
interface Admitted {
  readonly trade: OpenTrade;
  readonly added: boolean;
}

/** A receipt that is to be written with what it is for, and, where nobody waits for the answer, sent by itself. */
type Receipt = OwnReceipt & { send?(): void };

/** How a message came. */
export type Arrival =
  /** In a letter of `from`, who has to be its author and waits for the receipt. */
  | { readonly way: 'author'; readonly from: Uint8Array; readonly receipt: (trade: CID) => OwnReceipt }
  /**
   * From somebody who has the log; own messages too, which a home that was set back has lost. `judged`: from the own machine that writes,
   * which took it when its device could still sign, by what was known then. `from`: in whose letter it came. `beside`: what came with it.
   */
  | ({ readonly way: 'copy' } & Copied);

interface Copied {
  readonly judged?: boolean | undefined;
  readonly from?: Uint8Array | undefined;
  readonly beside?: readonly MessageRecord[] | undefined;
}

/**
 * The one way into a trade's log, for own steps and for what comes from outside: judged by the state machine, written in
 * one batch with everything that follows from it, and only then acted upon (DESIGN section 6).
 */
export class Ledger {
  readonly #deps: LedgerDeps;
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
    const { book } = this.#deps;
    const take = async (before: OpenTrade | undefined, record: MessageRecord): Promise<OpenTrade> => {
      checkRoom(before, record);
      await this.#checkTime(before, record);
      const outcome = apply(before?.state, record);
      if (!outcome.ok) throw refusalError(outcome);
      return this.#commit(before, record, outcome.state, outcome.effects, { own: true, peer });
    };
    if (id !== undefined) {
      return book.locked(id, async () => {
        const before = await book.get(id);
        return take(before, make(before));
      });
    }
    const record = make(undefined);
    return book.locked(record.id.toString(), () => take(undefined, record));
  }

  /** As {@link Ledger.take}. @throws NiagaError also where the envelope does not hold */
  async receive(
    bytes: Uint8Array,
    arrival: Arrival,
    check: (offer: MessageRecord) => Promise<void>,
  ): Promise<OpenTrade> {
    return this.take(this.#deps.journal.open(bytes, this.#deps.now()), arrival, check);
  }

  /**
   * Takes a message from outside. `check`: whether a first offer fits what is sold here.
   * @throws NiagaError with the code of the refusal; TRADE_HEADS with `details.missing` for one that came too early
   */
  async take(
    record: MessageRecord,
    arrival: Arrival,
    check: (offer: MessageRecord) => Promise<void>,
  ): Promise<OpenTrade> {
    const { identity } = this.#deps;
    const id = tradeOf(record);
    return this.#deps.book.locked(id, async () => {
      const trade = await this.#deps.book.get(id);
      const isKnown = trade?.records.has(record.id.toString()) === true;
      if (!isKnown) await this.#checkInTime(id, trade?.records, record, arrival);
      if (trade === undefined && record.payload.kind === 'offer') {
        if (roleIn(record.payload, identity.trader) === undefined)
          throw new NiagaError('TRADE_ROLE', 'This node is no party of that trade.');
        await check(record);
      }
      const admitted = await this.#admit(id, trade, record, arrival);
      if (admitted.added) await this.#unpark(id);
      return (await this.#deps.book.get(id)) ?? admitted.trade;
    });
  }

  async #admit(id: string, trade: OpenTrade | undefined, record: MessageRecord, arrival: Arrival): Promise<Admitted> {
    const { journal, store, identity } = this.#deps;
    const own = equalBytes(record.payload.trader, identity.trader);
    if (arrival.way === 'author' && !equalBytes(arrival.from, record.payload.trader)) {
      // A receipt is its author's alone; one for an own message that somebody echoes would make the evidence worthless.
      throw new NiagaError('TRADE_ROLE', 'A message of a trade comes from its author; others send copies of it.');
    }
    if (trade?.records.has(record.id.toString()) === true) {
      // Its author waits for a receipt. The first one stays: it says when the message was heard of, and deadlines run from there.
      if (arrival.way === 'author' && (await journal.receipt(id, record.id)) === undefined)
        await store.write(this.#receiptWrites(id, record, arrival.receipt(trade.state.trade)));
      return { trade, added: false };
    }
    if (arrival.way === 'author' || arrival.judged !== true) await this.#checkStanding(id, trade?.records, record, own);
    if (trade === undefined && record.payload.kind !== 'offer') {
      throw new NiagaError('TRADE_HEADS', 'The trade that the message is for is not known here.', {
        details: { missing: [id] },
      });
    }
    checkRoom(trade, record);
    await this.#checkTime(trade, record);
    const outcome = apply(trade?.state, record);
    if (!outcome.ok) {
      if (outcome.missing !== undefined) await store.write(await journal.park(id, record));
      throw refusalError(outcome);
    }
    const about = outcome.state.trade;
    if (about.toString() !== id) throw new NiagaError('INTERNAL', 'A receipt was about to be made for another trade.');
    const receipt: Receipt | undefined =
      arrival.way === 'author'
        ? arrival.receipt(about)
        : own
          ? undefined
          : this.#deps.mail.acknowledge({ from: record.payload.trader, id: record.id, kind: 'trade', about });
    const after = await this.#commit(trade, record, outcome.state, outcome.effects, { own: false, receipt });
    return { trade: after, added: true };
  }

  /** A deadline has passed only by this node's clock, own messages included. @throws NiagaError TRADE_STATE with `details.retryAt` */
  async #checkTime(trade: OpenTrade | undefined, record: MessageRecord): Promise<void> {
    if (trade === undefined || record.payload.kind !== 'timeout') return;
    const { journal, identity, now } = this.#deps;
    const times = await journal.heard(trade.id, identity.trader);
    const refusal = admits(trade.state, record, now(), { heard: (message) => times.get(message.toString()) });
    if (refusal !== undefined) throw refusalError(refusal);
  }

  /** Whether the device that signed it still could. @throws NiagaError DELEGATION_REVOKED, WRITER_OTHER, TRADE_HEADS */
  async #checkStanding(
    id: string,
    log: ReadonlyMap<string, MessageRecord> | undefined,
    record: MessageRecord,
    own: boolean,
  ): Promise<void> {
    const { devices } = this.#deps;
    if (!isBounded(record, devices, own)) return;
    checkStanding(record, { book: devices, known: await this.#known(id, log), own });
  }

  /** Whether it was signed in time, where that can no more be told by the clock. @throws NiagaError DELEGATION_EXPIRED */
  async #checkInTime(
    id: string,
    log: ReadonlyMap<string, MessageRecord> | undefined,
    record: MessageRecord,
    { judged, from, beside = [] }: Copied,
  ): Promise<void> {
    const { devices: book, identity, listed } = this.#deps;
    const now = this.#deps.now();
    if (!hasEnded(record, now) || judged === true || vouches(from, record.payload)) return;
    const known = await this.#known(id, log);
    for (const one of beside) if (tradeOf(one) === id) known.set(one.id.toString(), one);
    checkInTime(record, { book, known, reader: identity.trader, listed: listed?.() ?? [], now });
  }

  /** What is here of a trade: its log, and what waits for other messages. */
  async #known(id: string, log: ReadonlyMap<string, MessageRecord> | undefined): Promise<Map<string, MessageRecord>> {
    const { journal } = this.#deps;
    const known = new Map(log);
    for await (const [, bytes] of journal.parked(id)) {
      const parked = journal.open(bytes);
      known.set(parked.id.toString(), parked);
    }
    return known;
  }

  #receiptWrites(trade: string, { id }: MessageRecord, { bytes, writes }: Receipt): Write[] {
    return [this.#deps.journal.putReceipt(trade, id, bytes), ...writes];
  }

  /** Tries what came too early again, as long as that brings anything new. */
  async #unpark(id: string): Promise<void> {
    const { journal, book, store } = this.#deps;
    for (let progress = true; progress;) {
      progress = false;
      for await (const [key, bytes] of journal.parked(id)) {
        try {
          const { added } = await this.#admit(id, await book.get(id), journal.open(bytes), { way: 'copy' });
          progress ||= added;
        } catch (error) {
          if (isNiagaError(error, 'TRADE_HEADS') && error.details?.['missing'] !== undefined) continue;
          // Not valid after all, or not readable any more: it leaves, and its sender is told when it comes again.
          if (!isNiagaError(error)) throw error;
        }
        await store.write([journal.unpark(key)]);
      }
    }
  }

  async #commit(
    before: OpenTrade | undefined,
    record: MessageRecord,
    state: TradeState,
    effects: readonly Effect[],
    options: { own: true; peer: string | undefined } | { own: false; receipt: Receipt | undefined },
  ): Promise<OpenTrade> {
    const { store, book, events, identity, mail, now, catalog, logger } = this.#deps;
    const role = roleOf(state, identity.trader);
    if (role === undefined) throw new NiagaError('TRADE_ROLE', 'This node is no party of that trade.');
    const { trade, writes } = book.admit(before, record, state, role, now(), options.own ? options.peer : undefined);
    const posted = mail.post(this.#parcels(before, trade, record, options.own));
    writes.push(...posted.writes);
    if (!options.own && options.receipt !== undefined)
      writes.push(...this.#receiptWrites(trade.id, record, options.receipt));
    const { kind } = record.payload;
    const { trader } = record.payload;
    const by = equalBytes(trader, identity.trader)
      ? 'own'
      : roleOf(state, trader) === 'arbiter'
        ? 'arbiter'
        : 'counterparty';
    const data = { ...changeOf(trade), kind, by };
    // Only the seller's stock is counted; it changes in the batch of the message that changes it.
    const { own } = options;
    const stock =
      role === 'seller'
        ? catalog.changeStock(() => stockWrites(effects, { trade: trade.id, own, shelf: catalog, logger }))
        : undefined;
    const staged = events.stage([{ type: 'trade-changed', data }]);
    await store.write([...writes, ...(stock?.writes ?? []), ...staged.writes]).catch((error: unknown) => {
      stock?.undo();
      throw error;
    });
    book.commit(trade);
    if (options.own && before === undefined && trade.row.peer !== '') mail.meet(trade.row.counterparty, trade.row.peer);
    posted.send();
    if (!options.own) options.receipt?.send?.();
    staged.tell();
    this.#tell(trade);
    return trade;
  }

  /** What goes out with a message: an own one to everybody who has the log, and the whole of it to an arbiter whom it names first. */
  #parcels(before: OpenTrade | undefined, trade: OpenTrade, record: MessageRecord, own: boolean): Outgoing[] {
    const { state, role, records, row } = trade;
    const arbiter = isSide(role) ? arbiterOf(state) : undefined;
    const known = before === undefined ? undefined : arbiterOf(before.state);
    const isNew = arbiter !== undefined && (known === undefined || !equalBytes(known, arbiter));
    const parcels: Outgoing[] = [];
    if (own) {
      for (const to of participants(row)) {
        if (isNew && equalBytes(to, arbiter)) continue;
        parcels.push({ to, kind: 'trade', bytes: record.bytes, about: state.trade });
      }
    }
    if (!isNew) return parcels;
    const whole = caseFor(state, records);
    if (whole === undefined)
      this.#deps.logger.warn({ trade: trade.id }, 'the log is too large to be sent to the arbiter');
    return whole === undefined ? parcels : [...parcels, whole];
  }

  /**
   * Takes up a trade that names this trader as its arbiter. What is known of it already stays; what does not stand is left out.
   * @param how.receipt makes the own receipt for the parcel in which it came; undefined where it was read somewhere
   * @param how.judged and `from` as of an {@link Arrival}
   * @throws NiagaError DELEGATION_REVOKED, DELEGATION_EXPIRED, WRITER_OTHER, TRADE_HEADS where without that there is no contract
   */
  async adopt(
    given: Case,
    { receipt, judged = false, from }: { receipt?: () => OwnReceipt; judged?: boolean; from?: Uint8Array } = {},
  ): Promise<void> {
    const { trade: id, records } = given;
    const { book, store, events, now } = this.#deps;
    const name = id.toString();
    const known = await book.locked(name, async () => {
      if ((await book.get(name)) !== undefined) return true;
      const standing = judged ? given : await this.#standingOf(given, from);
      const { trade, writes } = book.adopt(undefined, standing.records, standing.state, 'arbiter', now());
      const data = { ...changeOf(trade), kind: 'accept', by: 'counterparty' };
      const staged = events.stage([{ type: 'trade-changed', data }]);
      await store.write([...writes, ...(receipt?.().writes ?? []), ...staged.writes]);
      book.commit(trade);
      staged.tell();
      this.#tell(trade);
      return false;
    });
    if (!known) return this.#unpark(name);
    for (const record of records)
      await this.take(record, { way: 'copy', judged, from, beside: records }, () => Promise.resolve());
  }

  /** A case without what does not stand, and what builds on that. @throws NiagaError as {@link Ledger.adopt} */
  async #standingOf(given: Case, from: Uint8Array | undefined): Promise<Case> {
    const { identity, now } = this.#deps;
    const log = new Map(given.records.map((record) => [record.id.toString(), record]));
    const records: MessageRecord[] = [];
    let refusal: NiagaError | undefined;
    for (const record of given.records) {
      try {
        await this.#checkInTime(given.trade.toString(), log, record, { from });
        await this.#checkStanding(given.trade.toString(), log, record, false);
        records.push(record);
      } catch (error) {
        // One that came before what it builds on may stand yet.
        if (!isNiagaError(error) || isNiagaError(error, 'TRADE_HEADS')) throw error;
        refusal ??= error;
      }
    }
    if (refusal === undefined) return given;
    const found = caseIn(records, given.trade, identity.trader, now());
    if (found === undefined) throw refusal;
    return found;
  }

  #tell(trade: OpenTrade): void {
    const view = tradeToView(trade, this.#deps.mail.waiting(trade.id).length);
    for (const listener of this.#listeners) {
      try {
        listener(view);
      } catch (error) {
        this.#deps.logger.error({ error: String(error) }, 'a listener to trades failed');
      }
    }
  }
}

function tradeOf({ id, payload }: MessageRecord): string {
  return (payload.kind === 'offer' ? id : payload.trade).toString();
}

/** What an event tells of a trade. */
function changeOf(trade: OpenTrade) {
  const { id, state, role, row } = trade;
  return {
    trade: id,
    state: state.word,
    role,
    counterparty: traderToText(row.counterparty),
    due: dueToView(trade),
  };
}
