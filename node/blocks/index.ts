/**
 * Whom this node's owner wants to see nothing of: an own list, and lists of others that the owner subscribes to. What a blocked
 * trader sells is not shown, kept or handed out here, and offers from there are refused.
 *
 * ```ts
 * const blocks = createBlocks({ store, identity, records, network, now: Date.now, logger });
 * await blocks.start();
 * await blocks.add('z6Mk…', { reason: 'sold empty boxes' });
 * blocks.isBlocked(card.payload.trader); // true
 * await blocks.share(); // others may subscribe to the list now
 * ```
 */
import type { BlockedView, BlockListView, SharedView, SubscriptionView } from '../api/rows/blocks.js';
import type { Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import type { Store } from '../store/index.js';
import type { TraderRecords } from '../trader-records/index.js';
import { BlockService } from './service.js';

export { createFalseIndexes } from './false-indexes.js';
export type { FalseIndexes } from './false-indexes.js';

/** Which list blocks a trader. */
export interface BlockedBy {
  /** `own`, or the trader whose list it is. */
  readonly list: string;
  readonly reason?: string | undefined;
}

export interface Blocks {
  /** Reads the lists; from now on lists subscribed to are asked for every day. */
  start(): Promise<void>;
  stop(): Promise<void>;
  isBlocked(trader: Uint8Array): boolean;
  /** The list that blocks a trader, the own one first; undefined where none does. */
  blockedBy(trader: Uint8Array): BlockedBy | undefined;
  /** @throws NiagaError TRADER_BLOCKED, which says what list names the trader */
  check(trader: Uint8Array): void;
  /** Adds to the own list, or gives another reason. @throws NiagaError ID_INVALID, INPUT_INVALID for oneself, BLOCK_LIMIT */
  add(trader: string, options?: { reason?: string | undefined }): Promise<BlockedView>;
  /** @throws NiagaError ID_INVALID, TRADER_NOT_FOUND where the own list does not name the trader */
  remove(trader: string): Promise<BlockedView>;
  list(): BlockListView;
  /** Publishes the own list under the trader's key; from now on every change of it goes out by itself. */
  share(): Promise<SharedView>;
  /**
   * Takes over somebody's list, now and every day.
   * @throws NiagaError ID_INVALID, INPUT_INVALID for oneself, BLOCK_LIMIT, TRADER_NOT_FOUND where that trader shares none,
   *   PEER_UNREACHABLE
   */
  subscribe(trader: string, options?: { signal?: AbortSignal | undefined }): Promise<SubscriptionView>;
  /** @throws NiagaError ID_INVALID, TRADER_NOT_FOUND where there is no such subscription */
  unsubscribe(trader: string): Promise<SubscriptionView>;
}

export interface BlocksDeps {
  readonly store: Store;
  readonly identity: Pick<Identity, 'trader' | 'name'>;
  readonly records: Pick<TraderRecords, 'get' | 'own' | 'publish'>;
  readonly network: Pick<Network, 'on' | 'ready'>;
  readonly now: () => number;
  readonly logger: Logger;
}

export function createBlocks(deps: BlocksDeps): Blocks {
  return new BlockService(deps);
}
