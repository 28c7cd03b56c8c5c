import { commonPrefixLength, leadingBits, sharesPrefix, withBitFlipped } from '../../protocol/keyspace.js';
import { COPIES, type KeyPlace } from '../../protocol/search/posting-keys.js';
import { hex } from '../bytes.js';
import { LOOKUP_SIZE, type PeerRef } from '../network/index.js';

/** How long a region's members are trusted before it is looked up again: nodes come and go. */
export const REGION_LIFETIME = 5 * 60 * 1000;
/** So few nodes are often a network that has only begun to be found: the next one that joins must not wait for its cards. */
export const SMALL_NETWORK_LIFETIME = 5_000;
/** A region past its time is still used for so long while it is looked up again: publishing must not stop for look-ups. */
export const STALE_TIME = 60_000;
/** Smaller ones are looked up first: each node that is missed there would be missed by nearly every key. */
const STALE_PEERS = 2 * COPIES;
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

/** A part with fewer than {@link COPIES} nodes, and only these: which others a place in it borrows differs by place. */
class Sparse implements Found {
  readonly depth: number;
  readonly peers: readonly PeerRef[];
  until: number;
  readonly #joined = new WeakMap<Region, Joined>();

  constructor(depth: number, peers: readonly PeerRef[], until: number) {
    this.depth = depth;
    this.peers = peers;
    this.until = until;
  }

  /** What this part and a region of its sibling come to; the same each time, so that what was chosen from them holds on. */
  with(sibling: Region): Region {
    const known = this.#joined.get(sibling);
    if (known !== undefined) return known;
    const both = new Joined(this, sibling);
    this.#joined.set(sibling, both);
    return both;
  }
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

/** A part of the key space that one look-up has shown whole. */
interface Part {
  /** Leading bits that all of it share. */
  readonly depth: number;
  readonly region: Found;
  /** That was looked up. */
  readonly place: KeyPlace;
}

/** What one look-up has shown. */
export interface Shown {
  readonly region: Region;
  /** It is the region of all places that share so many leading bits with the one looked up; undefined: of that one only. */
  readonly depth: number | undefined;
}

export interface RegionsOptions {
  readonly now: () => number;
  /** Told of a place whose region is used past its time: it should be looked up again. */
  readonly onStale: (place: KeyPlace) => void;
}

/**
 * What look-ups have shown of the key space. One shows all nodes that are nearer to its place than the furthest one that it returned:
 * all that share more leading bits with the place than that one does. Where these are {@link COPIES} or more, their part of the key
 * space is covered, and with it every other place in it.
 */
export class Regions {
  readonly #options: RegionsOptions;
  /** By {@link partName}, those found last at the end. */
  readonly #parts = new Map<number, Part>();
  /** How many parts there are of each depth. */
  readonly #depths = new Map<number, number>();
  readonly #singles = new Map<string, Found>();

  constructor(options: RegionsOptions) {
    this.#options = options;
  }

  /** The region that a place lies in, where it is known. */
  known({ kadId }: KeyPlace): Region | undefined {
    return this.#known(kadId, 0);
  }

  /** @param from depth of the parts that are looked at, and that of all deeper ones */
  #known(kadId: Uint8Array, from: number): Region | undefined {
    const now = this.#options.now();
    let stale: Part | undefined;
    let sparse: Sparse | undefined;
    for (const depth of this.#depths.keys()) {
      const part = depth < from ? undefined : this.#parts.get(partName(kadId, depth));
      if (part === undefined) continue;
      const { region } = part;
      if (now < region.until) {
        if (!(region instanceof Sparse)) return region;
        // That of an image is no part which would ask back.
        if (depth > from) sparse = region;
      } else if (region.peers.length >= STALE_PEERS && now < region.until + STALE_TIME) stale = part;
    }
    const joined = sparse === undefined ? undefined : this.#join(sparse, kadId);
    if (joined !== undefined) return joined;
    const single = this.#singles.size === 0 ? undefined : this.#singles.get(hex(kadId));
    if (single !== undefined && now < single.until) return single;
    if (stale !== undefined) this.#options.onStale(stale.place);
    return stale?.region;
  }

  /**
   * What is nearest to a place behind the few nodes of its own part lies in the part's sibling, and there it is what is nearest to
   * the place's image in it. Undefined where nothing is known of that image.
   */
  #join(sparse: Sparse, kadId: Uint8Array): Region | undefined {
    const sibling = this.#known(withBitFlipped(kadId, sparse.depth - 1), sparse.depth);
    return sibling === undefined ? undefined : sparse.with(sibling);
  }

  /** Whether what was given out as this region still counts. */
  isCurrent(region: Region): boolean {
    return this.#options.now() < region.until;
  }

  /** Forgets all, or the regions that a node is in that turned out to be gone. */
  forget(peer?: string): void {
    const isMeant = ({ peers }: Region): boolean => peer === undefined || peers.some(({ id }) => id === peer);
    for (const [name, { region }] of this.#parts) {
      // Whoever a sparse part lacks stands in none of its nodes' lists, so it could not be found out otherwise.
      if (!(region instanceof Sparse) && !isMeant(region)) continue;
      region.until = 0;
      this.#drop(name);
    }
    for (const [name, region] of this.#singles) {
      if (!isMeant(region)) continue;
      region.until = 0;
      this.#singles.delete(name);
    }
  }

  /**
   * Takes in what the look-up of a place has shown.
   * @param peers nearest first; fewer than {@link LOOKUP_SIZE} are all that it met
   */
  take(place: KeyPlace, peers: readonly PeerRef[]): Shown {
    const now = this.#options.now();
    for (const [name, { region }] of this.#parts) if (region.until + STALE_TIME <= now) this.#drop(name);
    const last = peers[LOOKUP_SIZE - 1];
    if (last !== undefined) {
      const depth = commonPrefixLength(last.kadId, place.kadId) + 1;
      return this.#takePart(place, depth, { peers, until: now + REGION_LIFETIME });
    }
    const found = { peers, until: now + SMALL_NETWORK_LIFETIME };
    // Fewer than there are elsewhere is a look-up that went wrong and not a whole network.
    const isLarge = [...this.#parts.values()].some(({ depth, region }) => depth > 0 && !(region instanceof Sparse));
    return isLarge ? this.#keepSingle(place, found) : this.#keepPart(place, 0, found);
  }

  /** @param depth of the part whose nodes are all among those found */
  #takePart(place: KeyPlace, depth: number, found: Found): Shown {
    if (depth > DEEPEST) return this.#keepSingle(place, found);
    const inside = found.peers.filter(({ kadId }) => sharesPrefix(kadId, place.kadId, depth));
    if (inside.length >= COPIES) return this.#keepPart(place, depth, found);
    this.#keepPart(place, depth, new Sparse(depth, inside, found.until));
    return this.#keepSingle(place, found);
  }

  /** Keeps a part in the place of what was known of it, of what shows less of it, and of what was taken for a whole network. */
  #keepPart(place: KeyPlace, depth: number, found: Found): Shown {
    const name = partName(place.kadId, depth);
    const before = this.#parts.get(name)?.region;
    // The same nodes as before: what was chosen from them holds on.
    const region = before !== undefined && sameMembers(before.peers, found.peers) ? before : found;
    region.until = found.until;
    const now = this.#options.now();
    for (const other of this.#depths.keys()) {
      const former = partName(place.kadId, other);
      const old = this.#parts.get(former)?.region;
      if (old === undefined || (other > 0 && other < depth && now < old.until)) continue;
      // Nor does what was chosen from it count any more.
      if (old !== region) old.until = 0;
      this.#drop(former);
    }
    this.#parts.set(name, { depth, region, place });
    this.#depths.set(depth, (this.#depths.get(depth) ?? 0) + 1);
    const oldest = this.#parts.size > MOST_REGIONS ? this.#parts.keys().next().value : undefined;
    if (oldest !== undefined) this.#drop(oldest);
    return { region, depth };
  }

  #drop(name: number): void {
    const part = this.#parts.get(name);
    if (part === undefined) return;
    this.#parts.delete(name);
    const left = (this.#depths.get(part.depth) ?? 0) - 1;
    if (left > 0) this.#depths.set(part.depth, left);
    else this.#depths.delete(part.depth);
  }

  #keepSingle({ kadId }: KeyPlace, region: Found): Shown {
    const name = hex(kadId);
    this.#singles.delete(name);
    this.#singles.set(name, region);
    const oldest = this.#singles.size > SINGLE_PLACES ? this.#singles.keys().next().value : undefined;
    if (oldest !== undefined) this.#singles.delete(oldest);
    return { region, depth: undefined };
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
