import type { CID } from 'multiformats/cid';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import type { Network } from '../network/index.js';
import { askListings, type WantedVersion } from './listing-requests.js';
import type { KeptListing } from './shelf.js';
import { MAX_LISTINGS } from './wire.js';

/** A batch has this many milliseconds: nobody waits for it, and a phone sends a quarter of a megabyte in them. */
const BATCH_TIMEOUT = 15_000;
/** Peers asked at once. */
const CONCURRENT = 4;

/** A version that is to be had from somebody. */
export interface ToCollect<T> {
  /** Whom to ask, one after the other: the first of them most likely has it. */
  readonly sources: readonly string[];
  readonly version: CID;
  readonly listing: CID;
  /** Checks what a peer gave. @throws NiagaError for what is not it */
  readonly read: (given: KeptListing) => T;
}

export interface Collected<T> {
  /** In the order of what was wanted; undefined where nobody who was asked gave it. */
  readonly found: readonly (T | undefined)[];
  /** Peers that were asked, and of them those that did not answer. */
  readonly asked: ReadonlySet<string>;
  readonly silent: ReadonlySet<string>;
  /** By peer what it has not, and somebody else had. */
  readonly lacked: ReadonlyMap<string, readonly WantedVersion[]>;
  /** Codes of what peers gave and did not hold. */
  readonly lies: readonly string[];
}

/**
 * Has many listings in few messages: each peer is asked for all that it should have, and what it lacks is asked of the next one.
 * @throws the signal's reason when it was aborted
 */
export async function collectListings<T>(
  network: Pick<Network, 'request' | 'misbehaved'>,
  wanted: readonly ToCollect<T>[],
  signal?: AbortSignal,
): Promise<Collected<T>> {
  const found = wanted.map((): T | undefined => undefined);
  const asked = new Set<string>();
  const silent = new Set<string>();
  const lacking = new Map<string, number[]>();
  const lies: string[] = [];
  const ask = async (peer: string, places: readonly number[]): Promise<void> => {
    const take = (at: number, given: KeptListing): void => {
      const place = places[at] ?? 0;
      try {
        found[place] = wanted[place]?.read(given);
      } catch (error) {
        if (!isNiagaError(error)) throw error;
        lies.push(error.code);
      }
    };
    asked.add(peer);
    try {
      // Without the listing's id: who has not got it takes it for a reader's wish otherwise, and two that lack it would ask each other for ever.
      const versions = places.flatMap((place) => wanted[place] ?? []).map(({ version }) => ({ id: version }));
      const missing = await askListings(network, peer, versions, take, { timeout: BATCH_TIMEOUT, signal });
      lacking.set(peer, [...(lacking.get(peer) ?? []), ...missing.map((at) => places[at] ?? 0)]);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isNiagaError(error)) throw error;
      if (error.details?.['remote'] === true) return;
      if (isLie(error)) lies.push(error.code);
      else silent.add(peer);
    }
  };
  for (let round = 0; ; round++) {
    const batches = batchesOf(wanted, found, round, silent);
    if (batches === undefined) break;
    const worker = async (): Promise<void> => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
        if (!silent.has(batch.peer)) await ask(batch.peer, batch.places);
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENT, batches.length) }, worker));
  }
  const lacked = new Map(
    [...lacking].map(([peer, places]) => [
      peer,
      places.flatMap((place) => (found[place] === undefined ? [] : (wanted[place] ?? []))).map(idsOf),
    ]),
  );
  return { found, asked, silent, lacked, lies };
}

/** Whom to ask for what in a round; undefined where there is nobody left to be asked. */
function batchesOf<T>(
  wanted: readonly ToCollect<T>[],
  found: readonly (T | undefined)[],
  round: number,
  silent: ReadonlySet<string>,
): { peer: string; places: number[] }[] | undefined {
  const byPeer = new Map<string, number[]>();
  let isOver = true;
  wanted.forEach(({ sources }, place) => {
    const peer = sources[round];
    if (found[place] !== undefined || peer === undefined) return;
    isOver = false;
    if (silent.has(peer)) return;
    byPeer.set(peer, [...(byPeer.get(peer) ?? []), place]);
  });
  if (isOver) return undefined;
  return [...byPeer].flatMap(([peer, places]) =>
    Array.from({ length: Math.ceil(places.length / MAX_LISTINGS) }, (_, batch) => ({
      peer,
      places: places.slice(batch * MAX_LISTINGS, (batch + 1) * MAX_LISTINGS),
    })),
  );
}

function idsOf<T>({ version, listing }: ToCollect<T>): WantedVersion {
  return { id: version, listing };
}

/** Whether a peer gave what does not hold, and not only nothing. */
export function isLie(error: unknown): error is NiagaError {
  if (!isNiagaError(error) || error.details?.['remote'] === true) return false;
  return error.code.startsWith('RECORD_') || error.code.startsWith('DELEGATION_') || error.code === 'PEER_PROTOCOL';
}
