import { createMemory } from '../../protocol/memory.js';
import { COPIES, placeOf, readShardKey, SALTS, type KeyPlace } from '../../protocol/search/posting-keys.js';
import type { Region } from './regions.js';
import { responsible } from './responsible.js';
import type { Sweep } from './sweep.js';

/** Names whose nodes are kept: the words of a shop come again with nearly every listing. About 700 bytes each. */
const KEPT_NAMES = 16_000;

/** Who is to hold the cards under one name, in one salt. */
export interface Target {
  /** Peer ids, nearest first; those that did not answer a moment ago are replaced by the next nearest. */
  readonly peers: readonly string[];
  /** How many there should be: fewer than {@link COPIES} only where the network has no more nodes. */
  readonly wanted: number;
}

/** A name with one target a salt. */
export interface NameTargets {
  /** The same text each time: comparing it with itself is quick. */
  readonly name: string;
  readonly targets: readonly Target[];
}

interface Entry extends NameTargets {
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
  readonly #entries = createMemory<Entry>(KEPT_NAMES);
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

  /** The targets of these names, in their order. @throws what a look-up throws; the signal's reason */
  async of(names: readonly string[], signal?: AbortSignal): Promise<readonly NameTargets[]> {
    const { sweep } = this.#deps;
    // Names of one posting share few regions.
    const current = new Set<Region>();
    const isCurrent = (region: Region): boolean => {
      if (current.has(region)) return true;
      if (!sweep.isCurrent(region)) return false;
      current.add(region);
      return true;
    };
    const missing = new Set<Entry>();
    const entries = names.map((name) => {
      const entry = this.#entry(name);
      const isKnown = entry.regions.length > 0 && entry.regions.every(isCurrent);
      const regions = isKnown ? entry.regions : entry.places.flatMap((place) => sweep.known(place) ?? []);
      if (regions.length < SALTS.length) missing.add(entry);
      else this.#update(entry, regions);
      return entry;
    });
    if (missing.size === 0) return entries;
    const lacking = [...missing];
    const places = lacking.flatMap((entry) => entry.places);
    const regions = await sweep.regions(places, signal);
    for (const [at, entry] of lacking.entries())
      this.#update(entry, regions.slice(at * SALTS.length, (at + 1) * SALTS.length));
    return entries;
  }

  #entry(name: string): Entry {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const entry = { name, places: this.#placesOf(name), regions: [], targets: [], epoch: -1 };
    this.#entries.set(name, entry);
    return entry;
  }

  #update(entry: Entry, regions: readonly Region[]): void {
    const isSame = entry.epoch === this.#epoch && regions.every((region, salt) => region === entry.regions[salt]);
    entry.regions = regions;
    if (!isSame) this.#choose(entry);
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
