import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { COPIES, placeOf, readShardKey, SALTS, type KeyPlace } from '../../protocol/search/posting-keys.js';
import { responsible } from './responsible.js';
import type { Region, Sweep } from './sweep.js';

/** Names whose nodes are kept: the words of a shop come again with nearly every listing. About 700 bytes each. */
const CACHED_NAMES = 10_000;

/** Who is to hold the cards under one name, in one salt. */
export interface Target {
  /** Peer ids, nearest first; those that did not answer a moment ago are replaced by the next nearest. */
  readonly peers: readonly string[];
  /** How many there should be: fewer than {@link COPIES} only where the network has no more nodes. */
  readonly wanted: number;
}

interface Entry {
  /** One a salt, as are regions and targets. */
  readonly places: readonly KeyPlace[];
  regions: readonly Region[];
  targets: readonly Target[];
  epoch: number;
}

export interface TargetsDeps {
  readonly networkName: string;
  readonly sweep: Sweep;
}

/** A place that keeps its 32 bytes only: what they are the hash of is needed when the place itself is looked up, which is seldom. */
class LazyPlace implements KeyPlace {
  readonly kadId: Uint8Array;
  readonly #networkName: string;
  readonly #name: string;
  readonly #salt: number;

  constructor(networkName: string, name: string, salt: number) {
    this.#networkName = networkName;
    this.#name = name;
    this.#salt = salt;
    this.kadId = this.#place().kadId;
  }

  get preimage(): Uint8Array {
    return this.#place().preimage;
  }

  #place(): KeyPlace {
    const { key, shard } = readShardKey(this.#name);
    return placeOf(this.#networkName, key, this.#salt, shard);
  }
}

/** The nodes that names are to be held at. What a name comes to is kept as long as its regions are. */
export class Targets {
  readonly #deps: TargetsDeps;
  readonly #entries = createBoundedCache<Entry>(CACHED_NAMES);
  readonly #avoided = new Set<string>();
  #epoch = 0;

  constructor(deps: TargetsDeps) {
    this.#deps = deps;
  }

  /** From now on others are chosen in this node's place, or it is chosen again. */
  avoid(peer: string, avoided: boolean): void {
    if (avoided === this.#avoided.has(peer)) return;
    if (avoided) this.#avoided.add(peer);
    else this.#avoided.delete(peer);
    this.#epoch++;
  }

  /** For each name one target a salt. @throws what a look-up throws; the signal's reason */
  async of(names: Iterable<string>, signal?: AbortSignal): Promise<Map<string, readonly Target[]>> {
    const found = new Map<string, readonly Target[]>();
    const missing: string[] = [];
    for (const name of names) {
      if (found.has(name)) continue;
      const entry = this.#entries.get(name);
      if (entry === undefined || !entry.regions.every((region) => this.#deps.sweep.isCurrent(region))) {
        found.set(name, []);
        missing.push(name);
        continue;
      }
      if (entry.epoch !== this.#epoch) this.#choose(entry);
      found.set(name, entry.targets);
    }
    if (missing.length === 0) return found;
    const entries = missing.map((name) => this.#entries.get(name) ?? this.#newEntry(name));
    const regions = await this.#deps.sweep.regions(
      entries.flatMap(({ places }) => places),
      signal,
    );
    for (const [at, entry] of entries.entries()) {
      const own = regions.slice(at * SALTS.length, (at + 1) * SALTS.length);
      const isSame = entry.epoch === this.#epoch && own.every((region, salt) => region === entry.regions[salt]);
      entry.regions = own;
      if (!isSame) this.#choose(entry);
      const name = missing[at] ?? '';
      this.#entries.set(name, entry);
      found.set(name, entry.targets);
    }
    return found;
  }

  #newEntry(name: string): Entry {
    return { places: this.#placesOf(name), regions: [], targets: [], epoch: -1 };
  }

  #placesOf(name: string): KeyPlace[] {
    return SALTS.map((salt) => new LazyPlace(this.#deps.networkName, name, salt));
  }

  #choose(entry: Entry): void {
    entry.epoch = this.#epoch;
    entry.targets = entry.regions.map(({ peers }, salt): Target => {
      const kadId = entry.places[salt]?.kadId ?? new Uint8Array(32);
      const usable = this.#avoided.size === 0 ? peers : peers.filter(({ id }) => !this.#avoided.has(id));
      return {
        peers: responsible(usable, kadId).map(({ id }) => id),
        wanted: Math.min(COPIES, peers.length),
      };
    });
  }
}
