import { commonPrefixLength, compareDistance } from '../../protocol/keyspace.js';
import { compareBytes } from '../../protocol/ids.js';
import type { PeerRef } from '../network/index.js';

/** A set of peers in the order of their places, to find those nearest to many keys: who shares a long prefix stands together. */
export class PeerTable {
  readonly #sorted: readonly PeerRef[];
  readonly #byId: ReadonlyMap<string, PeerRef>;

  constructor(peers: Iterable<PeerRef>) {
    this.#sorted = [...peers].sort((a, b) => compareBytes(a.kadId, b.kadId));
    this.#byId = new Map(this.#sorted.map((peer) => [peer.id, peer]));
  }

  get size(): number {
    return this.#sorted.length;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  get(id: string): PeerRef | undefined {
    return this.#byId.get(id);
  }

  [Symbol.iterator](): IterableIterator<PeerRef> {
    return this.#sorted[Symbol.iterator]();
  }

  /** The `count` peers nearest to a place, nearest first. */
  nearest(kadId: Uint8Array, count: number): PeerRef[] {
    const peers = this.#sorted;
    let right = this.#firstFrom(kadId);
    let left = right - 1;
    const shared = (at: number): number => {
      const peer = peers[at];
      return peer === undefined ? -1 : commonPrefixLength(peer.kadId, kadId);
    };
    // All who share as many bits as the last one that is needed, for among them the order is not that of this list.
    let [before, after] = [shared(left), shared(right)];
    let least = Number.POSITIVE_INFINITY;
    while (Math.max(before, after) >= 0 && (right - left - 1 < count || Math.max(before, after) >= least)) {
      least = Math.min(least, Math.max(before, after));
      if (before > after) before = shared(--left);
      else after = shared(++right);
    }
    return peers
      .slice(left + 1, right)
      .sort((a, b) => compareDistance(a.kadId, b.kadId, kadId))
      .slice(0, count);
  }

  #firstFrom(kadId: Uint8Array): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const peer = this.#sorted[middle];
      if (peer !== undefined && compareBytes(peer.kadId, kadId) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
