import { createBoundedCache, type BoundedCache } from '../../protocol/bounded-cache.js';
import { compareDistance } from '../../protocol/keyspace.js';
import { COPIES, placeOf, readShardKey, SALTS, shardKey, shardOf } from '../../protocol/search/posting-keys.js';
import { LOOKUP_SIZE, type PeerRef } from '../network/index.js';
import { LAST_RANK } from './handover-options.js';
import type { HandoverSource } from './handover-source.js';
import type { PeerTable } from './peer-table.js';
import { farthestResponsible, responsible } from './responsible.js';

/**
 * Names whose places, and how far their holders reach, are remembered: common words come with thousands of cards. 25 MB at most, while
 * a pass is under way.
 */
const REMEMBERED_NAMES = 50_000;

/** Where the cards of a name stand, one place a salt. */
export class Places {
  readonly #network: string;
  readonly #cache = createBoundedCache<readonly Uint8Array[]>(REMEMBERED_NAMES);

  constructor(network: string) {
    this.#network = network;
  }

  of(name: string): readonly Uint8Array[] {
    return remembered(this.#cache, name, () => {
      const { key, shard } = readShardKey(name);
      return SALTS.map((salt) => placeOf(this.#network, key, salt, shard).kadId);
    });
  }
}

/**
 * The names under which a listing should be held somewhere: those it is held under here and, where one of them has become so
 * common that it is to be split, the name of its shard as well.
 */
export function namesOf(listing: string, names: readonly string[], source: Pick<HandoverSource, 'bitsOf'>): string[] {
  const shards = names.flatMap((name) => shardToBe(listing, name, source) ?? []);
  return shards.length === 0 ? [...names] : [...new Set([...names, ...shards])];
}

/** The name of the listing's shard, where a name is to be split further than it is. */
export function shardToBe(listing: string, name: string, source: Pick<HandoverSource, 'bitsOf'>): string | undefined {
  const bits = source.bitsOf(name);
  const { key, shard } = readShardKey(name);
  return bits > shard.length ? shardKey(key, shardOf(listing, bits)) : undefined;
}

/** Those of `peers` that hold a place; nobody where the place is so far from `self` that `peers` cannot say who does. */
function holdersIn(peers: PeerTable, place: Uint8Array, self: string): PeerRef[] {
  const near = peers.nearest(place, LOOKUP_SIZE);
  return near.length < LOOKUP_SIZE || near.some(({ id }) => id === self) ? responsible(near, place) : [];
}

/** What is known of the neighbourhood, before and now, and to whom something is still to be brought from before. */
export interface Change {
  readonly before: PeerTable;
  readonly now: PeerTable;
  readonly behind: ReadonlySet<string>;
}

/** By name, for each of its places, how far its farthest holder is: a {@link distance}. */
export type Reaches = BoundedCache<readonly number[]>;

export const noReaches = (): Reaches => createBoundedCache(REMEMBERED_NAMES);

/**
 * Who must be brought what by a change. Nobody who comes or goes farther from a place than its holders reach changes who they
 * are: one pass leaves to the next how far that is, which then looks closely at the few names near to whom the change concerns.
 */
export class Receivers {
  /** As of {@link Change.now}, for the next pass. */
  readonly reaches = noReaches();
  readonly #change: Change;
  readonly #places: Places;
  readonly #self: string;
  readonly #reachesBefore: Reaches;
  readonly #concerned: readonly PeerRef[];
  readonly #found = createBoundedCache<readonly string[]>(REMEMBERED_NAMES);
  readonly #foundOfNew = createBoundedCache<readonly string[]>(REMEMBERED_NAMES);

  /** @param reachesBefore of the pass in which `change.before` was what is now */
  constructor(change: Change, places: Places, self: string, reachesBefore: Reaches) {
    this.#change = change;
    this.#places = places;
    this.#self = self;
    this.#reachesBefore = reachesBefore;
    this.#concerned = concernedBy(change);
  }

  /** Peer ids of those who must be brought the cards of a name. */
  of(name: string): readonly string[] {
    return remembered(this.#found, name, () => {
      const { before, now } = this.#change;
      const known = this.#reachesBefore.get(name);
      const reaches: number[] = [];
      const receivers = this.#places.of(name).flatMap((place, at) => {
        const reach = known?.[at] ?? reachIn(before, place);
        const isTouched = this.#concerned.some(({ kadId }) => distance(kadId, place) <= reach);
        reaches.push(isTouched ? reachIn(now, place) : reach);
        return isTouched ? receiversIn(this.#change, place, this.#self) : [];
      });
      this.reaches.set(name, reaches);
      return receivers.map(({ id }) => id);
    });
  }

  /** The same of a shard that is new to the network: all who hold its name now. */
  ofNewShard(name: string): readonly string[] {
    return remembered(this.#foundOfNew, name, () =>
      this.#places.of(name).flatMap((place) => holdersIn(this.#change.now, place, this.#self).map(({ id }) => id)),
    );
  }
}

function remembered<V>(cache: BoundedCache<V>, name: string, find: () => V): V {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const found = find();
  cache.set(name, found);
  return found;
}

/** Those who came, are gone, are seen elsewhere (which decides among address blocks) or are behind. */
function concernedBy({ before, now, behind }: Change): PeerRef[] {
  const gone = [...before].filter(({ id }) => !now.has(id));
  const others = [...now].filter((peer) => {
    const known = before.get(peer.id);
    return known === undefined || whereSeen(known) !== whereSeen(peer) || behind.has(peer.id);
  });
  return [...gone, ...others];
}

/**
 * Who must be brought the cards of a place now: who holds it now and did not before, or is behind; and where a holder is gone
 * all who hold it now, for the fewer copies there are, the more does one matter that was lacking all along.
 */
export function receiversIn({ before, now, behind }: Change, place: Uint8Array, self: string): PeerRef[] {
  const held = responsible(before.nearest(place, LOOKUP_SIZE), place);
  const others = holdersIn(now, place, self).filter(({ id }) => id !== self);
  if (held.some(({ id }) => !now.has(id))) return others;
  const known = new Set(held.map(({ id }) => id));
  return others.filter(({ id }) => !known.has(id) || behind.has(id));
}

/** How far the holders of a place reach; without end where there are too few, for then whoever comes is one. */
function reachIn(peers: PeerTable, place: Uint8Array): number {
  const farthest = farthestResponsible(peers.nearest(place, LOOKUP_SIZE), place);
  return farthest === undefined ? Infinity : distance(farthest.kadId, place);
}

/** The first 48 bits of a distance as a number: of two that differ in it the smaller is the nearer. */
function distance(a: Uint8Array, b: Uint8Array): number {
  let value = 0;
  for (let at = 0; at < 6; at++) value = value * 256 + ((a[at] ?? 0) ^ (b[at] ?? 0));
  return value;
}

function whereSeen({ self, addresses, seenAt }: PeerRef): string | undefined {
  return self ? addresses.join() : seenAt;
}

/** How many of those who were there before are nearer to the receiver than this node: they hand over first. */
export function rankFor(receiver: PeerRef, { before, now }: Change, self: PeerRef): number {
  let rank = 0;
  for (const peer of now) {
    if (peer.id === receiver.id || peer.id === self.id || !before.has(peer.id)) continue;
    if (compareDistance(peer.kadId, self.kadId, receiver.kadId) < 0) rank++;
  }
  return Math.min(rank, LAST_RANK);
}

/** Whether so many of the known peers are nearer to a place that this node's copy is a spare one. */
export function isFarFrom(place: Uint8Array, nearest: readonly PeerRef[], self: PeerRef): boolean {
  return nearest.filter(({ kadId }) => compareDistance(kadId, self.kadId, place) < 0).length >= 2 * COPIES;
}
