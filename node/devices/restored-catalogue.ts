import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import type { Catalog } from '../catalog/index.js';
import type { ListingExchange } from '../catalog/listing-exchange.js';
import type { Logger } from '../logger.js';
import type { Search } from '../search/index.js';
import type { Devices } from './index.js';
import { learnDevice, type RestoredDeviceDeps } from './restored-device.js';

/** Hits of the own listings that are asked for at once, and how long the search for them may take. */
const PAGE = 100;
const SEARCH_TIMEOUT = 10_000;

export interface RestoredCatalogueDeps extends RestoredDeviceDeps {
  readonly devices: Pick<Devices, 'devicesOf' | 'submit'>;
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
  // It was shown a moment ago: whoever has it did not answer, or it has just ended and is not shown the next time.
  if (found === undefined)
    throw new NiagaError('LISTING_NOT_FOUND', 'An own listing that the network shows could not be had.');
  const listing = await exchange.open(found, { signal });
  // One that is taken up without it could not be opened again.
  await learnDevice(listing, deps);
  await catalog.adopt(listing, Math.max(found.card.payload.seq, found.delta?.payload.seq ?? 0));
}
