import { compareDistance } from '../../protocol/keyspace.js';
import { COPIES } from '../../protocol/search/posting-keys.js';
import { LOOKUP_SIZE, type PeerRef } from '../network/index.js';
import { addressBlocks } from './address-blocks.js';

/**
 * Of the nodes that hold a place at most so many are of one address block, where there are others: whoever rents one block
 * gets a minority of five copies, and two neighbours of one provider still count.
 */
export const MOST_OF_A_BLOCK = 2;
/** A node is in one block, as others see it, or in two: by IPv4 and IPv6. */
const MOST_OWN_BLOCKS = 2;

/**
 * The nodes that hold the cards of a place: the {@link COPIES} nearest of those known, nearest first, but of one address
 * block (address-blocks.ts), by where this node has seen them, only the nearest {@link MOST_OF_A_BLOCK} where others are found among the
 * {@link LOOKUP_SIZE} nearest.
 * Publisher, index nodes and searchers all choose by this one rule; it does not depend on the order in which the peers are given.
 */
export function responsible(peers: readonly PeerRef[], kadId: Uint8Array, count: number = COPIES): PeerRef[] {
  const { taken, passed } = chosen(peers, kadId, count);
  if (taken.length === count || passed.length === 0) return [...taken];
  // Nobody else is there: a copy in a crowded block is better than none.
  return [...taken, ...passed.slice(0, count - taken.length)].sort((a, b) => compareDistance(a.kadId, b.kadId, kadId));
}

/** Of those who are responsible the one beyond whom nobody who comes or goes changes who they are; undefined where anybody may. */
export function farthestResponsible(peers: readonly PeerRef[], kadId: Uint8Array): PeerRef | undefined {
  return chosen(peers, kadId, COPIES).taken[COPIES - 1];
}

/** Those who are taken, nearest first, and those nearer than the last of them who were passed over for their address block. */
function chosen(
  peers: readonly PeerRef[],
  kadId: Uint8Array,
  count: number,
): { readonly taken: readonly PeerRef[]; readonly passed: readonly PeerRef[] } {
  const nearest = [...peers].sort((a, b) => compareDistance(a.kadId, b.kadId, kadId));
  const taken: PeerRef[] = [];
  const passed: PeerRef[] = [];
  const members = new Map<string, number>();
  for (const peer of nearest.slice(0, Math.max(LOOKUP_SIZE, count))) {
    if (taken.length === count) break;
    const blocks = blocksOf(peer);
    if (blocks.some((block) => (members.get(block) ?? 0) >= MOST_OF_A_BLOCK)) {
      passed.push(peer);
      continue;
    }
    for (const block of blocks) members.set(block, (members.get(block) ?? 0) + 1);
    taken.push(peer);
  }
  return { taken, passed };
}

/**
 * Of what a peer says of itself, or others say of it, nothing counts: it could name the blocks of those whom it wants to push out, or none.
 * Of itself a node knows no more than its addresses.
 */
function blocksOf({ self, addresses, seenAt }: PeerRef): string[] {
  if (self) return addressBlocks(addresses).slice(0, MOST_OWN_BLOCKS);
  return seenAt === undefined ? [] : addressBlocks([seenAt]);
}
