import type { PeerId } from '@libp2p/interface';
import { parsePeerId } from './keyspace.js';
import type { Libp2pNode } from './libp2p.js';

/** Connections that are spared when there are too many: the index nodes of some dozens of words, a seventh of all that a node has (libp2p.ts). */
export const KEPT_PEERS = 40;
/** Milliseconds after which a peer must have been of use again. */
const KEPT_FOR = 60 * 60 * 1000;
/** Above kad-dht's own tag for a peer nearby (50), as far as a peer is used as much as any. */
export const MOST_WEIGHT = 100;
const TAG = 'niaga-useful';

/**
 * Peers whose connections are among the last that libp2p closes when there are too many: it closes those first whose tags add
 * up to least. At most {@link KEPT_PEERS}; the one of least weight makes room.
 */
export class KeptPeers {
  readonly #peerStore: Pick<Libp2pNode['peerStore'], 'merge'>;
  readonly #onError: (error: unknown) => void;
  readonly #now: () => number;
  readonly #kept = new Map<string, { readonly peer: PeerId; readonly weight: number; readonly until: number }>();

  constructor(
    peerStore: Pick<Libp2pNode['peerStore'], 'merge'>,
    onError: (error: unknown) => void,
    now: () => number = Date.now,
  ) {
    this.#peerStore = peerStore;
    this.#onError = onError;
    this.#now = now;
  }

  get ids(): string[] {
    const now = this.#now();
    return [...this.#kept].flatMap(([id, { until }]) => (until > now ? [id] : []));
  }

  /** @throws NiagaError ID_INVALID */
  keep(id: string, weight: number): void {
    const peer = parsePeerId(id);
    const value = Math.max(1, Math.min(MOST_WEIGHT, Math.round(weight)));
    this.#kept.set(id, { peer, weight: value, until: this.#now() + KEPT_FOR });
    this.#trim();
    if (this.#kept.has(id)) this.#tag(peer, { value, ttl: KEPT_FOR });
  }

  #trim(): void {
    const now = this.#now();
    for (const [id, { until }] of this.#kept) if (until <= now) this.#kept.delete(id);
    while (this.#kept.size > KEPT_PEERS) {
      const [least] = [...this.#kept].sort(([, a], [, b]) => a.weight - b.weight || a.until - b.until);
      if (least === undefined) return;
      const [id, { peer }] = least;
      this.#kept.delete(id);
      this.#tag(peer, undefined);
    }
  }

  #tag(peer: PeerId, tag: { value: number; ttl: number } | undefined): void {
    this.#peerStore.merge(peer, { tags: { [TAG]: tag } }).catch(this.#onError);
  }
}
