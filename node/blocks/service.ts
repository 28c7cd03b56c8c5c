import { NiagaError } from '../../protocol/errors.js';
import { equalBytes, parseTrader, traderToText } from '../../protocol/ids.js';
import type { BlockedView, BlockListView, SharedView, SubscriptionView } from '../api/rows/blocks.js';
import { hex } from '../bytes.js';
import { createMutex } from '../concurrency.js';
import { cborCodec, type Table } from '../store/index.js';
import type { BlockedBy, Blocks, BlocksDeps } from './index.js';
import { MAX_LIST, Subscriptions } from './subscriptions.js';

const minute = 60 * 1000;
const DAY = 24 * 60 * minute;
/** Lists change slowly, and asking for one is ten questions. */
export const REFRESH = DAY;
/** After a start the first search comes before this; the lists of last time count until then. */
const FIRST_REFRESH = 5_000;
const CHECK = 10 * minute;
/** Several changes of the own list at once go out as one. */
const SHARE_DELAY = 1_000;

interface Row {
  readonly since: number;
  readonly reason?: string;
}

export class BlockService implements Blocks {
  readonly #deps: BlocksDeps;
  readonly #table: Table<Row>;
  /** The own list, by the trader's key in text. */
  readonly #own = new Map<string, Row>();
  readonly #subscriptions: Subscriptions;
  /** All that are blocked, by key in hexadecimal. */
  #blocked: ReadonlyMap<string, BlockedBy> = new Map();
  readonly #lock = createMutex();
  #ends: (() => void)[] = [];
  #stopping = new AbortController();
  #sharing: NodeJS.Timeout | undefined;
  #work: Promise<unknown> = Promise.resolve();

  constructor(deps: BlocksDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('blocks', cborCodec<Row>());
    this.#subscriptions = new Subscriptions(deps);
  }

  async start(): Promise<void> {
    if (this.#ends.length > 0) return;
    this.#stopping = new AbortController();
    this.#own.clear();
    for await (const [trader, row] of this.#table.range({ limit: MAX_LIST })) this.#own.set(trader, row);
    await this.#subscriptions.load();
    this.#gather();
    const first = setTimeout(() => this.#refresh(), FIRST_REFRESH).unref();
    const timer = setInterval(() => this.#refresh(), CHECK).unref();
    this.#ends = [() => clearTimeout(first), () => clearInterval(timer), () => clearTimeout(this.#sharing)];
    // A change that was made just before the last stop may not have gone out.
    this.#shareSoon();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#sharing = undefined;
    await this.#work;
  }

  isBlocked(trader: Uint8Array): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(hex(trader));
  }

  blockedBy(trader: Uint8Array): BlockedBy | undefined {
    return this.#blocked.get(hex(trader));
  }

  check(trader: Uint8Array): void {
    const by = this.blockedBy(trader);
    if (by === undefined) return;
    const why = by.reason === undefined ? '' : ` (${by.reason})`;
    const own = by.list === 'own';
    throw new NiagaError(
      'TRADER_BLOCKED',
      own
        ? `You block that trader${why}.`
        : `The block list of ${by.list}, which you subscribe to, names that trader${why}.`,
      {
        next: own
          ? `Take the trader off your list with: niaga block remove ${traderToText(trader)}`
          : `Stop using that list with: niaga block unsubscribe ${by.list}`,
      },
    );
  }

  async add(text: string, { reason }: { reason?: string | undefined } = {}): Promise<BlockedView> {
    const trader = this.#other(text);
    const before = this.#own.get(trader);
    if (before === undefined && this.#own.size >= MAX_LIST)
      throw new NiagaError('BLOCK_LIMIT', `Your block list names ${MAX_LIST} traders, which is as many as it can.`);
    const kept = reason === undefined || reason === '' ? before?.reason : reason;
    const row = { since: before?.since ?? this.#deps.now(), ...(kept === undefined ? {} : { reason: kept }) };
    await this.#deps.store.write([this.#table.put(trader, row)]);
    this.#own.set(trader, row);
    this.#changed();
    return { trader, ...row };
  }

  async remove(text: string): Promise<BlockedView> {
    const trader = this.#other(text);
    const row = this.#own.get(trader);
    if (row === undefined) {
      throw new NiagaError('TRADER_NOT_FOUND', 'Your own block list does not name that trader.', {
        next: 'See it with: niaga block list',
      });
    }
    await this.#deps.store.write([this.#table.del(trader)]);
    this.#own.delete(trader);
    this.#changed();
    return { trader, ...row };
  }

  list(): BlockListView {
    return {
      shared: this.#deps.records.own('block-list') !== undefined,
      traders: [...this.#own].map(([trader, row]) => ({ trader, ...row })),
      subscriptions: this.#subscriptions.views(),
    };
  }

  share(): Promise<SharedView> {
    return this.#lock(async () => {
      const { records, identity } = this.#deps;
      const traders = this.#entries();
      const { replicas } = await records.publish('block-list', {
        traders,
        ...(identity.name === '' ? {} : { name: identity.name }),
      });
      return { trader: traderToText(identity.trader), traders: traders.length, replicas };
    });
  }

  async subscribe(text: string, options: { signal?: AbortSignal | undefined } = {}): Promise<SubscriptionView> {
    const view = await this.#subscriptions.add(this.#other(text), options.signal);
    this.#gather();
    return view;
  }

  async unsubscribe(text: string): Promise<SubscriptionView> {
    const view = await this.#subscriptions.remove(this.#other(text));
    this.#gather();
    return view;
  }

  /** The key in its one form. @throws NiagaError ID_INVALID, INPUT_INVALID for the own key */
  #other(text: string): string {
    const trader = parseTrader(text, 'trader');
    if (equalBytes(trader, this.#deps.identity.trader))
      throw new NiagaError('INPUT_INVALID', 'That is your own key.', { where: 'trader' });
    return traderToText(trader);
  }

  #changed(): void {
    this.#gather();
    this.#shareSoon();
  }

  /** The own list is asked first: what it says is shown where several name a trader. */
  #gather(): void {
    const blocked = new Map<string, BlockedBy>();
    for (const { list, trader, reason } of this.#subscriptions.entries()) {
      // Nobody else's list makes one's own goods vanish.
      if (equalBytes(trader, this.#deps.identity.trader) || blocked.has(hex(trader))) continue;
      blocked.set(hex(trader), { list, reason });
    }
    for (const [trader, { reason }] of this.#own) blocked.set(hex(parseTrader(trader)), { list: 'own', reason });
    this.#blocked = blocked;
  }

  #entries(): { trader: Uint8Array; since: number; reason?: string }[] {
    return [...this.#own].map(([trader, row]) => ({ trader: parseTrader(trader), ...row }));
  }

  /** A list that was shared once is shared as it is now. */
  #shareSoon(): void {
    if (this.#isUpToDate() || this.#sharing !== undefined || this.#stopping.signal.aborted) return;
    this.#sharing = setTimeout(() => {
      this.#sharing = undefined;
      this.#inBackground(async () => {
        if (!this.#isUpToDate()) await this.share();
      }, 'the changed block list could not be brought out');
    }, SHARE_DELAY).unref();
  }

  /** Whether what others have is what the own list says, or nothing was ever shared. */
  #isUpToDate(): boolean {
    const shared = this.#deps.records.own('block-list')?.payload.item.traders;
    if (shared === undefined) return true;
    const text = (traders: readonly { trader: Uint8Array; reason?: string | undefined }[]): string =>
      traders
        .map(({ trader, reason }) => `${hex(trader)} ${reason ?? ''}`)
        .sort()
        .join('\n');
    return text(shared) === text(this.#entries());
  }

  #refresh(): void {
    const { now } = this.#deps;
    this.#inBackground(async () => {
      // What was checked far ahead was checked before the clock was set back.
      const isDue = (checked: number): boolean => Math.abs(now() - checked) >= REFRESH;
      await this.#subscriptions.refresh(isDue, this.#stopping.signal);
      this.#gather();
    }, 'block lists could not be asked for');
  }

  #inBackground(task: () => Promise<void>, failed: string): void {
    this.#work = this.#work.then(async () => {
      if (this.#stopping.signal.aborted) return;
      try {
        await task();
      } catch (error) {
        if (!this.#stopping.signal.aborted) this.#deps.logger.warn({ error: String(error) }, failed);
      }
    });
  }
}
