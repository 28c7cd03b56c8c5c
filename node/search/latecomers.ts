import { createBoundedCache } from '../../protocol/bounded-cache.js';

const REMEMBERED = 1_000;
/** For so many milliseconds: one whose answers now come in time, but after those of others, has no other way to show it. */
const REMEMBERED_FOR = 5 * 60 * 1000;

/**
 * Index nodes that were late when they were last asked. They are asked again, for they may have recovered, but others at once beside
 * them: whoever is always slow, by weakness or on purpose, costs a message and not the time of each search.
 */
export class Latecomers {
  /** Until when, by `performance.now()`. */
  readonly #late = createBoundedCache<number>(REMEMBERED);

  has(peer: string): boolean {
    return (this.#late.get(peer) ?? 0) > performance.now();
  }

  late(peer: string): void {
    this.#late.set(peer, performance.now() + REMEMBERED_FOR);
  }

  inTime(peer: string): void {
    if (this.has(peer)) this.#late.set(peer, 0);
  }
}
