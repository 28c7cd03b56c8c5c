/**
 * This node's share of the network's index: the cards that it keeps for others, answering questions about them, and
 * bringing cards to the nodes that keep them.
 *
 * ```ts
 * const index = createIndex({ store, network, networkName: 'main', identity, delegations, verify, now: Date.now, logger, onRefused });
 * await index.start();
 * const placed = await index.outlet.post({ listing, bytes: card.bytes, keys: cardKeys(card.payload) }).settled;
 * console.log(placed.replicas, placed.quorum);
 * ```
 */
import type { Card, Delta } from '../../protocol/catalog/card.js';
import type { SignedRecord, Verify } from '../../protocol/record.js';
import type { DelegationBook, Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import type { Store } from '../store/index.js';
import type { HandoverOptions } from './handover-options.js';
import { IndexService } from './service.js';
import type { Outlet } from './outlet.js';

export type { OfferedRecord } from './offerer.js';
export type { Outlet } from './outlet.js';
export type { Placed, Placement, Posting } from './placement.js';
export type { LeasedCard, OwnLease, Refreshed } from './refresher.js';

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
  /** Traders of whom nothing is kept and nothing handed out, for a trader's key. Default: nobody. */
  readonly isBlocked?: ((trader: Uint8Array) => boolean) | undefined;
  /** Cards that are known to be of another thing than their listing, by the listing's id and the card's seq. Default: none. */
  readonly isFalse?: ((listing: string, seq: number) => boolean) | undefined;
  /** Cards and ends kept for the network. Default `MAX_CARDS` (held/quotas.ts). */
  readonly maxCards?: number | undefined;
  /** How neighbours are watched and cards handed over; false: not at all. Defaults: handover-options.ts. */
  readonly handover?: Partial<HandoverOptions> | false | undefined;
}

/** What is known here of a listing. */
export interface HeldRecord {
  readonly card: SignedRecord<Card>;
  /** A later change of price or availability. */
  readonly delta?: SignedRecord<Delta> | undefined;
  /** Milliseconds UTC until which it stands: by itself, or by its seller's lease. */
  readonly until: number;
}

export interface Index {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Cards kept here. */
  count(): number;
  /** In how many of the cards kept here each of these terms stands, and how many cards there are: a first idea of rarity. */
  statistics(terms: readonly string[]): { documents: number; df: Map<string, number> };
  /** Ids of the listings of which a card or an end is kept here; may be walked slowly. */
  listings(): Iterable<string>;
  /** What is kept of a listing under `listing:<id>`, verified and valid. */
  record(listing: string): HeldRecord | undefined;
  /** The key of the trader whose listing it is, in text; undefined where no card of it is kept here. */
  seller(listing: string): string | undefined;
  /** Whether the end of a listing is known here. */
  ended(listing: string): boolean;
  /** Whether cards are being brought here or questions asked: what can wait should. */
  readonly isBusy: boolean;
  /** Calls back with each listing of which a card, delta or end was taken; gives back the end of it. */
  onChange(listener: (listing: string) => void): () => void;
  /** Keeps the card of a listing no longer. */
  drop(listing: string): Promise<void>;
  /** Brings own cards to the nodes responsible for their keys. */
  readonly outlet: Outlet;
}

export function createIndex(deps: IndexDeps): Index {
  return new IndexService(deps);
}
