/**
 * Searching: which index nodes to ask for which words, merging what they answer, checking every card, ranking, and
 * saying how complete the answer is.
 *
 * ```ts
 * const search = createSearch({ network, networkName: 'main', index, delegations, verify, now: Date.now, logger, onRefused });
 * const { hits, coverage } = await search.search({ words: ['kopi', 'gayo'], limit: 20, timeoutMs: 2_500 });
 * ```
 */
import type { Card, Delta, Summary } from '../../protocol/catalog/card.js';
import type { SignedRecord, Verify } from '../../protocol/record.js';
import type { SortOrder } from '../../protocol/search/sort.js';
import type { SearchEventView, SearchView } from '../api/views.js';
import type { DelegationBook } from '../identity/index.js';
import type { Index } from '../index/index.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import { SearchService } from './search.js';

export interface SearchDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly index: Pick<Index, 'statistics'>;
  readonly delegations: DelegationBook;
  readonly verify: Verify;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly logger: Logger;
  /** Told of each refusal, for the counters. */
  readonly onRefused: (code: string) => void;
  /** Traders of whom nothing is shown, by their keys. Default: none. */
  readonly isBlocked?: ((trader: Uint8Array) => boolean) | undefined;
  /** Cards that are known to be of another thing than their listing, by the listing's id and the card's seq. Default: none. */
  readonly isFalse?: ((listing: string, seq: number) => boolean) | undefined;
}

export interface SearchInput {
  /** What to look for. None of them, or function words only: everything of a category, a place or a seller. */
  readonly words: readonly string[];
  /** Hits of one page. */
  readonly limit: number;
  /** `next` of the page before: goes on with that search; everything else may then be left out. */
  readonly after?: string | undefined;
  /** `150000 IDR`, or a number with `currency`. */
  readonly minPrice?: string | undefined;
  readonly maxPrice?: string | undefined;
  readonly currency?: string | undefined;
  readonly category?: string | undefined;
  readonly kind?: 'goods' | 'service' | 'digital' | undefined;
  readonly condition?: 'new' | 'used' | 'refurbished' | 'damaged' | undefined;
  readonly place?: string | undefined;
  readonly shipsTo?: string | undefined;
  readonly inStock?: boolean | undefined;
  /** The seller's key, `z6Mk…`. */
  readonly seller?: string | undefined;
  /** Default: relevance; in browsing newest. */
  readonly sort?: SortOrder | undefined;
  /** Counts values of category, brand, price and place over all matches. Default false. */
  readonly facets?: boolean | undefined;
  /** Says of each hit why it stands where it stands. Default false. */
  readonly explain?: boolean | undefined;
  /** Hits of one seller among the first twenty; 0: any number. Default `PER_SELLER` (protocol/search/diversity.ts). */
  readonly perSeller?: number | undefined;
  /** After so many milliseconds the answers so far must do. */
  readonly timeoutMs: number;
}

/** The newest that is known of a listing, verified. */
export interface FoundListing {
  readonly card: SignedRecord<Card>;
  /** A later change of price or availability. */
  readonly delta: SignedRecord<Delta> | undefined;
  /** The card's, with what the delta changes. */
  readonly summary: Summary;
  /** The version of the listing that the two sum up. */
  readonly version: Card['listing'];
  /** Milliseconds UTC until which it stands: by itself, or by its seller's lease. */
  readonly until: number;
}

export interface SearchOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A search without what says how many hits are shown, and when. */
export type ChangesInput = Omit<SearchInput, 'limit' | 'after' | 'sort' | 'timeoutMs'>;

export interface ChangesOptions extends SearchOptions {
  /** Under which keys to look: those of the first answer, since marks are of what was asked for. Default: chosen anew. */
  readonly keys?: readonly string[] | undefined;
  /** How far the nodes' answers were read: those of the last answer. Default: nothing was. */
  readonly marks?: ReadonlyMap<string, number> | undefined;
}

/** A listing that fits, as it stands now, by its newest record: the card or a delta to it. */
export interface Change {
  readonly listing: string;
  readonly seq: number;
  /** The device's key, in hexadecimal. */
  readonly device: string;
  /** The record's id. */
  readonly record: string;
  /** The version of the listing. */
  readonly version: string;
  readonly summary: Summary;
  /** The seller's key. */
  readonly trader: Uint8Array;
  /** By the seller's clock, milliseconds UTC. */
  readonly created: number;
  readonly validUntil: number;
}

export interface Changes {
  /** At first all that fits and, of those nodes that can tell, what came or changed since. Verified, each listing once. */
  readonly found: readonly Change[];
  /** For the next time. */
  readonly keys: readonly string[];
  readonly marks: ReadonlyMap<string, number>;
  /** Other nodes that answered. */
  readonly answered: number;
  /** Some node had more than it may answer: at the first question, or of what came since. */
  readonly truncated: boolean;
}

export interface Search {
  /**
   * @throws NiagaError QUERY_EMPTY, QUERY_INVALID, MONEY_INVALID, CURRENCY_UNKNOWN, ID_INVALID, CURSOR_EXPIRED; the signal's
   *   reason
   */
  search(input: SearchInput, options?: SearchOptions): Promise<SearchView>;
  /** The same, the best so far first; the last event is `done`. Leaving the loop early ends the search. @throws as {@link search} */
  stream(input: SearchInput, options?: SearchOptions): AsyncGenerator<SearchEventView, void, undefined>;
  /** The newest verified card of a listing by its id, with what was changed since; undefined where nobody has one. */
  find(listing: string, options?: SearchOptions): Promise<FoundListing | undefined>;
  /**
   * What has all of the words and came or changed since it was last asked for, of few nodes: for standing queries. Whether a listing
   * is in stock is not looked at.
   * @throws as {@link search}
   */
  changes(input: ChangesInput, options?: ChangesOptions): Promise<Changes>;
}

export function createSearch(deps: SearchDeps): Search {
  return new SearchService(deps);
}
