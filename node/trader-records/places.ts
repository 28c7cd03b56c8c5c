import { traderToText } from '../../protocol/ids.js';
import { COPIES, placeOf, SALTS, traderKey } from '../../protocol/search/posting-keys.js';
import { responsible } from '../index/responsible.js';
import type { Logger } from '../logger.js';
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

/** The places of a trader's key, under both salts: where what it says of itself is kept. */
export function placesOf(networkName: string, trader: Uint8Array): { kadId: Uint8Array; preimage: Uint8Array }[] {
  const key = traderKey(traderToText(trader));
  return SALTS.map((salt) => placeOf(networkName, key, salt));
}

/**
 * The nodes responsible for a trader's records, this one perhaps among them.
 * @param wide twice as many under each salt, for whoever looks for what others left: they know different nodes
 * @throws the signal's reason
 */
export async function nodesOf(
  { network, networkName, logger }: PlacesDeps,
  trader: Uint8Array,
  signal: AbortSignal | undefined,
  { wide = false }: { readonly wide?: boolean } = {},
): Promise<PeerRef[]> {
  const found = placesOf(networkName, trader).map(async (place) => {
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

/** Whether this node is among those near to a trader's key. */
export function isNearTo({ network, networkName }: Omit<PlacesDeps, 'logger'>, trader: Uint8Array): boolean {
  return placesOf(networkName, trader).some(({ kadId }) =>
    responsible(network.directory.closest(kadId, LOOKUP_SIZE), kadId, NEAR).some(({ self }) => self),
  );
}
