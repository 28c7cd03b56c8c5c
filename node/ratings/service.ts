import { encode } from '../../protocol/cbor.js';
import { isNiagaError } from '../../protocol/errors.js';
import { equalBytes, traderToText } from '../../protocol/ids.js';
import { moneyToJson } from '../../protocol/money.js';
import type { ShownRating } from '../../protocol/trade/shown-ratings.js';
import type { RatingsView, RatingView } from '../api/rows/rating.js';
import { limited } from '../network/time-limit.js';
import type { Ratings, RatingsDeps } from './index.js';
import { ratingsOf, readShown, shownOf, type Rated } from './shown.js';

/** Whoever looks at a listing does not wait longer for what others say of its seller. */
const TIMEOUT = 5_000;
/** Trades that are looked through, the newest: what was said years ago tells little. */
const MAX_TRADES = 1_000;
/** Ratings and replies of a while go out together. */
const SHOW_DELAY = 2_000;
/** Nobody could be asked what another own device has shown, say. */
const RETRY = 60_000;

export class RatingService implements Ratings {
  readonly #deps: RatingsDeps;
  /** By trade, of those that were looked through; made when it is first needed. */
  #known: Promise<Map<string, readonly Rated[]>> | undefined;
  #off: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #showing: Promise<void> = Promise.resolve();

  constructor(deps: RatingsDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    if (this.#off !== undefined) return;
    const { trades, logger } = this.#deps;
    this.#off = trades.onChange(({ trade }) => {
      this.#refresh(trade).catch((error: unknown) =>
        logger.warn({ error: String(error) }, 'ratings of a trade could not be read'),
      );
    });
    // What came just before the last end may not have been shown.
    this.#showSoon();
  }

  async stop(): Promise<void> {
    this.#off?.();
    this.#off = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#showing;
    this.#known = undefined;
  }

  async about(
    trader: Uint8Array,
    { limit, signal }: { readonly limit: number; readonly signal?: AbortSignal | undefined },
  ): Promise<RatingsView> {
    const [here, shown] = await Promise.all([this.#here(trader), this.#shownBy(trader, signal)]);
    signal?.throwIfAborted();
    const views = [
      ...here.map((one) => viewOf(one, 'here')),
      ...without(shown ?? [], here).map((one) => viewOf(one, 'trader')),
    ].sort((a, b) => b.time - a.time);
    const stars = [1, 2, 3, 4, 5].map((star) => views.filter((view) => view.stars === star).length);
    const sum = views.reduce((total, view) => total + view.stars, 0);
    return {
      trader: traderToText(trader),
      answered: shown !== undefined,
      count: views.length,
      traders: new Set(views.map(({ by }) => by)).size,
      average: views.length === 0 ? null : Math.round((100 * sum) / views.length) / 100,
      stars,
      ratings: views.slice(0, limit),
    };
  }

  /** From the trades on this node, the newest first. */
  async #here(rated: Uint8Array): Promise<Rated[]> {
    this.#known ??= this.#read().catch((error: unknown) => {
      this.#known = undefined;
      throw error;
    });
    const all = [...(await this.#known).values()].flat().filter((one) => equalBytes(one.rated, rated));
    return all.sort(newestFirst);
  }

  async #read(): Promise<Map<string, readonly Rated[]>> {
    const known = new Map<string, readonly Rated[]>();
    for await (const log of this.#deps.trades.logs({ ended: true, newest: MAX_TRADES })) {
      const found = ratingsOf(log);
      if (found.length > 0) known.set(log.trade.toString(), found);
    }
    return known;
  }

  async #refresh(trade: string): Promise<void> {
    const log = await this.#deps.trades.open(trade);
    const found = log === undefined ? [] : ratingsOf(log);
    if (found.length === 0) return;
    const known = await this.#known;
    known?.set(trade, found);
    if (found.some(({ rated }) => equalBytes(rated, this.#deps.identity.trader))) this.#showSoon();
  }

  #showSoon(delay = SHOW_DELAY): void {
    if (this.#off === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#showing = this.#showing
        .then(() => this.#show())
        .catch((error: unknown) => {
          this.#deps.logger.warn({ error: String(error) }, 'ratings could not be shown');
          this.#showSoon(RETRY);
        });
    }, delay).unref();
  }

  /** Others find what this trader was rated while it sleeps; what it showed before and has no log of any more stays. */
  async #show(): Promise<void> {
    const { identity, traderRecords, mayWrite } = this.#deps;
    if (!mayWrite()) return this.#showSoon(RETRY);
    const before = traderRecords.own('ratings')?.payload.item.ratings ?? [];
    const here = await this.#here(identity.trader);
    const all = [...here, ...without(this.#verified(before, identity.trader), here)].sort(newestFirst);
    const ratings = shownOf(all);
    if (equalBytes(encode(ratings), encode(before))) return;
    await traderRecords.publish('ratings', { ratings });
  }

  /** What the trader shows; undefined where nobody answered who would know. @throws the signal's reason */
  async #shownBy(trader: Uint8Array, signal: AbortSignal | undefined): Promise<Rated[] | undefined> {
    const { traderRecords, logger } = this.#deps;
    try {
      return await limited(TIMEOUT, [signal], async (until) => {
        const record = await traderRecords.get(trader, 'ratings', { signal: until });
        return this.#verified(record?.payload.item.ratings ?? [], trader);
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (!isNiagaError(error) && !(error instanceof DOMException)) throw error;
      logger.debug({ error: String(error) }, 'nobody gave the ratings of a trader');
      return undefined;
    }
  }

  /** Each trade and side once. */
  #verified(shown: readonly ShownRating[], trader: Uint8Array): Rated[] {
    const found = new Map<string, Rated>();
    for (const one of shown) {
      try {
        const rated = readShown(one, trader, this.#deps);
        found.set(keyOf(rated), rated);
      } catch (error) {
        if (!isNiagaError(error)) throw error;
        this.#deps.onRefused(error.code);
      }
    }
    return [...found.values()];
  }
}

function newestFirst(a: Rated, b: Rated): number {
  return b.rating.payload.created - a.rating.payload.created;
}

/** One rating a side and trade: what the log here says counts. */
function without(ratings: readonly Rated[], known: readonly Rated[]): Rated[] {
  const keys = new Set(known.map(keyOf));
  return ratings.filter((one) => !keys.has(keyOf(one)));
}

function keyOf({ trade, role }: Rated): string {
  return `${trade.toString()}/${role}`;
}

function viewOf({ trade, role, rating, bond, reply }: Rated, source: RatingView['source']): RatingView {
  const { trader, stars, text, created } = rating.payload;
  return {
    trade: trade.toString(),
    by: traderToText(trader),
    role,
    stars,
    ...(text === undefined ? {} : { text }),
    time: created,
    ...(reply === undefined ? {} : { reply: { text: reply.payload.text, time: reply.payload.created } }),
    ...(bond?.payload.kind === 'payment-seen' ? { paid: moneyToJson(bond.payload.amount) } : {}),
    source,
  };
}
