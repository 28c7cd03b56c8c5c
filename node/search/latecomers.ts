import { createBoundedCache } from '../../protocol/bounded-cache.js';

const REMEMBERED = 1_000;

/**
 * Index nodes that were late when they were last asked. They are asked again, for they may have recovered, but others at once beside
 * them: whoever is always slow, by weakness or on purpose, costs a message and not the time of each search.
 */
export class Latecomers {
  readonly #late = createBoundedCache<boolean>(REMEMBERED);

  has(peer: string): boolean {
    return this.#late.get(peer) === true;
  }

  late(peer: string): void {
    this.#late.set(peer, true);
  }

  inTime(peer: string): void {
    if (this.has(peer)) this.#late.set(peer, false);
  }
}
