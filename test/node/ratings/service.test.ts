import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRatings, type RatingsDeps } from '../../../node/ratings/index.js';
import { ratingsOf, shownOf } from '../../../node/ratings/shown.js';
import type { TradeLog } from '../../../node/trades/index.js';
import { verifySignature } from '../../../protocol/ed25519.js';
import type { ShownRating } from '../../../protocol/trade/shown-ratings.js';
import { PATIENCE } from '../../support/patience.js';
import { BEGIN, NETWORK, seller } from '../trades/log.js';
import { told } from './told.js';

const LIMIT = { limit: 20 };
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A seller with these trades, and what it showed before. */
async function shop(logs: TradeLog[], before?: readonly ShownRating[], mayWrite = true) {
  let record = before && { payload: { item: { ratings: [...before] } } };
  let changed: (trade: { trade: string }) => void = () => undefined;
  const published: (readonly ShownRating[])[] = [];
  const deps = {
    networkName: NETWORK,
    identity: { trader: seller.trader },
    devices: { isRevoked: () => false },
    traderRecords: {
      own: () => record,
      get: () => Promise.resolve(record),
      publish: (_: 'ratings', item: { ratings: readonly ShownRating[] }) => {
        record = { payload: { item: { ratings: [...item.ratings] } } };
        published.push(item.ratings);
        return Promise.resolve({ record, replicas: 1 });
      },
    },
    trades: {
      logs: async function* () {
        yield* logs;
      },
      open: (trade: string) => Promise.resolve(logs.find((log) => log.trade.toString() === trade)),
      onChange: (listener: typeof changed) => ((changed = listener), () => (changed = () => undefined)),
    },
    mayWrite: () => mayWrite,
    verify: verifySignature,
    now: () => BEGIN + 60_000,
    logger: pino({ level: 'silent' }),
    onRefused: () => undefined,
  };
  const ratings = createRatings(deps as unknown as RatingsDeps);
  await ratings.start();
  ends.push(() => ratings.stop());
  const rate = (log: TradeLog): void => {
    logs.push(log);
    changed({ trade: log.trade.toString() });
  };
  return { ratings, published, rate };
}

const shownOfSeller = (log: TradeLog): ShownRating[] =>
  shownOf(ratingsOf(log).filter(({ rated }) => rated === seller.trader));

describe('what a trader was rated', () => {
  const [one, other] = [told(BEGIN), told(BEGIN + 1_000)];

  it('stands in its record soon after, what came before it too', async () => {
    const { published, rate } = await shop([one.log]);
    await vi.waitFor(() => expect(published).toEqual([shownOfSeller(one.log)]), PATIENCE);
    rate(other.log);
    const both = [...shownOfSeller(other.log), ...shownOfSeller(one.log)];
    await vi.waitFor(() => expect(published.at(-1)).toEqual(both), PATIENCE);
  });

  it('stays in its record when the trade is known here no more', async () => {
    const { published, ratings, rate } = await shop([], shownOfSeller(one.log));
    rate(other.log);
    await vi.waitFor(() => expect(published.at(-1)).toHaveLength(2), PATIENCE);
    expect(await ratings.about(seller.trader, LIMIT)).toMatchObject({ count: 2, average: 4 });
  });

  it('is said by no device but the one that writes, and not again where nothing is new', async () => {
    vi.useFakeTimers();
    try {
      const shops = [
        await shop([one.log], undefined, false),
        await shop([one.log], shownOfSeller(one.log)),
        await shop([]),
      ];
      await vi.advanceTimersByTimeAsync(120_000);
      expect(shops.map(({ published }) => published)).toEqual([[], [], []]);
    } finally {
      vi.useRealTimers();
    }
  });
});
