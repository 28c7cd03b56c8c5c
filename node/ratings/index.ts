/**
 * What traders say of each other after trades: what a trader was rated stands in a record of its own, with proof that both sides were in
 * the trade, which others find while it sleeps.
 *
 * ```ts
 * const ratings = createRatings({ networkName: 'main', identity, devices, traderRecords, trades, mayWrite, verify, now: Date.now, logger, onRefused });
 * await ratings.start();
 * const { count, average } = await ratings.about(parseTrader('z6Mk…'), { limit: 20 });
 * ```
 */
import type { Verify } from '../../protocol/record.js';
import type { RatingsView } from '../api/rows/rating.js';
import type { DeviceBook, Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { TraderRecords } from '../trader-records/index.js';
import type { Trades } from '../trades/index.js';
import { RatingService } from './service.js';

export interface Ratings {
  /** Shows others what this trader was rated, from now on. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Ratings of a trader by those who traded with it, from the trades on this node and from what the trader shows.
   * @param options.limit so many are given; all are counted
   * @throws the signal's reason
   */
  about(
    trader: Uint8Array,
    options: { readonly limit: number; readonly signal?: AbortSignal | undefined },
  ): Promise<RatingsView>;
}

export interface RatingsDeps {
  readonly networkName: string;
  readonly identity: Pick<Identity, 'trader'>;
  /** Which devices may still sign for their traders. */
  readonly devices: Pick<DeviceBook, 'isRevoked'>;
  readonly traderRecords: Pick<TraderRecords, 'get' | 'own' | 'publish'>;
  readonly trades: Pick<Trades, 'logs' | 'open' | 'onChange'>;
  /** Whether this device writes for the trader: only one says what the trader shows. */
  readonly mayWrite: () => boolean;
  readonly verify: Verify;
  readonly now: () => number;
  readonly logger: Logger;
  /** Told of each refusal, for the counters. */
  readonly onRefused: (code: string) => void;
}

export function createRatings(deps: RatingsDeps): Ratings {
  return new RatingService(deps);
}
