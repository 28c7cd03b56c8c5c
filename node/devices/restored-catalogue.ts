import type { Listing } from '../../protocol/catalog/card.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import type { SignedRecord } from '../../protocol/record.js';
import type { Catalog } from '../catalog/index.js';
import type { ListingExchange } from '../catalog/listing-exchange.js';
import type { DelegationBook, Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Search } from '../search/index.js';
import type { Devices } from './index.js';

/** Hits of the own listings that are asked for at once, and how long the search for them may take. */
const PAGE = 100;
const SEARCH_TIMEOUT = 10_000;

export interface RestoredCatalogueDeps {
  readonly identity: Identity;
  readonly devices: Pick<Devices, 'devicesOf' | 'submit'>;
  readonly delegations: Pick<DelegationBook, 'find' | 'met'>;
  readonly catalog: Pick<Catalog, 'adopt'>;
  readonly search: Pick<Search, 'search' | 'find'>;
  readonly exchange: Pick<ListingExchange, 'open'>;
  readonly logger: Logger;
}

/**
 * Takes up the own listings that the network still shows.
 * @returns whether these are all: each one found was brought back, and no answer was missing
 * @throws the signal's reason
 */
export async function bringCatalogue(deps: RestoredCatalogueDeps, signal: AbortSignal): Promise<boolean> {
  const { identity, devices, search, logger } = deps;
  // The delegations of the old devices, under which the listings were signed.
  await devices.devicesOf(identity.trader, signal);
  let after: string | undefined;
  let complete = true;
  do {
    const page = await search.search(
      {
        words: [],
        seller: identity.traderText,
        perSeller: 0,
        limit: PAGE,
        timeoutMs: SEARCH_TIMEOUT,
        ...(after === undefined ? {} : { after }),
      },
      { signal },
    );
    complete &&= page.coverage.verdict === 'complete';
    for (const { listing } of page.hits) {
      try {
        await bring(listing, deps, signal);
      } catch (error) {
        if (!isNiagaError(error)) throw error;
        complete = false;
        logger.debug({ listing, code: error.code }, 'an own listing could not be brought back yet');
      }
    }
    after = page.next;
  } while (after !== undefined);
  return complete;
}

async function bring(id: string, deps: RestoredCatalogueDeps, signal: AbortSignal): Promise<void> {
  const { search, exchange, catalog } = deps;
  const found = await search.find(id, { signal });
  if (found === undefined) return;
  const listing = await exchange.open(found, { signal });
  await learnDevice(listing, deps);
  await catalog.adopt(listing, Math.max(found.card.payload.seq, found.delta?.payload.seq ?? 0));
}

/**
 * Makes the device known that signed a listing, where no node near has told of it: one that was lost soon after its first start told
 * nobody. A listing that is taken up without it could not be opened again.
 * @throws NiagaError DELEGATION_MISSING while nobody else has told of it either
 */
async function learnDevice(
  { delegation: named }: SignedRecord<Listing>,
  { identity, delegations, devices }: RestoredCatalogueDeps,
): Promise<void> {
  if (named === undefined || identity.delegationOf(named) !== undefined) return;
  const delegation = delegations.met(named) ?? delegations.find(named);
  if (delegation !== undefined) await devices.submit([delegation.bytes]);
  if (identity.delegationOf(named) !== undefined) return;
  throw new NiagaError('DELEGATION_MISSING', 'The device that signed an own listing is not known here.');
}
