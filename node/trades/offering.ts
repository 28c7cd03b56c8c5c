import type { CID } from 'multiformats/cid';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { equalBytes, parseId, traderToText } from '../../protocol/ids.js';
import type { Terms, TradeState } from '../../protocol/trade/index.js';
import type { Arbiters, ChosenArbiter } from '../arbiters/index.js';
import type { Blocks } from '../blocks/index.js';
import type { Catalog } from '../catalog/index.js';
import type { ListingExchange } from '../catalog/listing-exchange.js';
import type { Logger } from '../logger.js';
import type { FoundListing, Search } from '../search/index.js';
import type { OfferInput } from './index.js';
import { firstTerms, offeredByCard, offeredByListing, parseAlso, type Offered, type OfferedLine } from './terms.js';
import { termsOf } from './view.js';

/** What an offer is made of beyond what its author says: listings of others, and arbiters. */
export interface OfferingDeps {
  readonly catalog: Pick<Catalog, 'show'>;
  readonly exchange: Pick<ListingExchange, 'fetch'>;
  readonly search: Pick<Search, 'find'>;
  readonly arbiters: Pick<Arbiters, 'choose'>;
  readonly blocks: Pick<Blocks, 'check'>;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * To whom an offer goes, and its terms, from listings that are looked up.
 * @throws NiagaError LISTING_…, TRADE_OWN_LISTING, TRADE_TERMS, TRADER_BLOCKED, what choosing an arbiter throws
 */
export async function firstOffer(
  input: OfferInput,
  deps: OfferingDeps,
  signal: AbortSignal | undefined,
): Promise<{ readonly seller: { readonly trader: Uint8Array; readonly device: Uint8Array }; readonly terms: Terms }> {
  const wished = [
    {
      listing: parseId(input.listing, 'listing'),
      variant: input.variant,
      quantity: input.quantity,
      price: input.price,
    },
    ...(input.also ?? []).map(parseAlso),
  ];
  const lines: OfferedLine[] = [];
  let seller: FoundListing['card'] | undefined;
  for (const { listing, variant, ...wish } of wished) {
    const found = await find(listing, deps, signal);
    seller ??= found.card;
    if (!equalBytes(found.card.payload.trader, seller.payload.trader)) {
      throw new NiagaError('TRADE_TERMS', 'The listings of one offer are all of one seller.', {
        where: 'also',
        next: 'Make an offer to each seller.',
      });
    }
    lines.push({ offered: await offeredAs(found, variant, deps, signal), ...wish });
  }
  if (seller === undefined) throw new NiagaError('INPUT_MISSING', 'An offer names a listing.', { where: 'listing' });
  deps.blocks.check(seller.payload.trader);
  const arbiter = input.arbiter === undefined ? undefined : await deps.arbiters.choose(input.arbiter, signal);
  return { seller: seller.payload, terms: firstTerms(lines, input, deps.now(), arbiter) };
}

/** The arbiter of the last proposal, as it offers itself now: its fee may depend on the total. */
export async function sameArbiter(
  state: TradeState,
  { arbiters, logger }: Pick<OfferingDeps, 'arbiters' | 'logger'>,
  signal: AbortSignal,
): Promise<ChosenArbiter | undefined> {
  const before = termsOf(state).arbiter;
  if (before === undefined) return undefined;
  try {
    return await arbiters.choose(traderToText(before.trader), signal);
  } catch (error) {
    signal.throwIfAborted();
    // It stays as it was; whether that fits is the arbiter's to say.
    logger.debug({ error: String(error) }, 'the arbiter of an offer could not be looked up');
    return undefined;
  }
}

/** @throws NiagaError TRADE_OWN_LISTING, LISTING_NOT_FOUND */
async function find(listing: CID, deps: OfferingDeps, signal: AbortSignal | undefined): Promise<FoundListing> {
  const id = listing.toString();
  if ((await deps.catalog.show(id)) !== undefined)
    throw new NiagaError('TRADE_OWN_LISTING', 'That is your own listing.', {
      next: 'See who wants to buy it: niaga trade list',
    });
  const found = await deps.search.find(id, signal === undefined ? {} : { signal });
  if (found !== undefined) return found;
  throw new NiagaError('LISTING_NOT_FOUND', 'No reachable node knows that listing.', {
    next: 'Search again with: niaga search WORDS',
  });
}

/** The listing itself where it can be had; while the seller sleeps, what the card says of it. */
async function offeredAs(
  found: FoundListing,
  variant: string | undefined,
  deps: OfferingDeps,
  signal: AbortSignal | undefined,
): Promise<Offered> {
  try {
    return offeredByListing(await deps.exchange.fetch(found, signal), variant, found.summary);
  } catch (error) {
    signal?.throwIfAborted();
    if (isNiagaError(error, 'PEER_UNREACHABLE') || isNiagaError(error, 'TIMED_OUT'))
      return offeredByCard(found, variant);
    throw error;
  }
}
