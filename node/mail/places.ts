import { traderToText } from '../../protocol/ids.js';
import { COPIES, placeOf, SALTS, traderKey } from '../../protocol/search/posting-keys.js';
import { responsible } from '../index/responsible.js';
import { LOOKUP_SIZE, type Network, type PeerRef } from '../network/index.js';

/** Where the letters of somebody go whose mailboxes are not known, or are gone: to the nodes nearest to its key. */

const LOOKUP_TIMEOUT = 4_000;
/** The recipient, and the nodes that are to take the letter, look twice as far as the depositor: they know different others. */
const NEAR = 2 * COPIES;

interface Around {
  readonly network: Network;
  readonly networkName: string;
}

/** The nodes nearest to a trader's key under both salts: five each, or ten each for whoever looks for what others left. */
export async function nearestTo(
  trader: Uint8Array,
  { network, networkName }: Around,
  { wide = false, signal }: { readonly wide?: boolean; readonly signal?: AbortSignal },
): Promise<PeerRef[]> {
  const found = SALTS.map(async (salt) => {
    const place = placeOf(networkName, traderKey(traderToText(trader)), salt);
    let nearest: readonly PeerRef[] = [];
    try {
      nearest = await network.lookup(place.preimage, { signal, timeout: LOOKUP_TIMEOUT });
    } catch {
      // Whom this node knows must do.
      signal?.throwIfAborted();
    }
    const known = [...nearest, ...network.directory.closest(place.kadId, LOOKUP_SIZE)];
    const peers = [...new Map(known.map((peer) => [peer.id, peer])).values()];
    return responsible(peers, place.kadId, wide ? NEAR : COPIES);
  });
  const all = (await Promise.all(found)).flat().filter(({ self }) => !self);
  return [...new Map(all.map((peer) => [peer.id, peer])).values()];
}

/** Whether this node is among those nearest to a trader's key, as far as it knows. */
export function isNear(trader: Uint8Array, { network, networkName }: Around): boolean {
  return SALTS.some((salt) => {
    const { kadId } = placeOf(networkName, traderKey(traderToText(trader)), salt);
    return responsible(network.directory.closest(kadId, LOOKUP_SIZE), kadId, NEAR).some(({ self }) => self);
  });
}
