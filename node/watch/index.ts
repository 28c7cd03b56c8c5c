/**
 * Standing queries: searches that are kept and asked again every few minutes. What comes to match, costs less than before or is back
 * in stock is told as an event.
 *
 * ```ts
 * const watches = createWatches({ store, search, events, trader: identity.trader, now: Date.now, logger });
 * await watches.start();
 * const { watch } = await watches.add({ words: ['kopi', 'gayo'], maxPrice: '90000 IDR' });
 * events.on(({ type, data }) => type === 'watch-match' && data.watch === watch && console.log(data.title));
 * ```
 */
import type { WatchView } from '../api/rows/watch.js';
import type { Events } from '../events/index.js';
import type { Logger } from '../logger.js';
import type { Search, SearchInput } from '../search/index.js';
import type { Store } from '../store/index.js';
import { WatchService } from './service.js';

/** What is watched for: words, all of which a listing must have, and the filters of a search. */
export type WatchInput = Pick<
  SearchInput,
  | 'words'
  | 'minPrice'
  | 'maxPrice'
  | 'currency'
  | 'category'
  | 'kind'
  | 'condition'
  | 'place'
  | 'shipsTo'
  | 'inStock'
  | 'seller'
>;

export interface Watches {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Keeps a search, and asks it at once: what matches already is not told one by one. The same search again is the watch that there
   * is.
   * @throws NiagaError WATCH_LIMIT; QUERY_…, MONEY_INVALID, CURRENCY_UNKNOWN, ID_INVALID as a search
   */
  add(input: WatchInput, options?: { signal?: AbortSignal | undefined }): Promise<WatchView>;
  /** The newest first. @throws NiagaError WATCH_NOT_FOUND for an `after` that is not there */
  list(page: { limit: number; after?: string | undefined }): WatchView[];
  /** @throws NiagaError WATCH_NOT_FOUND */
  remove(watch: string): Promise<WatchView>;
}

export interface WatchesDeps {
  readonly store: Store;
  readonly search: Pick<Search, 'changes'>;
  readonly events: Pick<Events, 'stage'>;
  /** The own key: own listings are not told. */
  readonly trader: Uint8Array;
  readonly now: () => number;
  readonly logger: Logger;
  /** Milliseconds between two questions of one watch. Default `WATCH_INTERVAL` (service.ts). */
  readonly interval?: number | undefined;
}

export function createWatches(deps: WatchesDeps): Watches {
  return new WatchService(deps);
}
