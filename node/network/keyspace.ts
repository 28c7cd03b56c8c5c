import { createHash } from 'node:crypto';
import type { PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { NiagaError } from '../../protocol/errors.js';

/**
 * Where a key lies in the key space of kad-dht: SHA-256 of its bytes, as `convertBuffer` of @libp2p/kad-dht does it.
 * @param key the bytes that are given to a lookup
 */
export function kadIdOfKey(key: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(key).digest());
}

/** Where a peer lies: SHA-256 of the bytes of its id's multihash, as `convertPeerId` of @libp2p/kad-dht does it. */
export function kadIdOfPeer(peer: PeerId): Uint8Array {
  return kadIdOfKey(peer.toMultihash().bytes);
}

/**
 * Reads a peer id as people and messages write it. Only Ed25519 ids (`12D3Koo…`) are devices, and only their usual form is taken,
 * so that one peer cannot be listed under two names.
 * @throws NiagaError ID_INVALID
 */
export function parsePeerId(text: string): PeerId {
  try {
    const peer = peerIdFromString(text);
    if (peer.type === 'Ed25519' && peer.toString() === text) return peer;
  } catch {
    // Said below, in our words.
  }
  throw new NiagaError('ID_INVALID', `"${text.slice(0, 64)}" is not a peer id. A peer id looks like 12D3KooW….`);
}
