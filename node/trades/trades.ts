import { CID } from 'multiformats/cid';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes, parseId } from '../../protocol/ids.js';
import { quote } from '../../protocol/quote.js';
import { signRecord, type Draft, type Verify } from '../../protocol/record.js';
import {
  allowed,
  DEADLINE_GRACE,
  messagesOf,
  nextHeads,
  isSide,
  type MessageKind,
  type Terms,
} from '../../protocol/trade/index.js';
import type { StepView, TradeDetailView, TradeView } from '../api/views.js';
import type { Blocks } from '../blocks/index.js';
import type { Catalog } from '../catalog/index.js';
import type { ListingExchange } from '../catalog/listing-exchange.js';
import type { Events } from '../events/index.js';
import type { DelegationBook, DeviceBook, Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Mail, SentState } from '../mail/index.js';
import type { Network } from '../network/index.js';
import type { FoundListing, Search } from '../search/index.js';
import type { Store } from '../store/index.js';
import { TradeBook, type OpenTrade } from './book.js';
import { logOf, takeCopies } from './copies.js';
import { exportEvidence } from './evidence.js';
import { FINAL_TRADE_CODES } from './final-codes.js';
import type { OfferInput, Step, TradeLog, Trades } from './index.js';
import { Journal, type MessageRecord } from './journal.js';
import { Ledger, type Arrival } from './ledger.js';
import { LogRepair } from './log-repair.js';
import { changedTerms, checkLine, firstTerms, offeredByCard, offeredByListing, type Offered } from './terms.js';
import { COMMANDS, termsOf, tradeToDetail, tradeToView } from './view.js';

/** How often open proposals are looked through for those that ran out. */
const DEADLINE_CHECK = 60 * 1000;
/** Unanswered offers of one trader that a seller's node keeps: more is a flood. */
const MAX_OPEN_OF_ONE = 200;
/** Trades that one trader may begin here in a day, whatever became of them, and all traders together. */
const MAX_NEW_OF_ONE = 500;
const MAX_NEW_OF_ALL = 10_000;
const DAY = 24 * 60 * 60 * 1000;

export interface TradesDeps {
  readonly store: Store;
  readonly identity: Identity;
  readonly network: Network;
  readonly catalog: Catalog;
  readonly exchange: ListingExchange;
  readonly delegations: DelegationBook;
  /** Which devices may still sign for their traders. */
  readonly devices: DeviceBook;
  /** Whether this device takes steps for the trader; while it does not, none is taken by itself. Default: it does. */
  readonly mayWrite?: (() => boolean) | undefined;
  readonly search: Pick<Search, 'find'>;
  /** Brings messages to the other side. Started after this service, which takes what comes. */
  readonly mail: Mail;
  /** Changes of trades are told there. */
  readonly events: Pick<Events, 'stage'>;
  /** Whose offers are not taken, and to whom none are made. */
  readonly blocks: Pick<Blocks, 'check' | 'isBlocked'>;
  readonly verify: Verify;
  readonly now: () => number;
  readonly logger: Logger;
  /** Told of each refusal, for the counters. */
  readonly onRefused: (code: string) => void;
}

export function createTrades(deps: TradesDeps): Trades {
  return new TradesService(deps);
}

class TradesService implements Trades {
  readonly #deps: TradesDeps;
  readonly #journal: Journal;
  readonly #book: TradeBook;
  readonly #ledger: Ledger;
  readonly #repair: LogRepair;
  #ends: (() => void)[] = [];
  #expiring: Promise<void> = Promise.resolve();
  #serving = false;

  constructor(deps: TradesDeps) {
    this.#deps = deps;
    const networkName = deps.identity.network;
    this.#journal = new Journal(deps.store, networkName, deps.verify);
    this.#book = new TradeBook(this.#journal, deps.identity);
    this.#ledger = new Ledger({ ...deps, journal: this.#journal, book: this.#book });
    this.#repair = new LogRepair({ ...deps, book: this.#book });
  }

  async start(): Promise<void> {
    if (this.#ends.length > 0) return;
    await this.#book.load();
    await this.#takeFormerOutbox();
    if (!this.#serving) this.#serve();
    this.#serving = true;
    const deadlines = setInterval(() => {
      // One after the other, and waited for at the stop.
      this.#expiring = this.#expiring.then(() => this.#expire());
    }, DEADLINE_CHECK).unref();
    this.#ends = [
      this.#deps.mail.onContact((trader) => {
        this.#repair
          .compare(trader)
          .catch((error: unknown) => this.#deps.logger.warn({ error: String(error) }, 'logs could not be compared'));
      }),
      () => clearInterval(deadlines),
    ];
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#expiring;
  }

  async offer(input: OfferInput, options: { signal?: AbortSignal } = {}): Promise<StepView> {
    const listing = parseId(input.listing, 'listing');
    if (await this.#isOwn(listing)) throw new NiagaError('TRADE_OWN_LISTING', 'That is your own listing.');
    const found = await this.#deps.search.find(listing.toString(), options);
    if (found === undefined) {
      throw new NiagaError('LISTING_NOT_FOUND', 'No reachable node knows that listing.', {
        next: 'Search again with: niaga search WORDS',
      });
    }
    const { card } = found;
    this.#deps.blocks.check(card.payload.trader);
    const peer = deviceToPeerId(card.payload.device);
    const offered = await this.#offered(found, options.signal);
    const terms = firstTerms(offered, input, this.#deps.now());
    const { identity } = this.#deps;
    const trade = await this.#ledger.act(
      undefined,
      () => this.#sign('offer', { heads: [], buyer: identity.trader, seller: card.payload.trader, terms }),
      peer,
    );
    return { trade: trade.id, state: trade.state.word };
  }

  async step(id: string, step: Step): Promise<StepView> {
    const known = this.#book.resolve(id);
    try {
      const trade = await this.#ledger.act(known, (before) => this.#stepMessage(before, step));
      return { trade: trade.id, state: trade.state.word };
    } catch (error) {
      throw await this.#withNext(known, error);
    }
  }

  async list({ limit, after }: { limit: number; after?: string | undefined }): Promise<TradeView[]> {
    if (after !== undefined && !this.#book.rows().has(after)) {
      throw new NiagaError('USAGE', `There is no trade ${quote(after)} to go on after.`, { where: 'after' });
    }
    const rows = [...this.#book.rows()].sort(([a, x], [b, y]) => y.created - x.created || (a < b ? -1 : 1));
    const start = after === undefined ? 0 : rows.findIndex(([id]) => id === after) + 1;
    const views: TradeView[] = [];
    for (const [id] of rows.slice(start, start + limit)) {
      const trade = await this.#book.read(id);
      if (trade !== undefined) views.push(tradeToView(trade, this.#deps.mail.waiting(id).length));
    }
    return views;
  }

  async show(id: string): Promise<TradeDetailView> {
    const trade = await this.#get(id);
    const { mail } = this.#deps;
    const { counterparty } = trade.row;
    const sent = new Map<string, SentState>();
    const theirs: CID[] = [];
    for (const { id: message, payload } of messagesOf(trade.state)) {
      if (equalBytes(payload.trader, counterparty)) theirs.push(message);
      const state = await mail.stateOf(counterparty, message);
      if (state !== undefined) sent.set(message.toString(), state);
    }
    // Whoever looks at the trade has seen them; nobody waits until the other side knows.
    mail
      .read(counterparty, theirs, trade.state.trade)
      .catch((error: unknown) => this.#deps.logger.warn({ error: String(error) }, 'reading could not be noted'));
    return tradeToDetail(trade, mail.waiting(trade.id).length, sent);
  }

  async export(id: string): Promise<{ trade: string; bytes: Uint8Array }> {
    const trade = await this.#get(id);
    const bytes = await exportEvidence(trade, { ...this.#deps, journal: this.#journal });
    return { trade: trade.id, bytes };
  }

  idOf(trade: string): string {
    return this.#book.resolve(trade);
  }

  async *logs({ ended }: { ended: boolean }): AsyncGenerator<TradeLog> {
    for (const [id, row] of [...this.#book.rows()]) {
      if (row.ended && !ended) continue;
      const trade = await this.#book.read(id);
      if (trade !== undefined) yield logOf(trade);
    }
  }

  async open(id: string): Promise<TradeLog | undefined> {
    const trade = await this.#book.read(id);
    return trade === undefined ? undefined : logOf(trade);
  }

  knows(trader: Uint8Array): boolean {
    for (const { counterparty } of this.#book.rows().values()) if (equalBytes(counterparty, trader)) return true;
    return false;
  }

  async log(id: string): Promise<(TradeLog & { readonly receipts: readonly Uint8Array[] }) | undefined> {
    const trade = await this.#book.read(id);
    if (trade === undefined) return undefined;
    const receipts: Uint8Array[] = [];
    for await (const [, bytes] of this.#journal.receipts(id)) receipts.push(bytes);
    return { ...logOf(trade), receipts };
  }

  takeCopies(messages: readonly Uint8Array[], receipts: readonly Uint8Array[]): Promise<void> {
    return takeCopies(messages, receipts, {
      ...this.#deps,
      book: this.#book,
      journal: this.#journal,
      ledger: this.#ledger,
    });
  }

  askFor(counterparty: Uint8Array, trades: readonly CID[]): Promise<void> {
    return this.#repair.askFor(counterparty, trades);
  }

  counts(): { open: number; ended: number; outbox: number } {
    let ended = 0;
    for (const row of this.#book.rows().values()) if (row.ended) ended++;
    return { open: this.#book.rows().size - ended, ended, outbox: this.#deps.mail.outboxSize() };
  }

  onChange(listener: (trade: TradeView) => void): () => void {
    return this.#ledger.onChange(listener);
  }

  async #get(id: string): Promise<OpenTrade> {
    const trade = await this.#book.read(this.#book.resolve(id));
    if (trade === undefined) throw new NiagaError('TRADE_NOT_FOUND', `There is no trade ${id} here.`);
    return trade;
  }

  async #isOwn(listing: CID): Promise<boolean> {
    return (await this.#deps.catalog.show(listing.toString())) !== undefined;
  }

  /** The listing itself where it can be had; while the seller sleeps, what the card says of it. */
  async #offered(found: FoundListing, signal: AbortSignal | undefined): Promise<Offered> {
    try {
      return offeredByListing(await this.#deps.exchange.fetch(found, signal), found.summary);
    } catch (error) {
      signal?.throwIfAborted();
      if (isNiagaError(error, 'PEER_UNREACHABLE') || isNiagaError(error, 'TIMED_OUT')) return offeredByCard(found);
      throw error;
    }
  }

  #stepMessage(trade: OpenTrade | undefined, step: Step): MessageRecord {
    if (trade === undefined) throw new NiagaError('TRADE_NOT_FOUND', 'The trade is not here.');
    const { state, role } = trade;
    const open = state.contract.status === 'open' ? state.contract.last : undefined;
    const answers = open?.id ?? state.trade;
    const common = { trade: state.trade, heads: [...nextHeads(state, role, open?.id)] };
    const due = termsOf(state).total;
    switch (step.kind) {
      case 'accept':
      case 'withdraw':
        return this.#sign(step.kind, { ...common, answers });
      case 'decline':
        return this.#sign('decline', { ...common, answers, ...optional('reason', step.reason) });
      case 'counter':
        return this.#sign('counter', { ...common, answers, terms: this.#counterTerms(trade, step) });
      case 'cancel':
        return this.#sign('cancel', { ...common, ...optional('reason', step.reason) });
      case 'paid':
        return this.#sign('paid', { ...common, amount: due, ...optional('reference', step.reference) });
      case 'payment-seen':
        return this.#sign('payment-seen', { ...common, amount: due });
      case 'shipped':
        return this.#sign('shipped', { ...common, ...optional('tracking', step.tracking) });
      case 'received':
        // Who says that all came says that it is as agreed; to look at it first is a step of its own.
        return allowed(state, role).includes('approved')
          ? this.#sign('approved', common)
          : this.#sign('received', common);
    }
  }

  #counterTerms(trade: OpenTrade, step: Extract<Step, { kind: 'counter' }>): Terms {
    const { state, role } = trade;
    if (!isSide(role)) throw new NiagaError('TRADE_ROLE', 'An arbiter makes no offers.');
    return changedTerms(termsOf(state), step, role, this.#deps.now());
  }

  #sign<K extends MessageKind>(kind: K, draft: Draft<K>): MessageRecord {
    const { identity, now } = this.#deps;
    const options = { network: identity.network, created: now(), inlineDelegation: true };
    return signRecord(kind, draft, identity, options);
  }

  /** What comes from other traders. */
  #serve(): void {
    const { mail } = this.#deps;
    const receive = (bytes: Uint8Array, arrival: Arrival) =>
      this.#ledger.receive(bytes, arrival, (offer) => this.#checkOffer(offer));
    mail.handle('trade', {
      finalCodes: FINAL_TRADE_CODES,
      take: async ({ bytes, receipt }) => void (await receive(bytes, { way: 'author', receipt })),
      receipted: ({ id, about, receipt }) =>
        about === undefined ? [] : [this.#journal.putReceipt(about, id, receipt)],
      repair: async ({ to, about, missing }) => {
        if (about !== undefined) await this.#repair.repair(to, about, missing);
      },
    });
    mail.handle('log', { take: async ({ bytes }) => void (await receive(bytes, { way: 'copy' })) });
    mail.handle('heads', { take: ({ from, bytes }) => this.#repair.compared(from, bytes) });
  }

  /** Homes of before there was mail have what waits for a receipt in a table of their own. */
  async #takeFormerOutbox(): Promise<void> {
    const { mail, store } = this.#deps;
    for await (const { trade: id, message, row } of this.#journal.formerOutbox()) {
      const trade = await this.#book.read(id);
      const record = trade?.records.get(message);
      const posted =
        trade === undefined || record === undefined || row.refused !== undefined
          ? undefined
          : mail.post([{ to: trade.row.counterparty, kind: 'trade', bytes: record.bytes, about: trade.state.trade }]);
      if (trade !== undefined && trade.row.peer !== '') mail.meet(trade.row.counterparty, trade.row.peer);
      await store.write([this.#journal.dropFormerOutbox(id, message), ...(posted?.writes ?? [])]);
    }
  }

  /** Whether an offer is for something that is sold here, and not one too many. */
  async #checkOffer(offer: MessageRecord): Promise<void> {
    const { payload } = offer;
    if (payload.kind !== 'offer') return;
    const { identity, catalog, blocks } = this.#deps;
    // Why, and by whose list, is nobody's business but the owner's.
    if (blocks.isBlocked(payload.trader))
      throw new NiagaError('TRADER_BLOCKED', 'No offers of that trader are taken here.');
    this.#checkQuota(payload.trader);
    if (!equalBytes(payload.seller, identity.trader)) return;
    for (const line of payload.terms.lines) {
      const listing = await catalog.version(line.listing);
      if (listing === undefined)
        throw new NiagaError('LISTING_NOT_FOUND', 'That version of the listing is not known to its seller.');
      checkLine(line, listing);
    }
  }

  /** @throws NiagaError RATE_LIMITED */
  #checkQuota(trader: Uint8Array): void {
    const since = this.#deps.now() - DAY;
    let [open, begun, all] = [0, 0, 0];
    for (const row of this.#book.rows().values()) {
      const recent = row.created > since;
      if (recent) all++;
      if (!equalBytes(row.counterparty, trader)) continue;
      if (recent) begun++;
      if (!row.ended) open++;
    }
    if (open >= MAX_OPEN_OF_ONE || begun >= MAX_NEW_OF_ONE || all >= MAX_NEW_OF_ALL) {
      throw new NiagaError('RATE_LIMITED', 'Too many trades were begun here; try again tomorrow.');
    }
  }

  async #expire(): Promise<void> {
    const { now, logger, mayWrite } = this.#deps;
    if (mayWrite?.() === false) return;
    for (const [id, row] of this.#book.rows()) {
      if (row.deadline === undefined || now() <= row.deadline + DEADLINE_GRACE) continue;
      try {
        await this.#ledger.act(id, (before) => {
          if (before === undefined) throw new NiagaError('TRADE_NOT_FOUND', 'The trade is not here.');
          const [first] = before.state.deadlines;
          if (first === undefined) throw new NiagaError('TRADE_STATE', 'No deadline runs any more.');
          const heads = [...nextHeads(before.state, before.role)];
          return this.#sign('timeout', { trade: before.state.trade, heads, deadline: first.deadline });
        });
      } catch (error) {
        // What begins a deadline may have come later than it claims: then it runs longer here.
        if (isNiagaError(error) && error.details?.['retryAt'] !== undefined) continue;
        logger.warn({ trade: id, error: String(error) }, 'a deadline that passed could not be said');
      }
    }
  }

  /** Adds to a refusal what can be done instead. */
  async #withNext(id: string, error: unknown): Promise<unknown> {
    if (!isNiagaError(error) || !error.code.startsWith('TRADE_') || error.next !== undefined) return error;
    const trade = await this.#book.read(id);
    if (trade === undefined) return error;
    const verbs = new Set(allowed(trade.state, trade.role).flatMap((kind) => COMMANDS[kind] ?? []));
    const commands = [...verbs].map((verb) => `niaga trade ${verb} ${id}`);
    const next =
      commands.length === 0
        ? `Nothing can be done to it any more; see niaga trade show ${id}`
        : `You can: ${commands.join(' | ')}`;
    return new NiagaError(error.code, error.message, {
      where: error.where,
      details: { ...error.details, state: trade.state.word },
      cause: error,
      next,
    });
  }
}

function optional<K extends string>(name: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined || value === '' ? {} : ({ [name]: value } as Record<K, string>);
}
