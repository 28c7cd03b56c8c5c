import type { PeerRef } from './index.js';

/** Keys remembered; more than one node asks for in the seconds that a result is of use. */
const MAX_KEYS = 256;

interface Recent {
  readonly found: Promise<readonly PeerRef[]>;
  /** Milliseconds of a clock that nobody sets; undefined while it is under way. */
  endedAt: number | undefined;
}

/** Look-ups under way and of late: when a node starts, several of its parts look for the same place at once. */
export class RecentLookups {
  readonly #lookup: (key: Uint8Array) => Promise<readonly PeerRef[]>;
  readonly #recent = new Map<string, Recent>();

  constructor(lookup: (key: Uint8Array) => Promise<readonly PeerRef[]>) {
    this.#lookup = lookup;
  }

  /** What is found for the key: now, or where that is under way or ended less than `maxAge` milliseconds ago, by others. */
  get(key: Uint8Array, maxAge: number): Promise<readonly PeerRef[]> {
    const name = Buffer.from(key).toString('hex');
    const known = this.#recent.get(name);
    if (known !== undefined && (known.endedAt === undefined || performance.now() - known.endedAt < maxAge))
      return known.found;
    const recent: Recent = { found: this.#lookup(key), endedAt: undefined };
    this.#recent.delete(name);
    this.#recent.set(name, recent);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= MAX_KEYS) break;
      this.#recent.delete(oldest);
    }
    recent.found.then(
      (found) => {
        recent.endedAt = performance.now();
        // Who was alone a moment ago may not be any more.
        if (found.every(({ self }) => self)) this.#forget(name, recent);
      },
      () => this.#forget(name, recent),
    );
    return recent.found;
  }

  #forget(name: string, recent: Recent): void {
    if (this.#recent.get(name) === recent) this.#recent.delete(name);
  }
}
