import { commonPrefixLength, leadingBits, sharesPrefix, withBitFlipped } from '../../protocol/keyspace.js';
import { COPIES, type KeyPlace } from '../../protocol/search/posting-keys.js';
import { hex } from '../bytes.js';
import { LOOKUP_SIZE, type PeerRef } from '../network/index.js';
import { unlessAborted } from '../network/time-limit.js';
import { responsible } from './responsible.js';

/** How long a region's members are trusted before it is looked up again: nodes come and go. */
export const REGION_LIFETIME = 5 * 60 * 1000;
/** So few nodes are often a network that has only begun to be found: the next one that joins must not wait for its cards. */
export const SMALL_NETWORK_LIFETIME = 5_000;
/** A region past its time is still used for so long while it is looked up again: publishing must not stop for look-ups. */
const STALE_TIME = 60_000;
/** Smaller ones are looked up first: each node that is missed there would be missed by nearly every key. */
const STALE_PEERS = 2 * COPIES;
/**
 * Look-ups at once. Each asks twenty nodes at a time, and libp2p dials 32 at once (node/network/libp2p.ts): with more of them dials wait so
 * long that nodes which are there are taken for gone. Simulated at 10,000 nodes, eight at once bring hardly a card to its quorum.
 */
const CONCURRENT_LOOKUPS = 3;
/** 2^24 regions is more than any network has nodes; deeper ones would mean a look-up that lies. */
const DEEPEST = 24;
/** Regions kept, at some 6 KB each: all of a network of 50,000 nodes. Of a larger one those found last. */
const MOST_REGIONS = 4_000;
/** Places that had to be looked up for themselves, in sparse corners of the key space; an entry has twenty peers. */
const SINGLE_PLACES = 2_000;

/** The nodes to choose from for all places in one part of the key space. */
export interface Region {
  readonly peers: readonly PeerRef[];
  /** Milliseconds UTC until which it is trusted; earlier where one of its nodes turned out to be gone. */
  readonly until: number;
}

/** As a look-up has shown it. */
interface Found extends Region {
  until: number;
}

/** A part of the key space that one look-up has shown whole. */
interface Part {
  readonly depth: number;
  /** Of a sparse part only the nodes inside. */
  readonly region: Found;
  /** That was looked up. */
  readonly place: KeyPlace;
  /** Where fewer than {@link COPIES} nodes are in it: by what is known of its sibling what the two come to, as places in it borrow nodes there. */
  readonly joined: WeakMap<Region, Joined> | undefined;
}

/** A sparse part and what its places borrow from: trusted as long as both are. */
class Joined implements Region {
  readonly peers: readonly PeerRef[];
  readonly #own: Region;
  readonly #sibling: Region;

  constructor(own: Region, sibling: Region) {
    const inside = new Set(own.peers.map(({ id }) => id));
    this.peers = [...own.peers, ...sibling.peers.filter(({ id }) => !inside.has(id))];
    this.#own = own;
    this.#sibling = sibling;
  }

  get until(): number {
    return Math.min(this.#own.until, this.#sibling.until);
  }
}

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
 * Finds the nodes that are responsible for many keys at the cost of few look-ups (DESIGN section 5, "Publishing sweeps"). A look-up
 * shows all nodes that are nearer to its place than the furthest one that it returned: all that share more leading bits with the place
 * than that one does. Where these are {@link COPIES} or more, their part of the key space is covered, and with it every other place
 * in it; so none is looked up that is only to be split afterwards. Places far from each other are looked up side by side, in the
 * order in which they were asked for.
 */
export class Sweep {
  readonly #options: SweepOptions;
  /** By {@link partName}, those found last at the end. */
  readonly #parts = new Map<number, Part>();
  /** How many parts there are of each depth. */
  readonly #depths = new Map<number, number>();
  readonly #singles = new Map<string, Found>();
  /** By place; oldest first. */
  readonly #wanted = new Map<string, Want>();
  readonly #running = new Map<string, KeyPlace>();
  /** Depth of the part found last: places that share so many bits are most likely covered together. */
  #usualDepth = 0;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** For each place the {@link COPIES} nodes responsible for it, nearest first. */
  async closest(places: readonly KeyPlace[], signal?: AbortSignal): Promise<PeerRef[][]> {
    const regions = await this.regions(places, signal);
    return places.map(({ kadId }, at) => responsible(regions[at]?.peers ?? [], kadId));
  }

  /** For each place the region that it lies in. @throws what a look-up throws; the signal's reason */
  async regions(places: readonly KeyPlace[], signal?: AbortSignal): Promise<Region[]> {
    signal?.throwIfAborted();
    const all = Promise.all(places.map(async (place) => this.known(place) ?? this.#want(place, signal)));
    return signal === undefined ? all : unlessAborted(all, signal);
  }

  /** The region that a place lies in, where it is known; one whose time is over is looked up again meanwhile. */
  known({ kadId }: KeyPlace): Region | undefined {
    return this.#known(kadId, 0);
  }

  /** @param from depth of the parts that are looked at, and that of all deeper ones */
  #known(kadId: Uint8Array, from: number): Region | undefined {
    const now = this.#options.now();
    let stale: Part | undefined;
    let sparse: Part | undefined;
    for (const depth of this.#depths.keys()) {
      const part = depth < from ? undefined : this.#parts.get(partName(kadId, depth));
      if (part === undefined) continue;
      if (now < part.region.until) {
        if (part.joined === undefined) return part.region;
        // That of an image is no part which would ask back.
        if (depth > from) sparse = part;
      } else if (part.region.peers.length >= STALE_PEERS && now < part.region.until + STALE_TIME) stale = part;
    }
    const joined = sparse === undefined ? undefined : this.#join(sparse, kadId);
    if (joined !== undefined) return joined;
    const single = this.#singles.size === 0 ? undefined : this.#singles.get(hex(kadId));
    if (single !== undefined && now < single.until) return single;
    if (stale !== undefined) this.#refresh(stale.place);
    return stale?.region;
  }

  /**
   * What is nearest to a place behind the few nodes of its own part lies in the part's sibling, and there it is what is nearest to
   * the place's image in it. Undefined where nothing is known of that image.
   */
  #join({ depth, region, joined }: Part, kadId: Uint8Array): Region | undefined {
    const sibling = this.#known(withBitFlipped(kadId, depth - 1), depth);
    if (sibling === undefined) return undefined;
    const known = joined?.get(sibling);
    if (known !== undefined) return known;
    const both = new Joined(region, sibling);
    joined?.set(sibling, both);
    return both;
  }

  /** Whether what was given out as this region still counts. */
  isCurrent(region: Region): boolean {
    return this.#options.now() < region.until;
  }

  /** Forgets what is known of the network's regions, or of those that a node is in that turned out to be gone. */
  forget(peer?: string): void {
    const isMeant = ({ peers }: Region): boolean => peer === undefined || peers.some(({ id }) => id === peer);
    for (const [name, part] of this.#parts) {
      // Whoever a sparse part lacks stands in none of its nodes' lists, so it could not be found out otherwise.
      if (part.joined === undefined && !isMeant(part.region)) continue;
      part.region.until = 0;
      this.#drop(name);
    }
    for (const [name, region] of this.#singles) {
      if (!isMeant(region)) continue;
      region.until = 0;
      this.#singles.delete(name);
    }
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
    const now = this.#options.now();
    for (const [name, { region }] of this.#parts) if (region.until + STALE_TIME <= now) this.#drop(name);
    const last = peers[LOOKUP_SIZE - 1];
    const depth = last === undefined ? 0 : commonPrefixLength(last.kadId, place.kadId) + 1;
    const inside = peers.filter(({ kadId }) => sharesPrefix(kadId, place.kadId, depth)).length;
    const isLarge = [...this.#parts.values()].some((part) => part.depth > 0 && part.joined === undefined);
    // Fewer than there are elsewhere is a look-up that went wrong and not a whole network.
    const covered = last === undefined ? !isLarge : inside >= COPIES && depth <= DEEPEST;
    const until = now + (last === undefined ? SMALL_NETWORK_LIFETIME : REGION_LIFETIME);
    // With fewer than COPIES nodes inside a place borrows neighbours, and which ones differs by place: right for that place only.
    if (!covered) {
      if (last !== undefined && depth <= DEEPEST)
        this.#keepPart(place, depth, { peers: peers.slice(0, inside), until });
      return this.#keepSingle(hex(place.kadId), { peers, until });
    }
    const region = this.#keepPart(place, depth, { peers, until });
    this.#usualDepth = depth;
    for (const [wanted, want] of this.#wanted) {
      if (!sharesPrefix(want.place.kadId, place.kadId, depth)) continue;
      this.#wanted.delete(wanted);
      for (const { resolve } of want.takers) resolve(region);
    }
    return region;
  }

  /** Keeps a part in the place of what was known of it, of what shows less of it, and of what was taken for a whole network. */
  #keepPart(place: KeyPlace, depth: number, found: Found): Found {
    const name = partName(place.kadId, depth);
    const before = this.#parts.get(name);
    const isSparse = found.peers.length < COPIES && depth > 0;
    // The same nodes as before: what was chosen from them holds on.
    const isSame = before !== undefined && sameMembers(before.region.peers, found.peers);
    const region = isSame ? before.region : found;
    region.until = found.until;
    const now = this.#options.now();
    for (const other of this.#depths.keys()) {
      const former = partName(place.kadId, other);
      const isOver = (this.#parts.get(former)?.region.until ?? 0) <= now;
      if (other === 0 || other >= depth || isOver) this.#drop(former);
    }
    const joined = isSparse ? ((isSame ? before.joined : undefined) ?? new WeakMap<Region, Joined>()) : undefined;
    this.#parts.set(name, { depth, region, place, joined });
    this.#depths.set(depth, (this.#depths.get(depth) ?? 0) + 1);
    const oldest = this.#parts.size > MOST_REGIONS ? this.#parts.keys().next().value : undefined;
    if (oldest !== undefined) this.#drop(oldest);
    return region;
  }

  #drop(name: number): void {
    const part = this.#parts.get(name);
    if (part === undefined) return;
    this.#parts.delete(name);
    const left = (this.#depths.get(part.depth) ?? 0) - 1;
    if (left > 0) this.#depths.set(part.depth, left);
    else this.#depths.delete(part.depth);
  }

  #keepSingle(name: string, region: Found): Found {
    this.#singles.delete(name);
    this.#singles.set(name, region);
    const oldest = this.#singles.size > SINGLE_PLACES ? this.#singles.keys().next().value : undefined;
    if (oldest !== undefined) this.#singles.delete(oldest);
    return region;
  }
}

function sameMembers(a: readonly PeerRef[], b: readonly PeerRef[]): boolean {
  const ids = new Set(a.map(({ id }) => id));
  return a.length === b.length && b.every(({ id }) => ids.has(id));
}

/** One number for the depth and the bits of a part, as numbers hold 53 bits. */
function partName(id: Uint8Array, depth: number): number {
  return depth * 2 ** DEEPEST + leadingBits(id, depth);
}
