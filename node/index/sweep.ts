import { sharesPrefix } from '../../protocol/keyspace.js';
import { COPIES, type KeyPlace } from '../../protocol/search/posting-keys.js';
import { hex } from '../bytes.js';
import { LOOKUP_SIZE, type PeerRef } from '../network/index.js';
import { responsible } from './responsible.js';

/** How long a region's members are trusted before it is looked up again: nodes come and go. */
export const REGION_LIFETIME = 5 * 60 * 1000;
/** So few nodes are often a network that has only begun to be found: the next one that joins must not wait for its cards. */
export const SMALL_NETWORK_LIFETIME = 5_000;
/** A region past its time is still used for so long while it is looked up again: publishing must not stop for look-ups. */
const STALE_TIME = 60_000;
/** Smaller ones are looked up first: each node that is missed there would be missed by nearly every key. */
const STALE_PEERS = 2 * COPIES;
/** Look-ups at once: each dials, and kad-dht takes five new connections a second from one address. */
const CONCURRENT_LOOKUPS = 3;
/** 2^24 regions is more than any network has nodes; deeper splitting would mean a look-up that lies. */
const DEEPEST = 24;
/** Places that had to be looked up for themselves, in sparse corners of the key space; an entry has twenty peers. */
const SINGLE_PLACES = 2_000;

/** The nodes to choose from for all places in one part of the key space. */
export interface Region {
  readonly peers: readonly PeerRef[];
  /** Milliseconds UTC until which it is trusted; earlier where one of its nodes turned out to be gone. */
  until: number;
}

/** A part of the key space: its region, or undefined where it is too full for one look-up and must be split. */
interface Part {
  readonly region: Region | undefined;
  until: number;
  refreshing: boolean;
}

export interface SweepOptions {
  /** The nodes nearest to a key, nearest first, this node included where it belongs. */
  readonly lookup: (preimage: Uint8Array, signal?: AbortSignal) => Promise<PeerRef[]>;
  readonly now: () => number;
}

/**
 * Finds the nodes that are responsible for many keys at the cost of few look-ups: keys are grouped by region of the key
 * space. A look-up shows all members of a region when it also returned a node outside of it; a region that is not
 * covered is split in two (DESIGN section 5, "Publishing sweeps").
 */
export class Sweep {
  readonly #options: SweepOptions;
  readonly #parts = new Map<string, Part>();
  readonly #singles = new Map<string, Region>();

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** For each place the {@link COPIES} nodes responsible for it, nearest first. */
  async closest(places: readonly KeyPlace[], signal?: AbortSignal): Promise<PeerRef[][]> {
    const regions = await this.regions(places, signal);
    return places.map(({ kadId }, at) => responsible(regions[at]?.peers ?? [], kadId));
  }

  /** For each place the region that it lies in. */
  async regions(places: readonly KeyPlace[], signal?: AbortSignal): Promise<Region[]> {
    const result: Region[] = [];
    let wave: { depth: number; members: number[] }[] =
      places.length === 0 ? [] : [{ depth: 0, members: places.map((_, index) => index) }];
    while (wave.length > 0) {
      const next: { depth: number; members: number[] }[] = [];
      for (let start = 0; start < wave.length; start += CONCURRENT_LOOKUPS) {
        signal?.throwIfAborted();
        const settled = wave.slice(start, start + CONCURRENT_LOOKUPS).map(async ({ depth, members }) => {
          const first = places[members[0] ?? 0];
          if (first === undefined) return;
          const region = await this.#region(first, depth, members.length === 1, signal);
          if (region === undefined && depth < DEEPEST) next.push(...split(places, members, depth));
          else for (const member of members) result[member] = region ?? { peers: [], until: 0 };
        });
        await Promise.all(settled);
      }
      wave = next;
    }
    return result;
  }

  /** Whether what was given out as this region still counts. */
  isCurrent(region: Region): boolean {
    return this.#options.now() < region.until;
  }

  /** Forgets what is known of the network's regions, or of those that a node is in that turned out to be gone. */
  forget(peer?: string): void {
    const isMeant = (region: Region | undefined): boolean =>
      peer === undefined || region?.peers.some(({ id }) => id === peer) === true;
    for (const [name, { region }] of this.#parts) {
      if (!isMeant(region)) continue;
      if (region !== undefined) region.until = 0;
      this.#parts.delete(name);
    }
    for (const [name, region] of this.#singles) {
      if (!isMeant(region)) continue;
      region.until = 0;
      this.#singles.delete(name);
    }
  }

  /** What to choose from, or undefined where the part must be split. */
  async #region(place: KeyPlace, depth: number, single: boolean, signal?: AbortSignal): Promise<Region | undefined> {
    const { now } = this.#options;
    const name = prefixName(place.kadId, depth);
    const known = this.#parts.get(name);
    if (known !== undefined) {
      if (now() < known.until) return known.region;
      if (isUsable(known) && now() < known.until + STALE_TIME) {
        this.#refresh(known, place, depth, name);
        return known.region;
      }
    }
    if (single) {
      const alone = this.#singles.get(hex(place.kadId));
      if (alone !== undefined && this.isCurrent(alone)) return alone;
    }
    return this.#lookUp(place, depth, name, single, signal);
  }

  async #lookUp(
    place: KeyPlace,
    depth: number,
    name: string,
    single: boolean,
    signal?: AbortSignal,
  ): Promise<Region | undefined> {
    const { lookup, now } = this.#options;
    const peers = await lookup(place.preimage, signal);
    const inside = peers.filter((peer) => sharesPrefix(peer.kadId, place.kadId, depth)).length;
    const wholeNetwork = peers.length < LOOKUP_SIZE;
    const covered = wholeNetwork || (inside < peers.length && inside >= COPIES);
    const until = now() + (wholeNetwork ? SMALL_NETWORK_LIFETIME : REGION_LIFETIME);
    const before = this.#parts.get(name)?.region;
    // The same nodes as before: what was chosen from them holds on.
    const isSame = before !== undefined && sameMembers(before.peers, peers);
    const region = isSame ? before : { peers, until };
    region.until = until;
    if (covered || inside === peers.length)
      this.#parts.set(name, { region: covered ? region : undefined, until, refreshing: false });
    // What a look-up of a place itself gives is right for that place, however many the region has: with fewer than COPIES
    // members it borrows neighbours, and which ones differs by place.
    if (!covered && single) this.#keepSingle(hex(place.kadId), region);
    return covered || single ? region : undefined;
  }

  #keepSingle(name: string, region: Region): void {
    this.#singles.delete(name);
    this.#singles.set(name, region);
    const oldest = this.#singles.size > SINGLE_PLACES ? this.#singles.keys().next().value : undefined;
    if (oldest !== undefined) this.#singles.delete(oldest);
  }

  /** Looks a part up again while what was known of it goes on being used. */
  #refresh(part: Part, place: KeyPlace, depth: number, name: string): void {
    if (part.refreshing) return;
    part.refreshing = true;
    // One that fails is tried again by the next who needs the region.
    this.#lookUp(place, depth, name, false).then(undefined, () => (part.refreshing = false));
  }
}

/** What is split stays so for a while longer without harm; few nodes are looked up first. */
function isUsable({ region }: Part): boolean {
  return region === undefined || region.peers.length >= STALE_PEERS;
}

function split(
  places: readonly KeyPlace[],
  members: readonly number[],
  depth: number,
): { depth: number; members: number[] }[] {
  const halves: [number[], number[]] = [[], []];
  for (const member of members) halves[bitAt(places[member]?.kadId, depth)].push(member);
  return halves.filter((half) => half.length > 0).map((half) => ({ depth: depth + 1, members: half }));
}

function bitAt(id: Uint8Array | undefined, index: number): 0 | 1 {
  return (((id?.[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) === 1 ? 1 : 0;
}

function sameMembers(a: readonly PeerRef[], b: readonly PeerRef[]): boolean {
  const ids = new Set(a.map(({ id }) => id));
  return a.length === b.length && b.every(({ id }) => ids.has(id));
}

function prefixName(id: Uint8Array, depth: number): string {
  let name = '';
  for (let index = 0; index < depth; index++) name += bitAt(id, index);
  return name;
}
