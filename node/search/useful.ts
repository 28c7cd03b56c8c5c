import type { Network } from '../network/index.js';
import { KEPT_PEERS, MOST_WEIGHT } from '../network/kept-peers.js';

/** Milliseconds between two looks at who is useful. */
const LOOK_AFTER = 60 * 1000;
/** What counts of earlier answers at each look: who has not been asked for an hour counts as nobody. */
const DECAY = 0.9;
/** Index nodes that are counted; beyond it those that answered least are forgotten. */
const COUNTED = 500;

/** Which index nodes answer this node's searches most: their connections are the last to be given up. */
export class UsefulPeers {
  readonly #network: Pick<Network, 'keep' | 'peerId'>;
  readonly #now: () => number;
  readonly #answers = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(network: Pick<Network, 'keep' | 'peerId'>, now: () => number) {
    this.#network = network;
    this.#now = now;
  }

  /** These have answered. */
  count(peers: Iterable<string>): void {
    for (const peer of peers) {
      if (peer !== this.#network.peerId) this.#answers.set(peer, (this.#answers.get(peer) ?? 0) + 1);
    }
    if (this.#now() - this.#lookedAt >= LOOK_AFTER) this.#look();
  }

  #look(): void {
    this.#lookedAt = this.#now();
    const best = [...this.#answers].sort(([, a], [, b]) => b - a).slice(0, COUNTED);
    this.#answers.clear();
    const most = best[0]?.[1] ?? 0;
    best.forEach(([peer, answers], place) => {
      if (answers * DECAY >= 0.5) this.#answers.set(peer, answers * DECAY);
      if (place < KEPT_PEERS) this.#network.keep(peer, Math.ceil((MOST_WEIGHT * answers) / most));
    });
  }
}
