/**
 * Searching: which index nodes to ask for which words, merging what they answer, checking every card, ranking, and
 * saying how complete the answer is.
 *
 * ```ts
 * const search = createSearch({ network, networkName: 'main', holder, delegations, verify, now: Date.now });
 * const { hits, coverage } = await search.search({ words: ['kopi', 'gayo'], limit: 20, timeoutMs: 2_500 });
 * ```
 */
import type { Card } from '../../protocol/catalog/card.js';
import type { SignedRecord } from '../../protocol/record.js';
import type { SearchView } from '../api/views.js';

export { createSearch } from './search.js';

export interface SearchInput {
  readonly words: readonly string[];
  readonly limit: number;
  readonly minPrice?: string | undefined;
  readonly maxPrice?: string | undefined;
  readonly currency?: string | undefined;
  readonly category?: string | undefined;
  readonly kind?: 'goods' | 'service' | 'digital' | undefined;
  /** After so many milliseconds the answers so far must do. */
  readonly timeoutMs: number;
}

export interface Search {
  /** @throws NiagaError QUERY_EMPTY, QUERY_INVALID, MONEY_INVALID, CURRENCY_UNKNOWN */
  search(input: SearchInput, options?: { signal?: AbortSignal | undefined }): Promise<SearchView>;
  /** The newest verified card of a listing by its id, from here or from the network; undefined where nobody has one. */
  card(listing: string, options?: { signal?: AbortSignal | undefined }): Promise<SignedRecord<Card> | undefined>;
}
