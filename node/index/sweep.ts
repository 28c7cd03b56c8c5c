import { compareDistance, sharesPrefix } from '../../protocol/keyspace.js';
import { COPIES, type KeyPlace } from '../../protocol/search/posting-keys.js';
import { LOOKUP_SIZE, type PeerRef } from '../network/index.js';

/** How long a region's members are trusted before it is looked up again: nodes come and go. */
export const REGION_LIFETIME = 5 * 60 * 1000;
/** So few nodes are often a network that has only begun to be found: the next one that joins must not wait for its cards. */
export const SMALL_NETWORK_LIFETIME = 5_000;
/** Look-ups at once: each dials, and kad-dht takes five new connections a second from one address. */
const CONCURRENT_LOOKUPS = 3;
/** 2^24 regions is more than any network has nodes; deeper splitting would mean a look-up that lies. */
const DEEPEST = 24;

interface Region {
  /** Undefined: known to be too full for one look-up. */
  readonly peers: readonly PeerRef[] | undefined;
  /** Milliseconds UTC. */
  readonly until: number;
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
  readonly #regions = new Map<string, Region>();

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** For each place the {@link COPIES} nodes responsible for it, nearest first. */
  async closest(places: readonly KeyPlace[], signal?: AbortSignal): Promise<PeerRef[][]> {
    const result: PeerRef[][] = places.map(() => []);
    let wave: { depth: number; members: number[] }[] =
      places.length === 0 ? [] : [{ depth: 0, members: places.map((_, index) => index) }];
    while (wave.length > 0) {
      const next: { depth: number; members: number[] }[] = [];
      for (let start = 0; start < wave.length; start += CONCURRENT_LOOKUPS) {
        signal?.throwIfAborted();
        const settled = wave.slice(start, start + CONCURRENT_LOOKUPS).map(async ({ depth, members }) => {
          const first = places[members[0] ?? 0];
          if (first === undefined) return;
          const peers = await this.#region(first, depth, members.length === 1, signal);
          if (peers === undefined && depth < DEEPEST) next.push(...split(places, members, depth));
          else for (const member of members) result[member] = nearest(peers ?? [], places[member], COPIES);
        });
        await Promise.all(settled);
      }
      wave = next;
    }
    return result;
  }

  /** Forgets what is known of the network's regions, after nodes turned out to be gone. */
  forget(): void {
    this.#regions.clear();
  }

  /** The nodes to choose from for a region, or undefined where it must be split. */
  async #region(
    place: KeyPlace,
    depth: number,
    single: boolean,
    signal?: AbortSignal,
  ): Promise<readonly PeerRef[] | undefined> {
    const { lookup, now } = this.#options;
    const name = prefixName(place.kadId, depth);
    const known = this.#regions.get(name);
    if (known !== undefined && now() < known.until) return known.peers;
    const peers = await lookup(place.preimage, signal);
    const inside = peers.filter((peer) => sharesPrefix(peer.kadId, place.kadId, depth)).length;
    const wholeNetwork = peers.length < LOOKUP_SIZE;
    const covered = wholeNetwork || (inside < peers.length && inside >= COPIES);
    if (covered || inside === peers.length) {
      const until = now() + (wholeNetwork ? SMALL_NETWORK_LIFETIME : REGION_LIFETIME);
      this.#regions.set(name, { peers: covered ? peers : undefined, until });
    }
    // What a look-up of a place itself gives is right for that place, however many the region has: with fewer than COPIES
    // members it borrows neighbours, and which ones differs by place.
    return covered || single ? peers : undefined;
  }
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

function prefixName(id: Uint8Array, depth: number): string {
  let name = '';
  for (let index = 0; index < depth; index++) name += bitAt(id, index);
  return name;
}

function nearest(peers: readonly PeerRef[], place: KeyPlace | undefined, count: number): PeerRef[] {
  if (place === undefined) return [];
  return [...peers].sort((a, b) => compareDistance(a.kadId, b.kadId, place.kadId)).slice(0, count);
}
