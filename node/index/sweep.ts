import { sharesPrefix } from '../../protocol/keyspace.js';
import type { KeyPlace } from '../../protocol/search/posting-keys.js';
import { hex } from '../bytes.js';
import type { PeerRef } from '../network/index.js';
import { unlessAborted } from '../network/time-limit.js';
import { Regions, type Region } from './regions.js';

/**
 * Look-ups at once. Each asks twenty nodes at a time, and libp2p dials 32 at once (node/network/libp2p.ts): with more of them dials wait so
 * long that nodes which are there are taken for gone. Simulated at 10,000 nodes, eight at once bring hardly a card to its quorum.
 */
const CONCURRENT_LOOKUPS = 3;

/** A place that is to be looked up, and who waits for it; nobody, where it is only to be made fresh. */
interface Want {
  readonly place: KeyPlace;
  readonly takers: Taker[];
}

interface Taker {
  readonly resolve: (region: Region) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

export interface SweepOptions {
  /** The nodes nearest to a key, nearest first, this node included where it belongs. */
  readonly lookup: (preimage: Uint8Array, signal?: AbortSignal) => Promise<PeerRef[]>;
  readonly now: () => number;
}

/**
 * Finds the nodes that are responsible for many keys at the cost of few look-ups (DESIGN section 5, "Publishing sweeps"): each shows a
 * part of the key space (regions.ts), so none is begun that another one's part will most likely spare. Places far from each other are
 * looked up side by side, in the order in which they were asked for.
 */
export class Sweep {
  readonly #options: SweepOptions;
  readonly #regions: Regions;
  /** By place; oldest first. */
  readonly #wanted = new Map<string, Want>();
  readonly #running = new Map<string, KeyPlace>();
  /** Depth of the part found last: places that share so many bits are most likely covered together. */
  #usualDepth = 0;

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#regions = new Regions({ now: options.now, onStale: (place) => this.#refresh(place) });
  }

  /** For each place the region that it lies in. @throws what a look-up throws; the signal's reason */
  async regions(places: readonly KeyPlace[], signal?: AbortSignal): Promise<Region[]> {
    signal?.throwIfAborted();
    const all = Promise.all(places.map(async (place) => this.known(place) ?? this.#want(place, signal)));
    return signal === undefined ? all : unlessAborted(all, signal);
  }

  /** The region that a place lies in, where it is known; one whose time is over is looked up again meanwhile. */
  known(place: KeyPlace): Region | undefined {
    return this.#regions.known(place);
  }

  /** Whether what was given out as this region still counts. */
  isCurrent(region: Region): boolean {
    return this.#regions.isCurrent(region);
  }

  /** Forgets what is known of the network's regions, or of those that a node is in that turned out to be gone. */
  forget(peer?: string): void {
    this.#regions.forget(peer);
  }

  #want(place: KeyPlace, signal: AbortSignal | undefined): Promise<Region> {
    return new Promise((resolve, reject) => {
      const name = hex(place.kadId);
      const taker = { resolve, reject, signal };
      const known = this.#wanted.get(name);
      if (known !== undefined) known.takers.push(taker);
      else this.#add(name, { place, takers: [taker] });
    });
  }

  /** What was known of the place goes on being used while it is looked up again. */
  #refresh(place: KeyPlace): void {
    const name = hex(place.kadId);
    if (!this.#wanted.has(name) && !this.#running.has(name)) this.#add(name, { place, takers: [] });
  }

  /** Whoever was there before waits for a turn, or for what is under way: only what is new can begin at once. */
  #add(name: string, want: Want): void {
    this.#wanted.set(name, want);
    this.#begin(name, want);
  }

  /** To be called when a look-up has ended. */
  #next(): void {
    for (const [name, want] of this.#wanted) {
      if (this.#running.size >= CONCURRENT_LOOKUPS) return;
      this.#begin(name, want);
    }
  }

  /** Looks a wanted place up, unless that is to wait. */
  #begin(name: string, want: Want): void {
    const { place, takers } = want;
    // What was looked up for others may have shown this place as well.
    const known = takers.length === 0 ? undefined : this.known(place);
    if (known !== undefined) {
      this.#wanted.delete(name);
      for (const { resolve } of takers) resolve(known);
      return;
    }
    if (this.#running.size >= CONCURRENT_LOOKUPS || this.#isUnderWay(place)) return;
    this.#wanted.delete(name);
    // Whoever has given up was told so already.
    if (takers.length > 0 && takers.every(({ signal }) => signal?.aborted === true)) return;
    this.#running.set(name, place);
    void this.#serve(want).finally(() => {
      this.#running.delete(name);
      this.#next();
    });
  }

  /** Whether what is being looked up will most likely show this place as well. */
  #isUnderWay({ kadId }: KeyPlace): boolean {
    for (const other of this.#running.values()) if (sharesPrefix(other.kadId, kadId, this.#usualDepth)) return true;
    return false;
  }

  async #serve({ place, takers }: Want): Promise<void> {
    const signal = takers[0]?.signal;
    try {
      const peers = await this.#options.lookup(place.preimage, signal);
      // A look-up that was cut short says nothing of who is missing in it.
      signal?.throwIfAborted();
      const region = this.#take(place, peers);
      for (const { resolve } of takers) resolve(region);
    } catch (error) {
      for (const taker of takers) {
        // Another one's end is none of theirs.
        if (signal?.aborted === true && taker.signal?.aborted !== true)
          void this.#want(place, taker.signal).then(taker.resolve, taker.reject);
        else taker.reject(error);
      }
    }
  }

  /** Keeps what a look-up has shown, and gives it to all who wait for a place in it. */
  #take(place: KeyPlace, peers: readonly PeerRef[]): Region {
    const { region, depth } = this.#regions.take(place, peers);
    if (depth === undefined) return region;
    this.#usualDepth = depth;
    for (const [name, want] of this.#wanted) {
      if (!sharesPrefix(want.place.kadId, place.kadId, depth)) continue;
      this.#wanted.delete(name);
      for (const { resolve } of want.takers) resolve(region);
    }
    return region;
  }
}
