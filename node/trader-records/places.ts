import { traderToText } from '../../protocol/ids.js';
import { COPIES, placeOf, SALTS, traderKey } from '../../protocol/search/posting-keys.js';
import { responsible } from '../index/responsible.js';
import type { Logger } from '../logger.js';
import { LISTED_KINDS, type ListedKind, type TraderRecordKind } from './wire.js';
import { LOOKUP_SIZE, type Network, type PeerRef } from '../network/index.js';

/** Finding the nodes around a key: what is known by then must do. */
const LOOKUP_TIMEOUT = 4_000;
/** Mail, devices and each record of its own: all that a starting node brings out goes to the same places. */
const LOOKUP_AGE = 10_000;
/** A record is taken where this node is among so many responsible for its key, twice as many as it is brought to: nodes know different others. */
const NEAR = 2 * COPIES;

interface PlacesDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly logger: Logger;
}

interface Place {
  readonly kadId: Uint8Array;
  readonly preimage: Uint8Array;
}

/** The places of a trader's key, under both salts: where what it says of itself is kept. */
export function placesOf(networkName: string, trader: Uint8Array): Place[] {
  return placesOfKey(networkName, traderKey(traderToText(trader)));
}

/** Where records of a kind are also kept by which traders are found that one does not know. */
export function listPlaces(networkName: string, kind: ListedKind): Place[] {
  return placesOfKey(networkName, `traders:${kind}`);
}

function placesOfKey(networkName: string, key: string): Place[] {
  return SALTS.map((salt) => placeOf(networkName, key, salt));
}

/** Everywhere that a record of a trader belongs. */
function placesFor(networkName: string, trader: Uint8Array, kind: TraderRecordKind): Place[] {
  const listed = LISTED_KINDS.find((each) => each === kind);
  return [...placesOf(networkName, trader), ...(listed === undefined ? [] : listPlaces(networkName, listed))];
}

interface Width {
  /** Twice as many under each salt, for whoever looks for what others left: they know different nodes. Default false. */
  readonly wide?: boolean;
}

/** The nodes responsible for a trader's records, this one perhaps among them. @throws the signal's reason */
export function nodesOf(
  deps: PlacesDeps,
  trader: Uint8Array,
  signal: AbortSignal | undefined,
  width: Width = {},
): Promise<PeerRef[]> {
  return nodesAt(deps, placesOf(deps.networkName, trader), signal, width);
}

/** The nodes to which a trader brings a record of that kind. @throws the signal's reason */
export function keepersOf(
  deps: PlacesDeps,
  trader: Uint8Array,
  kind: TraderRecordKind,
  signal: AbortSignal | undefined,
): Promise<PeerRef[]> {
  return nodesAt(deps, placesFor(deps.networkName, trader, kind), signal);
}

/** The nodes responsible for these places, this one perhaps among them. @throws the signal's reason */
export async function nodesAt(
  { network, logger }: PlacesDeps,
  places: readonly Place[],
  signal: AbortSignal | undefined,
  { wide = false }: Width = {},
): Promise<PeerRef[]> {
  const found = places.map(async (place) => {
    let nearest: readonly PeerRef[] = [];
    try {
      nearest = await network.lookup(place.preimage, { signal, timeout: LOOKUP_TIMEOUT, maxAge: LOOKUP_AGE });
    } catch (error) {
      signal?.throwIfAborted();
      logger.debug({ error: String(error) }, 'the nodes around a trader could not be looked up');
    }
    const known = [...nearest, ...network.directory.closest(place.kadId, LOOKUP_SIZE)];
    return responsible([...new Map(known.map((peer) => [peer.id, peer])).values()], place.kadId, wide ? NEAR : COPIES);
  });
  return [...new Map((await Promise.all(found)).flat().map((peer) => [peer.id, peer])).values()];
}

/** Whether this node is among those near to where such a record of a trader belongs. */
export function isNearTo(
  { network, networkName }: Omit<PlacesDeps, 'logger'>,
  trader: Uint8Array,
  kind: TraderRecordKind,
): boolean {
  return placesFor(networkName, trader, kind).some(({ kadId }) =>
    responsible(network.directory.closest(kadId, LOOKUP_SIZE), kadId, NEAR).some(({ self }) => self),
  );
}
