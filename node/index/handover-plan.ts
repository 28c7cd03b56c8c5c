import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { compareDistance } from '../../protocol/keyspace.js';
import { COPIES, placeOf, readShardKey, SALTS, shardKey, shardOf } from '../../protocol/search/posting-keys.js';
import { LOOKUP_SIZE, type PeerRef } from '../network/index.js';
import { LAST_RANK } from './handover-options.js';
import type { HandoverSource } from './handover-source.js';
import type { PeerTable } from './peer-table.js';
import { responsible } from './responsible.js';

/** Names whose places are remembered while a plan is made: common words come with thousands of cards. 10 MB at most. */
const REMEMBERED_NAMES = 50_000;

/** Where the cards of a name stand, one place a salt. */
export class Places {
  readonly #network: string;
  readonly #cache = createBoundedCache<readonly Uint8Array[]>(REMEMBERED_NAMES);

  constructor(network: string) {
    this.#network = network;
  }

  of(name: string): readonly Uint8Array[] {
    const known = this.#cache.get(name);
    if (known !== undefined) return known;
    const { key, shard } = readShardKey(name);
    const places = SALTS.map((salt) => placeOf(this.#network, key, salt, shard).kadId);
    this.#cache.set(name, places);
    return places;
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
export function holdersIn(peers: PeerTable, place: Uint8Array, self: string): PeerRef[] {
  const near = peers.nearest(place, LOOKUP_SIZE);
  return near.length < LOOKUP_SIZE || near.some(({ id }) => id === self) ? responsible(near, place) : [];
}

/** What is known of the neighbourhood, before and now, and to whom something is still to be brought from before. */
export interface Change {
  readonly before: PeerTable;
  readonly now: PeerTable;
  readonly behind: ReadonlySet<string>;
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
