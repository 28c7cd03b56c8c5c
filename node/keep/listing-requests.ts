import type { CID } from 'multiformats/cid';
import { encode } from '../../protocol/cbor.js';
import { NiagaError } from '../../protocol/errors.js';
import { readAnswer, readBody, writeBody } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import type { KeptListing } from './shelf.js';
import {
  LISTING_METHOD,
  listingsAnswerSchema,
  listingsRequestSchema,
  MAX_LISTING_ANSWER,
  MAX_LISTINGS_ANSWER,
  type ListingsAnswer,
} from './wire.js';

/** Bytes of an answer around its envelopes: a dozen a listing. */
const FRAMING = 4 * 1024;

/** A version of a listing, and the listing that it is of, where that is known. */
export interface WantedVersion {
  readonly id: CID;
  readonly listing?: CID | undefined;
}

/**
 * Answers `listing.get`: as many of the wanted as find room, each delegation once.
 * @param find a version that is here
 * @param onMiss told of what is not
 */
export async function giveListings(
  body: Uint8Array,
  find: (id: CID) => Promise<KeptListing | undefined>,
  onMiss: (wanted: WantedVersion) => void,
): Promise<Uint8Array> {
  const { wanted } = readBody(listingsRequestSchema, body, LISTING_METHOD);
  const listings: [number, Uint8Array, number][] = [];
  const places = new Map<string, number>();
  const delegations: Uint8Array[] = [];
  const missing: number[] = [];
  let bytes = 0;
  for (const [at, one] of wanted.entries()) {
    const found = await find(one.id);
    if (found === undefined) {
      missing.push(at);
      onMiss(one);
      continue;
    }
    const name = Buffer.from(found.delegation).toString('latin1');
    const known = places.get(name);
    const more = found.listing.length + (known === undefined ? found.delegation.length : 0);
    if (bytes > 0 && bytes + more > MAX_LISTINGS_ANSWER - FRAMING) break;
    bytes += more;
    const place = known ?? delegations.push(found.delegation) - 1;
    places.set(name, place);
    listings.push([at, found.listing, place]);
  }
  return encode({ listings, delegations, missing });
}

export interface AskOptions {
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a peer for versions, again for those that found no room, and hands each on that it gives, unverified.
 * @param wanted at most `MAX_LISTINGS`
 * @returns places in `wanted` of those that it has not
 * @throws NiagaError what `Network.request` throws; PEER_PROTOCOL for what is no answer
 */
export async function askListings(
  network: Pick<Network, 'request' | 'misbehaved'>,
  peer: string,
  wanted: readonly WantedVersion[],
  take: (place: number, given: KeptListing) => void,
  { timeout, signal }: AskOptions,
): Promise<number[]> {
  const end = performance.now() + timeout;
  const missing: number[] = [];
  let left = wanted.map((_, place) => place);
  for (let round = 0; left.length > 0; round++) {
    const timeLeft = end - performance.now();
    if (round > 0 && timeLeft <= 0)
      throw new NiagaError('TIMED_OUT', 'A node takes too long to give listings.', { details: { peer } });
    const asked = left.flatMap((place) => wanted[place] ?? []);
    const body = writeBody({
      wanted: asked.map(({ id, listing }) => (listing === undefined ? { id } : { id, listing })),
    });
    const answer = await network.request(peer, LISTING_METHOD, body, {
      timeout: timeLeft,
      retry: true,
      maxResponse: Math.min(MAX_LISTINGS_ANSWER, left.length * MAX_LISTING_ANSWER),
      ...(signal === undefined ? {} : { signal }),
    });
    // Whoever says nothing of anything would be asked for ever.
    const fits = ({ listings, delegations, missing: lacking }: ListingsAnswer): boolean =>
      listings.some(([at, , by]) => at < asked.length && by < delegations.length) ||
      lacking.some((at) => at < asked.length);
    const expected = { peer, method: LISTING_METHOD, schema: listingsAnswerSchema, fits };
    const { listings, delegations, missing: lacking } = readAnswer(network, expected, answer);
    const told = new Set<number>();
    for (const [at, listing, by] of listings) {
      const place = left[at];
      const delegation = delegations[by];
      if (place === undefined || delegation === undefined || told.has(at)) continue;
      told.add(at);
      take(place, { listing, delegation });
    }
    for (const at of lacking) {
      const place = left[at];
      if (place === undefined || told.has(at)) continue;
      told.add(at);
      missing.push(place);
    }
    left = left.filter((_, at) => !told.has(at));
  }
  return missing;
}
