import { isNiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes, traderToText } from '../../protocol/ids.js';
import { moneyToJson } from '../../protocol/money.js';
import type { RatingsView, RatingView } from '../api/rows/rating.js';
import { readBody, writeBody } from '../index/wire.js';
import { limited } from '../network/time-limit.js';
import type { Ratings, RatingsDeps } from './index.js';
import {
  answerSchema,
  askSchema,
  MAX_ANSWER,
  RATINGS_METHOD,
  ratingsOf,
  readShown,
  shownOf,
  type Rated,
} from './shown.js';

/** Whoever looks at a listing does not wait longer for what others say of its seller. */
const TIMEOUT = 5_000;
/** A device of the trader that hangs leaves time to show what another one answered. */
const REQUEST_TIMEOUT = 3_000;
/** Trades that are looked through, the newest: what was said years ago tells little. */
const MAX_TRADES = 1_000;
/** Answers made side by side: each may be a few hundred kilobytes. */
const CONCURRENT = 4;

export class RatingService implements Ratings {
  readonly #deps: RatingsDeps;
  /** By trade, of those that were looked through; made when it is first needed. */
  #known: Promise<Map<string, readonly Rated[]>> | undefined;
  #off: (() => void) | undefined;
  #serving = false;

  constructor(deps: RatingsDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    if (this.#off !== undefined) return;
    const { trades, network, identity, logger } = this.#deps;
    this.#off = trades.onChange(({ trade }) => {
      this.#refresh(trade).catch((error: unknown) =>
        logger.warn({ error: String(error) }, 'ratings of a trade could not be read'),
      );
    });
    if (this.#serving) return;
    this.#serving = true;
    network.handle(
      RATINGS_METHOD,
      async (body) => {
        const { trader } = readBody(askSchema, body, RATINGS_METHOD);
        const own = equalBytes(trader, identity.trader) ? await this.#here(trader) : [];
        return writeBody(shownOf(own));
      },
      { maxConcurrent: CONCURRENT },
    );
  }

  async stop(): Promise<void> {
    this.#off?.();
    this.#off = undefined;
    this.#known = undefined;
  }

  async about(
    trader: Uint8Array,
    { limit, signal }: { readonly limit: number; readonly signal?: AbortSignal | undefined },
  ): Promise<RatingsView> {
    const isOwn = equalBytes(trader, this.#deps.identity.trader);
    const [here, shown] = await Promise.all([this.#here(trader), isOwn ? [] : this.#shownBy(trader, signal)]);
    signal?.throwIfAborted();
    // One rating a side and trade: what the log here says counts.
    const known = new Set(here.map(keyOf));
    const others = new Map((shown ?? []).map((one) => [keyOf(one), one]));
    const views = [
      ...here.map((one) => viewOf(one, 'here')),
      ...[...others].filter(([key]) => !known.has(key)).map(([, one]) => viewOf(one, 'trader')),
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
    return all.sort((a, b) => b.rating.payload.created - a.rating.payload.created);
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
    const known = await this.#known;
    const log = known && (await this.#deps.trades.open(trade));
    if (known === undefined || log === undefined) return;
    const found = ratingsOf(log);
    if (found.length > 0) known.set(trade, found);
  }

  /** What the trader's own nodes show; undefined where none answers. @throws the signal's reason */
  async #shownBy(trader: Uint8Array, signal: AbortSignal | undefined): Promise<Rated[] | undefined> {
    const { network, logger } = this.#deps;
    try {
      return await limited(TIMEOUT, [signal], async (until) => {
        const answers = (await this.#peersOf(trader, until)).map(async (peer) => {
          const options = { timeout: REQUEST_TIMEOUT, maxResponse: MAX_ANSWER, retry: true, signal: until };
          const body = await network.request(peer, RATINGS_METHOD, writeBody({ trader }), options);
          return readBody(answerSchema, body, `answer to ${RATINGS_METHOD}`).ratings;
        });
        const given = await Promise.allSettled(answers);
        const answered = given.filter((one) => one.status === 'fulfilled');
        if (answered.length === 0) return undefined;
        return answered.flatMap(({ value }) => value.flatMap((one) => this.#verified(one, trader)));
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (!isNiagaError(error) && !(error instanceof DOMException)) throw error;
      logger.debug({ error: String(error) }, 'a trader did not show its ratings');
      return undefined;
    }
  }

  /** Its devices as far as they are known here: the one that signed its profile, and the one that writes. */
  async #peersOf(trader: Uint8Array, signal: AbortSignal): Promise<string[]> {
    const { traderRecords, devices, network } = this.#deps;
    const profile = await traderRecords.get(trader, 'profile', { signal });
    const known = [devices.writerOf(trader)?.payload.holder, profile?.payload.device];
    const peers = known.flatMap((device) => (device === undefined ? [] : [deviceToPeerId(device)]));
    return [...new Set(peers)].filter((peer) => peer !== network.peerId);
  }

  #verified(shown: Parameters<typeof readShown>[0], trader: Uint8Array): Rated[] {
    try {
      return [readShown(shown, trader, this.#deps)];
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      this.#deps.onRefused(error.code);
      return [];
    }
  }
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
