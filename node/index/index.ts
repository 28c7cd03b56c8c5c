/**
 * This node's share of the network's index: the cards that it keeps for others, answering questions about them, and
 * bringing cards to the nodes that keep them.
 *
 * ```ts
 * const index = createIndex({ store, network, networkName: 'main', identity, delegations, verify, now: Date.now, logger, onRefused });
 * await index.start();
 * const [placed] = await index.publish([{ bytes: card.bytes, keys: cardKeys(card.payload) }]);
 * console.log(placed.replicas);
 * ```
 */
import type { Verify } from '../../protocol/record.js';
import type { DelegationBook, Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import type { Store } from '../store/index.js';
import { IndexService } from './service.js';
import type { Placed, Posting } from './publisher.js';

export type { Placed, Posting } from './publisher.js';

export interface IndexDeps {
  readonly store: Store;
  readonly network: Network;
  readonly networkName: string;
  readonly identity: Identity;
  readonly delegations: DelegationBook;
  readonly verify: Verify;
  readonly now: () => number;
  readonly logger: Logger;
  /** Told of each refusal, for the counters. */
  readonly onRefused: (code: string) => void;
}

export interface Index {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Cards kept here. */
  count(): number;
  /** In how many of the cards kept here each of these terms stands, and how many cards there are: a first idea of rarity. */
  statistics(terms: readonly string[]): { documents: number; df: Map<string, number> };
  /** Brings cards and tombstones to the nodes responsible for their keys. @throws the signal's reason */
  publish(postings: readonly Posting[], signal?: AbortSignal): Promise<Placed[]>;
}

export function createIndex(deps: IndexDeps): Index {
  return new IndexService(deps);
}
