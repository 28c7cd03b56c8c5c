import { QUORUM, SALTS } from '../../protocol/search/posting-keys.js';
import type { NameTargets, Target } from './targets.js';

/** What stands in one slot of the index, with the keys under which it is to be found. */
export interface Posting {
  /** The listing's id, in text: its shards are chosen by it. */
  readonly listing: string;
  /** The envelope of the card, or of the tombstone that ends it. */
  readonly bytes: Uint8Array;
  readonly keys: readonly string[];
  /** The envelope of the delta that changes the card. */
  readonly delta?: Uint8Array | undefined;
  /** All nodes hold the card already: they need the delta only. Default false. */
  readonly onlyDelta?: boolean | undefined;
  /** A delta or tombstone: it must also reach nodes that hold the card from before its key was split. Default false. */
  readonly changes?: boolean | undefined;
  /** The card's own time is over: it stands by the lease of its seller, which must come with it. Default false. */
  readonly leased?: boolean | undefined;
}

/** What came of bringing a posting out. */
export interface Placed {
  /** Other nodes that hold it, under its least-held key. */
  readonly replicas: number;
  /** Whether under each key, in each salt, {@link QUORUM} nodes hold it (all, where the network has fewer); never for a node alone. */
  readonly quorum: boolean;
  /** Whether all nodes that should hold it do, or have said why not. */
  readonly whole: boolean;
  /** Why nodes refused it, where they did. */
  readonly refused: readonly string[];
  /** What nodes hold instead and say is newer: envelopes, not verified. */
  readonly newer: readonly Uint8Array[];
}

/** A posting on its way. Neither promise is ever rejected. */
export interface Placement {
  /** When it has its quorum, or when it cannot have it now. */
  readonly settled: Promise<Placed>;
  /** When every node that should hold it has answered or failed. */
  readonly done: Promise<Placed>;
}

/** Envelopes of newer records that are kept of one posting's answers: one is enough, and any node can send one. */
const MAX_NEWER = 3;

/** Who should hold a posting, who does, and who was asked. */
export class PlacementState implements Placement {
  readonly posting: Posting;
  readonly settled: Promise<Placed>;
  readonly done: Promise<Placed>;
  /** The names that it is held under, two places each: one a salt. */
  names: readonly string[] = [];
  /** How often it was planned. */
  plans = 0;
  /** False while it waits to be planned, for the first time or anew. */
  isPlanned = false;
  /** A node of the last plan could not be reached: others are to be chosen. */
  hasFailed = false;
  isSettled = false;
  isDone = false;
  /** When it was posted, milliseconds of a clock that never goes back. */
  readonly since: number;
  /** When its nodes were last chosen, by the same clock. */
  plannedAt = Number.NEGATIVE_INFINITY;
  #settle!: (placed: Placed) => void;
  #finish!: (placed: Placed) => void;
  #targets: readonly Target[] = [];
  /** By peer the places that it is responsible for. */
  #places = new Map<string, number[]>();
  /** The same as names, as far as they were asked for. */
  #names = new Map<string, readonly number[]>();
  /** Holders a place, and how many places lack their quorum. */
  #held = new Uint8Array();
  #lacking = 0;
  /** By peer the places in `names` of those that it holds the posting under. */
  readonly #holders = new Map<string, readonly number[]>();
  /** By peer those that it was asked for; none as long as it waits for its turn. */
  readonly #asked = new Map<string, readonly number[]>();
  readonly #refused = new Map<string, string>();
  readonly #newer: Uint8Array[] = [];
  /** Peers that turned out not to hold the card that a delta is for. */
  readonly #bare = new Set<string>();
  /** Where given, all other peers of the first plan hold it already. */
  #lackingPeers: ReadonlySet<string> | undefined;
  #others = new Set<string>();

  constructor(posting: Posting, since: number, lacking?: ReadonlySet<string>) {
    this.posting = posting;
    this.since = since;
    this.#lackingPeers = lacking;
    this.settled = new Promise((resolve) => (this.#settle = resolve));
    this.done = new Promise((resolve) => (this.#finish = resolve));
  }

  /**
   * Takes over who should hold it; gives the peers that it must be sent to now.
   * @param found the names that it is held under, with their targets
   * @param others peers that may hold the card beside them: they are told of a change, and do not count
   */
  plan(found: readonly NameTargets[], others: Iterable<string> = []): string[] {
    const names = found.map(({ name }) => name);
    const targets = found.flatMap((one) => one.targets);
    this.plans++;
    this.isPlanned = true;
    this.hasFailed = false;
    // Keys were split meanwhile: nobody holds it under these names.
    if (this.names.length > 0 && names.some((name, at) => name !== this.names[at])) this.#holders.clear();
    this.names = names;
    this.#targets = targets;
    this.#others = new Set(others);
    this.#places = new Map();
    this.#names = new Map();
    targets.forEach(({ peers }, place) => {
      for (const peer of peers) {
        const places = this.#places.get(peer);
        if (places === undefined) this.#places.set(peer, [place]);
        else places.push(place);
      }
    });
    if (this.#lackingPeers !== undefined) {
      for (const peer of this.#places.keys())
        if (!this.#lackingPeers.has(peer)) this.#holders.set(peer, this.namesAt(peer));
      this.#lackingPeers = undefined;
    }
    this.#held = new Uint8Array(targets.length);
    this.#lacking = targets.filter(({ wanted }) => needed(wanted) > 0).length;
    for (const peer of this.#holders.keys()) this.#count(peer, []);
    for (const peer of this.#places.keys()) this.#others.delete(peer);
    const all = [...this.#places.keys(), ...this.#others];
    return all.filter((peer) => !this.#hasAnswered(peer) && !this.#asked.has(peer));
  }

  /** Places in `names` of those under which the peer is to hold it. */
  namesAt(peer: string): readonly number[] {
    const known = this.#names.get(peer);
    if (known !== undefined) return known;
    const places = this.#places.get(peer) ?? [];
    const names: number[] = [];
    this.#names.set(peer, names);
    // Places are ascending, and both salts of a name stand side by side.
    for (const place of places) {
      const name = Math.floor(place / SALTS.length);
      if (names.at(-1) !== name) names.push(name);
    }
    return names;
  }

  /** Whether the peer gets the delta alone. */
  getsOnlyDelta(peer: string): boolean {
    if (this.posting.delta === undefined) return false;
    return this.#others.has(peer) || (this.posting.onlyDelta === true && !this.#bare.has(peer));
  }

  /** It waits for its turn, or is under way under these names. */
  asked(peer: string, names: readonly number[] = []): void {
    this.#asked.set(peer, names);
  }

  holds(peer: string): void {
    const names = this.#asked.get(peer) ?? this.namesAt(peer);
    this.#asked.delete(peer);
    this.#refused.delete(peer);
    const before = this.#holders.get(peer) ?? [];
    this.#holders.set(peer, before.length === 0 ? names : [...before, ...names]);
    this.#count(peer, before);
  }

  refuses(peer: string, code: string, newer?: Uint8Array): void {
    this.#asked.delete(peer);
    this.#refused.set(peer, code);
    if (newer !== undefined && this.#newer.length < MAX_NEWER) this.#newer.push(newer);
  }

  /** The peer lacks the card that the delta is for: it is sent both. */
  lacksCard(peer: string): void {
    this.#asked.delete(peer);
    if (this.#others.has(peer)) this.#refused.set(peer, 'LISTING_NOT_FOUND');
    else this.#bare.add(peer);
  }

  /** Whether the peer is to get it and was not asked yet. */
  wants(peer: string): boolean {
    return !this.isDone && this.#places.has(peer) && !this.#hasAnswered(peer) && !this.#asked.has(peer);
  }

  failed(peer: string): void {
    this.#asked.delete(peer);
    this.hasFailed = true;
  }

  get waits(): boolean {
    return this.#asked.size > 0;
  }

  get hasQuorum(): boolean {
    return this.#targets.length > 0 && this.#lacking === 0 && this.#targets.every(({ wanted }) => wanted > 1);
  }

  /** Whether somebody should hold it who neither does nor said why not. */
  get isWhole(): boolean {
    return this.hasQuorum && [...this.#places.keys()].every((peer) => this.#hasAnswered(peer));
  }

  settle(self: string): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#settle(this.outcome(self));
  }

  finish(self: string): void {
    if (this.isDone) return;
    this.isDone = true;
    this.settle(self);
    this.#finish(this.outcome(self));
  }

  outcome(self: string): Placed {
    const counts = new Array<number>(this.names.length).fill(0);
    // After the first plan a node holds it under all names that it is responsible for, or not at all.
    const holdsAll = this.plans === 1;
    for (const [peer, held] of this.#holders) {
      if (peer === self) continue;
      for (const name of this.namesAt(peer))
        if (holdsAll || held.includes(name)) counts[name] = (counts[name] ?? 0) + 1;
    }
    return {
      replicas: counts.length === 0 ? 0 : Math.min(...counts),
      quorum: this.hasQuorum,
      whole: this.isWhole,
      refused: [...new Set([...this.#places.keys()].flatMap((peer) => this.#refused.get(peer) ?? []))],
      newer: this.#newer,
    };
  }

  /** Whether it holds the posting under all names that it should, or has said why not. */
  #hasAnswered(peer: string): boolean {
    if (this.#refused.has(peer) || this.#others.has(peer)) return this.#refused.has(peer) || this.#holders.has(peer);
    const held = this.#holders.get(peer);
    if (held === undefined) return false;
    // A node that holds it already can become responsible for other names when another node fails.
    return this.plans === 1 || this.namesAt(peer).every((name) => held.includes(name));
  }

  /** Counts the places that the peer holds it at, but for those of the names that were counted before. */
  #count(peer: string, before: readonly number[]): void {
    const names = this.#holders.get(peer) ?? [];
    const holdsAll = this.plans === 1 && before.length === 0;
    for (const place of this.#places.get(peer) ?? []) {
      const name = Math.floor(place / SALTS.length);
      if (!holdsAll && (before.includes(name) || !names.includes(name))) continue;
      const held = (this.#held[place] ?? 0) + 1;
      this.#held[place] = held;
      if (held === needed(this.#targets[place]?.wanted ?? 0)) this.#lacking--;
    }
  }
}

/** Copies of a place that make its quorum. */
function needed(wanted: number): number {
  return Math.min(QUORUM, wanted);
}
