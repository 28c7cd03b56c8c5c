import { CID } from 'multiformats/cid';
import { encode } from '../../protocol/cbor.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes, parseId } from '../../protocol/ids.js';
import { quote } from '../../protocol/quote.js';
import { signRecord, type Draft, type Verify } from '../../protocol/record.js';
import {
  allowed,
  DEADLINE_GRACE,
  nextHeads,
  OFFER_EXPIRY,
  type MessageKind,
  type Terms,
} from '../../protocol/trade/index.js';
import type { StepView, TradeDetailView, TradeView } from '../api/views.js';
import type { Blocks } from '../blocks/index.js';
import type { Catalog } from '../catalog/index.js';
import type { ListingExchange } from '../catalog/listing-exchange.js';
import type { Events } from '../events/index.js';
import type { DelegationBook, Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import { readBody } from '../index/wire.js';
import type { Network } from '../network/index.js';
import { publicError } from '../network/methods.js';
import type { FoundListing, Search } from '../search/index.js';
import type { Store } from '../store/index.js';
import { TradeBook, type OpenTrade } from './book.js';
import { Courier } from './courier.js';
import { DELIVER_METHOD, deliverSchema, MAX_BYTES, type DeliveryResult } from './delivery-wire.js';
import { exportEvidence } from './evidence.js';
import type { OfferInput, Step, Trades } from './index.js';
import { Journal, type MessageRecord } from './journal.js';
import { Ledger } from './ledger.js';
import { OutboxScheduler } from './outbox.js';
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
  readonly search: Pick<Search, 'find'>;
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
  readonly #courier: Courier;
  readonly #outbox: OutboxScheduler;
  #ends: (() => void)[] = [];
  #expiring: Promise<void> = Promise.resolve();
  #serving = false;

  constructor(deps: TradesDeps) {
    this.#deps = deps;
    const networkName = deps.identity.network;
    this.#journal = new Journal(deps.store, networkName, deps.verify);
    this.#book = new TradeBook(this.#journal, deps.identity);
    this.#ledger = new Ledger({ ...deps, journal: this.#journal, book: this.#book });
    this.#courier = new Courier({ ...deps, networkName, journal: this.#journal, book: this.#book });
    this.#outbox = new OutboxScheduler({
      deliver: (peer, signal) => this.#courier.deliver(peer, signal),
      logger: deps.logger,
    });
  }

  async start(): Promise<void> {
    if (this.#ends.length > 0) return;
    await this.#book.load();
    if (!this.#serving) {
      this.#deps.network.handle(DELIVER_METHOD, async (body) => this.#receive(body), { maxRequest: 2 * MAX_BYTES });
      this.#serving = true;
    }
    this.#outbox.start();
    for (const peer of this.#book.waiting().keys()) this.#outbox.wake(peer);
    const deadlines = setInterval(() => {
      // One after the other, and waited for at the stop.
      this.#expiring = this.#expiring.then(() => this.#expire());
    }, DEADLINE_CHECK).unref();
    this.#ends = [
      this.#deps.network.on('peer:connect', (peer) => {
        if (this.#outbox.waiting(peer)) this.#outbox.wake(peer);
      }),
      () => clearInterval(deadlines),
    ];
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#expiring;
    await this.#outbox.stop();
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
    this.#outbox.wake(trade.row.peer);
    return { trade: trade.id, state: trade.state.word };
  }

  async step(id: string, step: Step): Promise<StepView> {
    const known = this.#book.resolve(id);
    try {
      const trade = await this.#ledger.act(known, (before) => this.#stepMessage(before, step));
      this.#outbox.wake(trade.row.peer);
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
      if (trade !== undefined) views.push(tradeToView(trade, this.#book.outboxOf(id)));
    }
    return views;
  }

  async show(id: string): Promise<TradeDetailView> {
    const trade = await this.#get(id);
    return tradeToDetail(trade, this.#book.outboxOf(trade.id));
  }

  async export(id: string): Promise<{ trade: string; bytes: Uint8Array }> {
    const trade = await this.#get(id);
    const bytes = await exportEvidence(trade, { ...this.#deps, journal: this.#journal });
    return { trade: trade.id, bytes };
  }

  counts(): { open: number; ended: number; outbox: number } {
    let ended = 0;
    for (const row of this.#book.rows().values()) if (row.ended) ended++;
    return { open: this.#book.rows().size - ended, ended, outbox: this.#book.outboxSize() };
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
        return this.#sign('received', common);
    }
  }

  #counterTerms(trade: OpenTrade, step: Extract<Step, { kind: 'counter' }>): Terms {
    return changedTerms(termsOf(trade.state), step, trade.role, this.#deps.now());
  }

  #sign<K extends MessageKind>(kind: K, draft: Draft<K>): MessageRecord {
    const { identity, now } = this.#deps;
    const options = { network: identity.network, created: now(), inlineDelegation: true };
    return signRecord(kind, draft, identity, options);
  }

  /** What comes from other nodes: each message is answered by a receipt or by why there is none. */
  async #receive(body: Uint8Array): Promise<Uint8Array> {
    const { messages } = readBody(deliverSchema, body, DELIVER_METHOD);
    const results: DeliveryResult[] = [];
    for (const bytes of messages) {
      try {
        const { receipt, trade } = await this.#ledger.receive(bytes, (offer) => this.#checkOffer(offer));
        if (this.#book.outboxOf(trade.id).size > 0) this.#outbox.wake(trade.row.peer);
        results.push({ receipt });
      } catch (error) {
        if (!isNiagaError(error)) throw error;
        this.#deps.onRefused(error.code);
        const missing = missingOf(error.details?.['missing']);
        const retryAt = error.details?.['retryAt'];
        results.push({
          ...publicError(error),
          ...(typeof retryAt === 'number' ? { retryAt } : {}),
          ...(missing.length === 0 ? {} : { missing }),
        });
      }
    }
    return encode({ results }, { maxBytes: 2 * MAX_BYTES });
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
    const { now, logger } = this.#deps;
    for (const [id, row] of this.#book.rows()) {
      if (row.deadline === undefined || now() <= row.deadline + DEADLINE_GRACE) continue;
      try {
        const trade = await this.#ledger.act(id, (before) => {
          if (before === undefined) throw new NiagaError('TRADE_NOT_FOUND', 'The trade is not here.');
          const heads = [...nextHeads(before.state, before.role)];
          return this.#sign('timeout', { trade: before.state.trade, heads, deadline: OFFER_EXPIRY });
        });
        this.#outbox.wake(trade.row.peer);
      } catch (error) {
        logger.warn({ trade: id, error: String(error) }, 'an open offer could not be ended');
      }
    }
  }

  /** Adds to a refusal what can be done instead. */
  async #withNext(id: string, error: unknown): Promise<unknown> {
    if (!isNiagaError(error) || !error.code.startsWith('TRADE_') || error.next !== undefined) return error;
    const trade = await this.#book.read(id);
    if (trade === undefined) return error;
    const commands = allowed(trade.state, trade.role).flatMap((kind) =>
      COMMANDS[kind] === undefined ? [] : [`niaga trade ${COMMANDS[kind]} ${id}`],
    );
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

function missingOf(value: unknown): CID[] {
  return Array.isArray(value) ? value.flatMap((id: unknown) => (typeof id === 'string' ? [CID.parse(id)] : [])) : [];
}
