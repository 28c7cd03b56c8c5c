/**
 * The trades of this trader: the log of each, the steps that a person takes, and their delivery to the other side.
 *
 * ```ts
 * const trades = createTrades({ store, identity, network, catalog, listings, verify, now: Date.now, logger });
 * await trades.start();
 * trades.onChange((trade) => console.log(trade.trade, trade.state));
 * const { trade } = await trades.offer({ listing: 'bafyrei…', quantity: 2 });
 * ```
 */
import type { CID } from 'multiformats/cid';
import type { PageLanguage } from '../../protocol/trade/evidence-words.js';
import type { Role, TradeState } from '../../protocol/trade/index.js';
import type { ExportOptions } from './evidence.js';
import type { MessageRecord } from './journal.js';
import type { OfferWish } from './terms.js';
import type { Step } from './steps.js';
import type { StepView, TradeView } from '../api/views.js';
import type { TradeDetailView } from '../api/trade-views.js';
import type { Listed } from '../listed.js';

export { createTrades } from './trades.js';
export type { Step } from './steps.js';

export interface OfferInput extends OfferWish {
  readonly listing: string;
  /** Sku of the variant that is wanted, where the listing comes in variants. */
  readonly variant?: string | undefined;
  /** More of the same seller, as `LISTING`, `LISTING=2`, `LISTING=2@80000 IDR` or `LISTING#SKU=2`. */
  readonly also?: readonly string[] | undefined;
}

/** One trade as it is on this machine. */
export interface TradeLog {
  readonly trade: CID;
  readonly counterparty: Uint8Array;
  readonly role: Role;
  readonly state: TradeState;
  readonly ended: boolean;
  readonly updated: number;
  /** Each after those that it names. */
  readonly records: readonly MessageRecord[];
  readonly heads: readonly CID[];
}

/** How far the log of a trade is, without the log. */
export interface TradeHeads extends Pick<TradeLog, 'counterparty' | 'role' | 'ended' | 'updated' | 'heads'> {
  readonly id: string;
  /** Root keys of everybody else who has the log. */
  readonly participants: readonly Uint8Array[];
  /** How many messages are in the log. */
  readonly messages: number;
}

export interface Trades {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Opens a trade on somebody's listing. When it returns, the offer is on disk and will be delivered.
   * @throws NiagaError LISTING_NOT_FOUND, LISTING_ON_REQUEST, TRADE_OWN_LISTING, TRADE_TERMS, MONEY_INVALID, INPUT_INVALID
   */
  offer(input: OfferInput, options?: { signal?: AbortSignal }): Promise<StepView>;
  /** Takes a step. @throws NiagaError TRADE_NOT_FOUND, TRADE_ROLE, TRADE_STATE, TRADE_TURN, TRADE_TERMS, STOCK_SHORT, … */
  step(trade: string, step: Step): Promise<StepView>;
  /** The newest first. One whose log is damaged is named beside the others. */
  list(page: { limit: number; after?: string | undefined }): Promise<Listed<TradeView>>;
  /**
   * @param language of the texts of messages. Default: English
   * @throws NiagaError TRADE_NOT_FOUND, ID_AMBIGUOUS
   */
  show(trade: string, language?: PageLanguage): Promise<TradeDetailView>;
  /** The evidence of a trade: one file for people and machines (protocol/trade/evidence-file.ts). */
  export(trade: string, options?: ExportOptions): Promise<{ trade: string; bytes: Uint8Array }>;
  /** The contract as UBL 2.1. @throws NiagaError TRADE_NOT_FOUND, TRADE_STATE where there is none */
  invoice(trade: string): Promise<string>;
  /** The id that an id, or the beginning of one, stands for. @throws NiagaError TRADE_NOT_FOUND, ID_AMBIGUOUS */
  idOf(trade: string): string;
  /**
   * The logs of all trades, or of those only that have not ended; one that the disk has damaged is left out.
   * @param which.whole rather throw than leave one out: for what others rely on. Default: false
   * @param which.newest only so many, those that changed last. Default: all
   */
  logs(which: { ended: boolean; whole?: boolean; newest?: number }): AsyncIterable<TradeLog>;
  /**
   * How far the logs of all trades are, in the order of their ids; no log is read for it.
   * @param which.after only those after this id. Default: all
   * @param which.whole wait for what is being written to those that have not ended: for what others rely on. Default: false
   */
  heads(which?: { after?: string | undefined; whole?: boolean }): AsyncIterable<TradeHeads>;
  /** Whether the log of that trade has all of these messages. @throws NiagaError RECORD_CORRUPT */
  has(trade: string, messages: readonly CID[]): Promise<boolean>;
  /** The trade with exactly this id as it stands. */
  open(id: string): Promise<TradeLog | undefined>;
  /**
   * Whether there is, or was, a trade with that trader that is more than an offer from there: with a contract, or with an offer of
   * this trader in it.
   */
  isPartner(trader: Uint8Array): Promise<boolean>;
  /** With whom a contract is under way. */
  partners(): Iterable<Uint8Array>;
  /** The log of the trade with exactly this id, and the receipts that are kept for its messages. */
  log(trade: string): Promise<(TradeLog & { readonly receipts: readonly Uint8Array[] }) | undefined>;
  /**
   * Takes up messages and receipts that somebody has who holds the log: the other side, or another device of this trader. What does not
   * hold is left out.
   * @param judged they are from the own device that writes: also what a device signed that was revoked since stays. Default: false
   */
  takeCopies(messages: readonly Uint8Array[], receipts: readonly Uint8Array[], judged?: boolean): Promise<void>;
  /** Asks the other side, through the mail, for what is missing here of these trades. */
  askFor(counterparty: Uint8Array, trades: readonly CID[]): Promise<void>;
  counts(): { open: number; ended: number; outbox: number };
  /** Called after each change of a trade, by either side. */
  onChange(listener: (trade: TradeView) => void): () => void;
}
