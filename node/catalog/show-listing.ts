import { CID } from 'multiformats/cid';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { parseId } from '../../protocol/ids.js';
import { cardToView, listingToView } from '../api/present.js';
import type { ListingView } from '../api/views.js';
import type { Keeper } from '../keep/index.js';
import type { Search } from '../search/index.js';
import type { Catalog } from './index.js';
import type { ListingExchange } from './listing-exchange.js';

interface ShowListingDeps {
  readonly catalog: Pick<Catalog, 'show'>;
  readonly search: Pick<Search, 'find'>;
  readonly exchange: Pick<ListingExchange, 'known' | 'open' | 'texts'>;
  readonly keeper: Pick<Keeper, 'opened'>;
}

/**
 * A listing by its id, with the texts of its conditions: an own one, or one from the network. Where nobody who can be reached has
 * the listing itself, what its card tells of it, marked `partial`.
 * @throws NiagaError ID_INVALID, LISTING_NOT_FOUND, RECORD_… where the seller lies; the signal's reason
 */
export async function showListing(
  { catalog, search, exchange, keeper }: ShowListingDeps,
  text: string,
  signal: AbortSignal,
): Promise<ListingView> {
  const id = parseId(text, 'listing').toString();
  const own = await catalog.show(id);
  if (own !== undefined) {
    const record = await exchange.known(CID.parse(own.version));
    return record === undefined ? own : { ...own, ...textsIn(await exchange.texts(record, { signal })) };
  }
  const found = await search.find(id, { signal });
  if (found === undefined) {
    throw new NiagaError('LISTING_NOT_FOUND', 'No reachable node knows that listing.', {
      next: 'Search with: niaga search WORDS',
    });
  }
  try {
    const listing = await exchange.open(found, { signal });
    keeper.opened(listing);
    const texts = await exchange.texts(listing, { signal });
    return {
      ...listingToView(listing, 'active'),
      // The card is newer than the listing where something was sold since.
      availability: found.summary.availability,
      ...textsIn(texts),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (ABSENT.some((code) => isNiagaError(error, code))) return cardToView(id, found);
    throw error;
  }
}

function textsIn(texts: Readonly<Record<string, string>>): { readonly conditionTexts?: typeof texts } {
  return Object.keys(texts).length === 0 ? {} : { conditionTexts: texts };
}

/** The seller sleeps and no keeper has it: what the network knows of the listing is better than nothing. */
const ABSENT = ['PEER_UNREACHABLE', 'TIMED_OUT', 'LISTING_NOT_FOUND'] as const;
