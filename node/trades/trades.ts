import { CID } from 'multiformats/cid';
import { NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes } from '../../protocol/ids.js';
import type { Stands } from '../../protocol/identity/stands.js';
import { quote } from '../../protocol/quote.js';
import { signRecord, type Verify } from '../../protocol/record.js';
import type { PageLanguage } from '../../protocol/trade/evidence-words.js';
import { messagesOf } from '../../protocol/trade/index.js';
import type { StepView, TradeView } from '../api/views.js';
import type { TradeDetailView } from '../api/trade-views.js';
import type { Arbiters, ChosenArbiter } from '../arbiters/index.js';
import type { Blocks } from '../blocks/index.js';
import type { Catalog } from '../catalog/index.js';
import type { ListingExchange } from '../catalog/listing-exchange.js';
import { unlessRunning } from '../concurrency.js';
import { distinctTimes } from '../distinct-times.js';
import type { Events } from '../events/index.js';
import type { DelegationBook, DeviceBook, DeviceRecord, Identity } from '../identity/index.js';
import { listed, unlessDamaged, type Listed } from '../listed.js';
import type { Logger } from '../logger.js';
import type { Incoming, Mail, SentState } from '../mail/index.js';
import type { Network } from '../network/index.js';
import { unlessAborted } from '../network/time-limit.js';
import type { Search } from '../search/index.js';
import type { Store } from '../store/index.js';
import type { TraderRecords } from '../trader-records/index.js';
import { isNegotiated, TradeBook, type OpenTrade } from './book.js';
import { openCase } from './cases.js';
import { withNext, withOfferNext } from './commands.js';
import { Consents } from './consents.js';
import { takeCopies } from './copies.js';
import { invoiceOf } from '../../protocol/trade/invoice.js';
import { exportEvidence, type ExportOptions } from './evidence.js';
import { profilesOf } from './profiles.js';
import { Expiry } from './expiry.js';
import { FINAL_TRADE_CODES } from './final-codes.js';
import type { OfferInput, TradeHeads, TradeLog, Trades } from './index.js';
import { Intake } from './intake.js';
import { Journal, participants, takesPart } from './journal.js';
import { Ledger, type Arrival } from './ledger.js';
import { LogRepair } from './log-repair.js';
import { hasMessages, headsIn, logOf, logsIn } from './logs.js';
import { firstOffer, sameArbiter } from './offering.js';
import { stepMessage, type Sign, type Step } from './steps.js';
import { tradeToDetail, tradeToView } from './view.js';

/** How often trades are looked through for deadlines that have passed: their rows are in memory. */
const DEADLINE_CHECK = 10_000;
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
  /** Whether the trader has other devices. Default: none. */
  readonly hasOthers?: (() => boolean) | undefined;
  /** What is asked before a step in a trade that nobody types, as before one that a person takes. @throws NiagaError where it may not go on yet */
  readonly check?: ((trade: string) => Promise<void>) | undefined;
  /** What this trader has noted, on a machine that it has no more, to be in its logs. Default: nothing. */
  readonly listed?: (() => Stands) | undefined;
  readonly search: Pick<Search, 'find'>;
  /** What the others in a trade call themselves. */
  readonly traderRecords: Pick<TraderRecords, 'get'>;
  /** Who rules where both sides do not agree. */
  readonly arbiters: Pick<Arbiters, 'choose' | 'fits' | 'offers' | 'own'>;
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
  readonly #intake: Intake;
  readonly #consents: Consents;
  readonly #sign: Sign;
  #ends: (() => void)[] = [];
  #background: Promise<void> = Promise.resolve();
  /** Ends look-ups that nobody asked for. */
  #stopping = new AbortController();
  #serving = false;

  constructor(deps: TradesDeps) {
    this.#deps = deps;
    const networkName = deps.identity.network;
    this.#journal = new Journal(deps.store, networkName, deps.verify);
    this.#book = new TradeBook(this.#journal, deps.identity);
    this.#ledger = new Ledger({ ...deps, journal: this.#journal, book: this.#book });
    this.#repair = new LogRepair({ ...deps, book: this.#book });
    this.#intake = new Intake({ ...deps, book: this.#book });
    const consent = (trade: string) => this.step(trade, { kind: 'consent' });
    this.#consents = new Consents({ ...deps, book: this.#book, consent, check: (trade) => this.#check(trade) });
    const { identity } = deps;
    // Two offers that say the same are two trades.
    const times = distinctTimes(deps.now);
    this.#sign = (kind, draft) => {
      // Asked before, too; since then another device may have become the one that writes.
      if (deps.mayWrite?.() === false)
        throw new NiagaError('WRITER_OTHER', 'Another machine of this trader writes by now.', {
          next: 'See which: niaga identity devices',
        });
      return signRecord(kind, draft, identity, { network: identity.network, created: times(), inlineDelegation: true });
    };
  }

  async start(): Promise<void> {
    if (this.#ends.length > 0) return;
    this.#stopping = new AbortController();
    await this.#book.load();
    if (!this.#serving) this.#serve();
    this.#serving = true;
    const { signal } = this.#stopping;
    const check = (trade: string): Promise<void> => this.#check(trade);
    const expiry = new Expiry({ ...this.#deps, book: this.#book, ledger: this.#ledger, sign: this.#sign, check });
    const byItself = async (): Promise<void> => {
      await this.#consents.run(signal);
      await expiry.run(signal);
    };
    // A run asks others, and may take longer than the time between two.
    const deadlines = setInterval(
      unlessRunning(() => this.#soon(byItself)),
      DEADLINE_CHECK,
    ).unref();
    this.#ends = [
      this.#deps.mail.onContact((trader) => {
        this.#repair
          .compare(trader)
          .catch((error: unknown) => this.#deps.logger.warn({ error: String(error) }, 'logs could not be compared'));
      }),
      this.#deps.devices.onLearnt((records) => {
        if (records.some(({ payload }) => this.#isOwnRevocation(payload)))
          void this.#soon(() => this.#repair.compareAll());
      }),
      () => clearInterval(deadlines),
    ];
    this.#consents.load();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new NiagaError('STOPPED', 'The node is stopping.'));
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#background;
  }

  async offer(input: OfferInput, options: { signal?: AbortSignal } = {}): Promise<StepView> {
    try {
      const { seller, terms } = await firstOffer(input, this.#deps, options.signal);
      const { identity } = this.#deps;
      const draft = { heads: [], buyer: identity.trader, seller: seller.trader, terms };
      const trade = await this.#ledger.act(undefined, () => this.#sign('offer', draft), deviceToPeerId(seller.device));
      return { trade: trade.id, state: trade.state.word };
    } catch (error) {
      throw withOfferNext(error);
    }
  }

  async step(id: string, step: Step): Promise<StepView> {
    const known = this.#book.resolve(id);
    const arbiter = step.kind === 'counter' ? await this.#arbiterOf(known, step.arbiter) : undefined;
    try {
      const trade = await this.#ledger.act(known, (before) => {
        if (before === undefined) throw new NiagaError('TRADE_NOT_FOUND', 'The trade is not here.');
        return stepMessage(before, step, { sign: this.#sign, now: this.#deps.now(), arbiter });
      });
      return { trade: trade.id, state: trade.state.word };
    } catch (error) {
      throw withNext(await this.#book.read(known), error);
    }
  }

  async list({ limit, after }: { limit: number; after?: string | undefined }): Promise<Listed<TradeView>> {
    if (after !== undefined && !this.#book.rows().has(after)) {
      throw new NiagaError('USAGE', `There is no trade ${quote(after)} to go on after.`, { where: 'after' });
    }
    const rows = [...this.#book.rows()].sort(([a, x], [b, y]) => y.created - x.created || (a < b ? -1 : 1));
    const start = after === undefined ? 0 : rows.findIndex(([id]) => id === after) + 1;
    const ids = rows.slice(start).map(([id]) => id);
    return listed(ids, limit, async (id) => {
      const trade = await this.#book.read(id);
      return trade === undefined ? undefined : tradeToView(trade, this.#deps.mail.waiting(id).length);
    });
  }

  async show(id: string, language: PageLanguage = 'en'): Promise<TradeDetailView> {
    const trade = await this.#get(id);
    const { mail } = this.#deps;
    const { counterparty } = trade.row;
    const sent = new Map<string, SentState>();
    for (const { id: message } of messagesOf(trade.state)) {
      const state = await mail.stateOf(counterparty, message);
      if (state !== undefined) sent.set(message.toString(), state);
    }
    // Whoever looks at the trade has seen them; nobody waits until the others know.
    for (const author of participants(trade.row)) {
      const theirs = messagesOf(trade.state).filter(({ payload }) => equalBytes(payload.trader, author));
      const ids = theirs.map((message) => message.id);
      mail
        .read(author, ids, trade.state.trade)
        .catch((error: unknown) => this.#deps.logger.warn({ error: String(error) }, 'reading could not be noted'));
    }
    return tradeToDetail(trade, mail.waiting(trade.id).length, sent, language);
  }

  async export(id: string, options: ExportOptions = {}): Promise<{ trade: string; bytes: Uint8Array }> {
    const trade = await this.#get(id);
    const bytes = await exportEvidence(trade, { ...this.#deps, journal: this.#journal }, options);
    return { trade: trade.id, bytes };
  }

  async invoice(id: string): Promise<string> {
    const trade = await this.#get(id);
    const profiles = await profilesOf(trade.state, this.#deps);
    const names = Object.fromEntries(profiles.map(({ role, record }) => [role, record.payload.item.name]));
    try {
      return invoiceOf(trade.state, names);
    } catch (error) {
      throw withNext(trade, error);
    }
  }

  idOf(trade: string): string {
    return this.#book.resolve(trade);
  }

  logs(which: Parameters<Trades['logs']>[0]): AsyncIterable<TradeLog> {
    return logsIn(this.#book, which, this.#deps.logger);
  }

  heads(which: Parameters<Trades['heads']>[0] = {}): AsyncIterable<TradeHeads> {
    return headsIn(this.#book, which);
  }

  has(trade: string, messages: readonly CID[]): Promise<boolean> {
    return hasMessages(this.#book, trade, messages);
  }

  async open(id: string): Promise<TradeLog | undefined> {
    const trade = await this.#book.read(id);
    return trade === undefined ? undefined : logOf(trade);
  }

  async isPartner(trader: Uint8Array): Promise<boolean> {
    const own = this.#deps.identity.trader;
    for (const [id, row] of [...this.#book.rows()]) {
      if (!takesPart(row, trader)) continue;
      const state = (await unlessDamaged(this.#book.read(id)))?.state;
      if (state === undefined) continue;
      const offered = messagesOf(state).some(
        ({ payload: { kind, trader: by } }) => (kind === 'offer' || kind === 'counter') && equalBytes(by, own),
      );
      if (state.agreement !== undefined || offered) return true;
    }
    return false;
  }

  *partners(): Iterable<Uint8Array> {
    for (const row of this.#book.rows().values()) if (!row.ended && !isNegotiated(row)) yield* participants(row);
  }

  async log(id: string): Promise<(TradeLog & { readonly receipts: readonly Uint8Array[] }) | undefined> {
    const trade = await this.#book.read(id);
    if (trade === undefined) return undefined;
    const receipts: Uint8Array[] = [];
    for await (const [, bytes] of this.#journal.receipts(id)) receipts.push(bytes);
    return { ...logOf(trade), receipts };
  }

  takeCopies(messages: readonly Uint8Array[], receipts: readonly Uint8Array[], judged = false): Promise<void> {
    const deps = {
      ...this.#deps,
      book: this.#book,
      journal: this.#journal,
      ledger: this.#ledger,
      onCase: (trade: string) => this.#consentTo(trade),
    };
    return takeCopies(messages, receipts, deps, judged);
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

  /** The arbiter of a counter-offer: who is named, else who was named before. */
  async #arbiterOf(id: string, named: string | undefined): Promise<ChosenArbiter | undefined> {
    if (named !== undefined) return this.#deps.arbiters.choose(named, this.#stopping.signal);
    const trade = await this.#book.read(id);
    return trade === undefined ? undefined : sameArbiter(trade.state, this.#deps, this.#stopping.signal);
  }

  /** What comes from other traders. */
  #serve(): void {
    const { mail } = this.#deps;
    const receive = (bytes: Uint8Array, arrival: Arrival) =>
      this.#ledger.receive(bytes, arrival, (offer) => this.#intake.checkOffer(offer));
    mail.handle('trade', {
      finalCodes: FINAL_TRADE_CODES,
      take: async ({ bytes, from, receipt }) => void (await receive(bytes, { way: 'author', from, receipt })),
      receipted: ({ to, id, about, receipt }) => {
        // One receipt a message is kept: the arbiter's proves less than the other side's.
        const row = about === undefined ? undefined : this.#book.rows().get(about);
        if (about === undefined || (row !== undefined && !equalBytes(row.counterparty, to))) return [];
        return [this.#journal.putReceipt(about, id, receipt)];
      },
      repair: async ({ to, about, missing }) => {
        if (about !== undefined) await this.#repair.repair(to, about, missing);
      },
    });
    mail.handle('log', { take: async ({ bytes, from }) => void (await receive(bytes, { way: 'copy', from })) });
    mail.handle('case', {
      finalCodes: FINAL_TRADE_CODES,
      take: (parcel) => this.#takeCase(parcel),
    });
    mail.handle('heads', { take: ({ from, bytes }) => this.#repair.compared(from, bytes) });
  }

  /** A contract that names this trader as its arbiter. @throws NiagaError TRADE_ROLE, TRADER_NOT_FOUND, RATE_LIMITED, TRADER_BLOCKED, … */
  async #takeCase({ bytes, from, about, receipt }: Incoming): Promise<void> {
    const { arbiters, identity, now } = this.#deps;
    // The offer lies with the device that signed it; another one is given the case when that is away.
    const isHere = arbiters.own() !== undefined;
    if (!isHere && this.#deps.hasOthers?.() !== true)
      throw new NiagaError('TRADE_ROLE', 'This trader does not offer to be an arbiter.');
    const opened = openCase(bytes, from, identity.trader, { journal: this.#journal, now: now() });
    const id = opened.trade.toString();
    if (!this.#book.rows().has(id)) {
      this.#intake.checkTrader(from);
      // Not final: who keeps the offer may only be away.
      if (!isHere && !(await arbiters.offers(this.#stopping.signal)))
        throw new NiagaError('TRADER_NOT_FOUND', 'Nobody knows that this trader offers to be an arbiter.');
    }
    await this.#ledger.adopt(opened, { from, receipt: () => receipt(about) });
    this.#consentTo(id);
  }

  /** Whether a trade may go on by itself; a stop does not wait for others to say. */
  async #check(trade: string): Promise<void> {
    const { check } = this.#deps;
    if (check !== undefined) await unlessAborted(check(trade), this.#stopping.signal);
  }

  /** By itself, where the contract is as the own offer says. */
  #consentTo(trade: string): void {
    this.#consents.add(trade);
    void this.#soon(() => this.#consents.run(this.#stopping.signal));
  }

  #isOwnRevocation({ kind, trader }: DeviceRecord['payload']): boolean {
    return kind === 'revocation' && equalBytes(trader, this.#deps.identity.trader);
  }

  /** One after the other, and waited for at the stop; resolves once it is done. */
  #soon(task: () => Promise<void>): Promise<void> {
    this.#background = this.#background
      .then(() => (this.#ends.length === 0 ? undefined : task()))
      .catch((error: unknown) => this.#deps.logger.error({ error: String(error) }, 'work on trades failed'));
    return this.#background;
  }
}
