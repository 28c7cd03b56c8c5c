import { isNiagaError } from '../../protocol/errors.js';
import { CARDS_METHOD, cardsAnswerSchema, MAX_ANSWERS, type CardsAnswer, type WantedCards } from '../index/wire.js';
import type { Logger } from '../logger.js';
import { readAnswer, writeBody } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import { GRACE, HEDGE_AFTER } from './ask.js';
import { MAX_RESPONSE } from './ask-node.js';
import type { Harvest } from './harvest.js';
import type { Latecomers } from './latecomers.js';

/** Milliseconds for asking whether hits have ended: whoever answered a moment ago answers at once. */
export const DOUBT_TIME = 1_000;
/** Fetching by id gets this many milliseconds even when the deadline is near. */
const LEAST_TIME = 50;
/**
 * What takes the place of hits that have ended is doubted in its turn, of each round twice as many: with eight, more than one
 * answer can name, also where one hit is to be shown.
 */
const DOUBT_ROUNDS = 8;
/** For listings of which nothing is known those are waited for too who were late before, as long as a search does; for others not. */
const PATIENCE = HEDGE_AFTER + GRACE;

interface FetcherDeps {
  readonly network: Pick<Network, 'request' | 'misbehaved'>;
  readonly logger: Logger;
  readonly latecomers: Latecomers;
}

interface FetchOptions {
  /** Milliseconds for all of it. */
  readonly timeLeft: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks nodes for cards by id. */
export class Fetcher {
  readonly #deps: FetcherDeps;

  constructor(deps: FetcherDeps) {
    this.#deps = deps;
  }

  /**
   * Asks of what is to be shown, and not all name who should, whether it has ended; and the same of what takes the place of what has.
   * Where a forged card stood for the true one, that is asked for too.
   * Each round has half of the time that is left, for one that nobody answers must not be the last.
   * @param shown ids of what is to be shown, as known when it is called, and of what stands behind it: so many times as much in all
   */
  async settleDoubts(
    harvest: Harvest,
    shown: (times: number) => readonly string[],
    { timeLeft, signal }: FetchOptions,
  ): Promise<void> {
    const end = performance.now() + timeLeft;
    for (let round = 0; round < DOUBT_ROUNDS; round++) {
      const { changed, toAsk } = harvest.doubt(shown(2 ** round));
      const { revision } = harvest;
      const timeLeft = (end - performance.now()) / 2;
      const wanted = [toAsk, harvest.toReplace()].filter(({ size }) => size > 0);
      await Promise.all(wanted.map((some) => this.fetch(harvest, some, { timeLeft, signal })));
      if (!changed && harvest.revision === revision) return;
    }
    shown(1);
  }

  /** Fetches cards that so far are only known by id, from those who said to have them; what does not come is left out. */
  async fetch(
    harvest: Harvest,
    wanted: ReadonlyMap<string, WantedCards>,
    { timeLeft, signal }: FetchOptions,
  ): Promise<void> {
    const { latecomers } = this.#deps;
    await Promise.all(
      [...wanted].map(([peer, listings]) => {
        const patience = listings.some(([, seq]) => seq < 0) ? PATIENCE : LEAST_TIME;
        const time = latecomers.has(peer) ? Math.min(timeLeft, patience) : timeLeft;
        return this.#ask(harvest, { peer, listings }, { timeLeft: time, signal });
      }),
    );
    signal?.throwIfAborted();
  }

  async #ask(
    harvest: Harvest,
    { peer, listings }: { readonly peer: string; readonly listings: WantedCards },
    { timeLeft, signal }: FetchOptions,
  ): Promise<void> {
    const { network, logger, latecomers } = this.#deps;
    const timeout = Math.max(LEAST_TIME, timeLeft);
    const begun = performance.now();
    const options = { timeout, retry: true, maxResponse: MAX_RESPONSE, signal };
    const wanted = new Set(listings.map(([id]) => id.toString()));
    await Promise.all(
      inBatches(listings, MAX_ANSWERS).map(async (batch) => {
        try {
          const bytes = await network.request(peer, CARDS_METHOD, writeBody({ listings: batch }), options);
          if (performance.now() - begun < HEDGE_AFTER) latecomers.inTime(peer);
          const expected = { peer, method: CARDS_METHOD, schema: cardsAnswerSchema, fits: answersTo(batch) };
          const answer = readAnswer(network, expected, bytes);
          harvest.takeCards(peer, answer, wanted);
        } catch (error) {
          if (signal?.aborted === true) return;
          if (isNiagaError(error, 'TIMED_OUT') && timeout >= HEDGE_AFTER) latecomers.late(peer);
          logger.debug({ peer, error: String(error) }, 'cards could not be fetched');
        }
      }),
    );
  }
}

/** Of each listing there is one card at most, and one end. */
function answersTo(asked: WantedCards): (answer: CardsAnswer) => boolean {
  return ({ cards, ends }) => cards.length <= asked.length && ends.length <= asked.length;
}

function inBatches<T>(all: readonly T[], size: number): T[][] {
  const batches: T[][] = [];
  for (let start = 0; start < all.length; start += size) batches.push(all.slice(start, start + size));
  return batches;
}
