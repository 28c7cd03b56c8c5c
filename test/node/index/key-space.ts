import type { PeerRef } from '../../../node/network/index.js';
import { sha256 } from '../../../protocol/hash.js';
import { compareDistance } from '../../../protocol/keyspace.js';
import { placeOf, type KeyPlace } from '../../../protocol/search/posting-keys.js';

function peer(number: number | string): PeerRef {
  const id = `peer-${number}`;
  return { id, kadId: sha256(new TextEncoder().encode(id)), addresses: [], lastSeen: 1, self: false };
}

export const peers = (count: number, of = ''): PeerRef[] =>
  Array.from({ length: count }, (_, number) => peer(`${of}${number}`));

/** Those of so many nodes that are in one half of the key space. */
export const inHalf = (half: 0 | 1, count: number): PeerRef[] => peers(count).filter((one) => halfOf(one) === half);

export const halfOf = ({ kadId }: Pick<PeerRef, 'kadId'>): number => (kadId[0] ?? 0) >> 7;

export function nearest(all: readonly PeerRef[], kadId: Uint8Array, count: number): PeerRef[] {
  return [...all].sort((a, b) => compareDistance(a.kadId, b.kadId, kadId)).slice(0, count);
}

export const places = (count: number): KeyPlace[] =>
  Array.from({ length: count }, (_, number) => placeOf('main', `term:${number}`, number % 2));
