import type { CID } from 'multiformats/cid';
import { CARDS_METHOD, cardsAnswerSchema, MAX_ANSWERS, writeBody } from '../index/wire.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import { MAX_RESPONSE } from './asker.js';
import type { Harvest } from './harvest.js';
import { readAnswer } from './read-answer.js';

/** Milliseconds for asking whether hits have ended: whoever answered a moment ago answers at once. */
const DOUBT_TIME = 400;
/** Fetching by id gets this many milliseconds even when the deadline is near. */
const LEAST_TIME = 50;

interface FetchOptions {
  readonly network: Pick<Network, 'request' | 'misbehaved'>;
  readonly logger: Logger;
  readonly timeLeft: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks of what is to be shown, and not all name who should, whether it has ended; and the same of what takes the place of what has.
 * @param shown ids of what is to be shown, as known when it is called
 */
export async function settleDoubts(
  harvest: Harvest,
  shown: () => readonly string[],
  { timeLeft, ...options }: FetchOptions,
): Promise<void> {
  const end = performance.now() + Math.min(timeLeft, DOUBT_TIME);
  for (;;) {
    const { changed, toAsk } = harvest.doubt(shown());
    const left = end - performance.now();
    if (toAsk.size > 0 && left > 0) await fetchCards(harvest, toAsk, { ...options, timeLeft: left });
    else if (!changed) return;
  }
}

/** Fetches cards that so far are only known by id, from those who said to have them; what does not come is left out. */
export async function fetchCards(
  harvest: Harvest,
  wanted: ReadonlyMap<string, readonly CID[]>,
  options: FetchOptions,
): Promise<void> {
  const { network, logger, signal } = options;
  const timeout = Math.max(LEAST_TIME, options.timeLeft);
  const batches = [...wanted].flatMap(([peer, listings]) =>
    inBatches(listings, MAX_ANSWERS).map((batch) => [peer, batch] as const),
  );
  await Promise.all(
    batches.map(async ([peer, listings]) => {
      try {
        const requestOptions = { timeout, retry: true, maxResponse: MAX_RESPONSE, signal };
        const bytes = await network.request(peer, CARDS_METHOD, writeBody({ listings }), requestOptions);
        harvest.takeCards(readAnswer(network, { peer, method: CARDS_METHOD, schema: cardsAnswerSchema }, bytes));
      } catch (error) {
        signal?.throwIfAborted();
        logger.debug({ peer, error: String(error) }, 'cards could not be fetched');
      }
    }),
  );
}

function inBatches<T>(all: readonly T[], size: number): T[][] {
  const batches: T[][] = [];
  for (let start = 0; start < all.length; start += size) batches.push(all.slice(start, start + size));
  return batches;
}
