import { listingKey, placeOf, SALTS } from '../../protocol/search/posting-keys.js';
import { responsible } from '../index/responsible.js';
import { LOOKUP_SIZE, type Network } from '../network/index.js';

/**
 * Where a listing's keepers meet: the nodes that hold its card under `listing:<id>`, those of both salts in turn, this one among
 * them where it belongs. Readers ask the first of them first, so these keep listings before anybody asks.
 */
export function meetingPoint(
  listing: string,
  deps: { readonly network: Network; readonly networkName: string },
): string[] {
  const { directory } = deps.network;
  const groups = SALTS.map((salt) => {
    const { kadId } = placeOf(deps.networkName, listingKey(listing), salt);
    return responsible(directory.closest(kadId, LOOKUP_SIZE), kadId);
  });
  const longest = Math.max(...groups.map(({ length }) => length));
  const inTurn = Array.from({ length: longest }, (_, place) => groups.flatMap((group) => group[place] ?? [])).flat();
  return [...new Set(inTurn.map(({ id }) => id))];
}
