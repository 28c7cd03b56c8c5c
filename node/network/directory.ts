import type { PeerId } from '@libp2p/interface';
import { commonPrefixLength } from '../../protocol/keyspace.js';
import type { ClosestOptions, LearnOptions, PeerDirectory, PeerRef, PeerRow, PeerStore } from './index.js';
import { kadIdOfPeer, parsePeerId } from './keyspace.js';
import { MAX_ADDRESSES, MAX_ADDRESS_LENGTH, usableAddresses } from './dialable.js';
import { headOf, nearestOf, type Placed } from './nearest.js';
import { SavedPeers } from './saved-peers.js';

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;

/**
 * Peers known at most: in a network of so many each search is one trip. A search looks for the nearest of them a hundred times, and each
 * time takes longer the more there are.
 */
export const MAX_PEERS = 2000;
/** Of these at most such a share that nobody of us ever spoke to: a stranger can make up any number. */
const HEARSAY_SHARE = 0.5;
/** Of those that are needed at once so many have room even where all others are of use: a search goes its way by them. */
const NEEDED_SHARE = 0.1;
/** After a failure a peer is left alone for so long, and twice as long after each further one. */
const FIRST_BACKOFF = 2 * second;
const MAX_BACKOFF = minute;
/** One that failed so often in a row is gone as far as this node can tell: its neighbours judge alike (index/neighbourhood.ts). */
const FAILING_FAILURES = 2;
/** A peer that failed so often in a row is left out until it is heard of again. */
const DORMANT_FAILURES = 6;
/** One that was only ever heard of is forgotten sooner. */
const HEARSAY_FAILURES = 3;
const FORGET_AFTER = 30 * day;
/** How much of the newest round-trip time goes into the average. */
const RTT_WEIGHT = 0.25;
/** Who answered a request in this time is of use: look-ups meet many on their way, and must not push out whom searches ask. */
const USEFUL_FOR = 60 * minute;
/** Own addresses change when a network does. */
const OWN_ADDRESSES_FOR = second;
/** A new peer is written so soon, together with others. */
export const SAVE_DELAY = 5 * second;
/** That known ones were seen again changes all the time and matters less. */
const SAVE_DELAY_SEEN = 5 * minute;

interface Entry extends Placed {
  readonly id: string;
  readonly peerId: PeerId;
  addresses: string[];
  seenAt: string | undefined;
  /** Milliseconds UTC; 0 for a peer that was only heard of. */
  lastSeen: number;
  failures: number;
  /** Of {@link DirectoryDeps.monotonic}. */
  failedUntil: number;
  connected: boolean;
  /** Known to speak another protocol or another network's. */
  foreign: boolean;
  rtt: number | undefined;
  /** Of the last answer to a request of ours, by the same clock. */
  answeredAt: number;
}

/** This node's own place. */
interface Self extends Placed {
  readonly id: string;
}

export interface DirectoryDeps {
  readonly self: PeerId;
  /** This node's own addresses, for its own entry. */
  readonly addresses: () => string[];
  readonly store?: PeerStore | undefined;
  readonly onError: (error: unknown, what: string) => void;
  readonly isBlocked?: (id: string) => boolean;
  readonly now?: () => number;
  /** Milliseconds of a clock that nobody sets. Default: the process's. */
  readonly monotonic?: () => number;
  /** Peers known at most. Default {@link MAX_PEERS}. */
  readonly maxPeers?: number;
}

/** Who is known on this network, where in the key space, and how well they answer. */
export class Directory implements PeerDirectory {
  readonly #deps: DirectoryDeps;
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #maxPeers: number;
  readonly #entries = new Map<string, Entry>();
  readonly #self: Self;
  readonly #saved: SavedPeers;
  #ownAddresses: { readonly addresses: readonly string[]; readonly at: number } | undefined;
  #hearsay = 0;

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    this.#monotonic = deps.monotonic ?? (() => performance.now());
    this.#maxPeers = deps.maxPeers ?? MAX_PEERS;
    const kadId = kadIdOfPeer(deps.self);
    this.#self = { id: deps.self.toString(), kadId, head: headOf(kadId) };
    const { store, onError } = deps;
    this.#saved = new SavedPeers({ store, onError, monotonic: this.#monotonic, rows: () => this.#rows() });
  }

  get size(): number {
    return this.#entries.size;
  }

  all(): PeerRef[] {
    return [...this.#entries.values()].map((entry) => this.#ref(entry));
  }

  self(): PeerRef {
    const { id, kadId } = this.#self;
    const now = this.#now();
    // Asked for with every place that a search asks for, and it takes longer to write than all the rest.
    if (this.#ownAddresses === undefined || Math.abs(now - this.#ownAddresses.at) >= OWN_ADDRESSES_FOR)
      this.#ownAddresses = { addresses: this.#deps.addresses(), at: now };
    return { id, kadId, addresses: [...this.#ownAddresses.addresses], lastSeen: now, self: true };
  }

  get(id: string): PeerRef | undefined {
    if (id === this.#self.id) return this.self();
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : this.#ref(entry);
  }

  closest(kadId: Uint8Array, count: number, options: ClosestOptions = {}): PeerRef[] {
    const { met = false, resting = false, unfailed = false } = options;
    const until = resting ? Number.POSITIVE_INFINITY : this.#monotonic();
    const found = nearestOf<Entry | Self>(this.#withSelf(), kadId, {
      count,
      size: this.#entries.size + 1,
      passes: (entry) =>
        !('peerId' in entry) ||
        ((!met || entry.lastSeen > 0) && (!unfailed || entry.failures === 0) && this.#isUsable(entry, until)),
    });
    return found.map((entry) => ('peerId' in entry ? this.#ref(entry) : this.self()));
  }

  *#withSelf(): Generator<Entry | Self> {
    yield this.#self;
    yield* this.#entries.values();
  }

  learn(
    refs: Iterable<{ readonly id: string; readonly addresses: readonly string[] }>,
    { needed = false }: LearnOptions = {},
  ): void {
    for (const { id, addresses } of refs) {
      try {
        this.#hear(this.#entries.get(id)?.peerId ?? parsePeerId(id), addresses, needed);
      } catch {
        // Not a peer id: somebody else's mistake, and nothing to learn.
      }
    }
  }

  markSeen(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const first = entry.lastSeen === 0;
    if (first) this.#hearsay -= 1;
    entry.lastSeen = this.#now();
    entry.failures = 0;
    entry.failedUntil = Number.NEGATIVE_INFINITY;
    this.#saved.changed(first ? SAVE_DELAY : SAVE_DELAY_SEEN);
  }

  markFailed(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.failures += 1;
    entry.failedUntil = this.#monotonic() + Math.min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** (entry.failures - 1));
    if (entry.lastSeen === 0 && entry.failures >= HEARSAY_FAILURES) this.#remove(entry);
  }

  /** The peer is left alone for a moment. It has not failed: it may answer yet. */
  leave(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.failedUntil = Math.max(entry.failedUntil, this.#monotonic() + FIRST_BACKOFF);
  }

  forget(ids: Iterable<string>): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry?.lastSeen === 0 && !entry.connected) this.#remove(entry);
    }
  }

  // For the network itself

  /** Whether requests to the peer are not worth trying at the moment. */
  isResting(id: string): boolean {
    return (this.#entries.get(id)?.failedUntil ?? Number.NEGATIVE_INFINITY) > this.#monotonic();
  }

  isForeign(id: string): boolean {
    return this.#entries.get(id)?.foreign === true;
  }

  isBlocked(id: string): boolean {
    return this.#deps.isBlocked?.(id) === true;
  }

  addressesOf(id: string): readonly string[] {
    return this.#entries.get(id)?.addresses ?? [];
  }

  /**
   * A peer of this network is connected. Its own word on its addresses replaces what others said.
   * @param seenAt where the connection goes, or comes from
   */
  connected(peer: PeerId, addresses: readonly string[], seenAt?: string): void {
    const entry = this.#hear(peer, []) ?? this.#makeRoomFor(peer);
    if (entry === undefined) return;
    const own = usableAddresses(addresses, entry.id);
    if (own.length > 0) {
      if (own.join() !== entry.addresses.join()) this.#saved.changed(SAVE_DELAY);
      entry.addresses = own;
    }
    // The port is another one with each connection.
    const host = seenAt?.split('/', 3).join('/');
    if (host !== undefined && host.length <= MAX_ADDRESS_LENGTH) entry.seenAt = host;
    entry.connected = true;
    entry.foreign = false;
    this.markSeen(entry.id);
  }

  disconnected(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.connected = false;
  }

  /** The peer is there and not one of this network. It stays known as such, so that nobody's word brings it back. */
  foreign(peer: PeerId): void {
    const entry = this.#hear(peer, []);
    if (entry !== undefined) entry.foreign = true;
  }

  answered(id: string, took: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.answeredAt = this.#monotonic();
    entry.rtt = entry.rtt === undefined ? took : entry.rtt + RTT_WEIGHT * (took - entry.rtt);
    this.markSeen(id);
  }

  /** Whom to dial first on a start or after all connections were lost: those who answered last, then those heard of. */
  toDial(count: number): string[] {
    return [...this.#entries.values()]
      .filter((entry) => !entry.connected && !entry.foreign && entry.addresses.length > 0)
      .sort((a, b) => a.failures - b.failures || b.lastSeen - a.lastSeen)
      .slice(0, count)
      .map((entry) => entry.id);
  }

  // Keeping it

  /** Reads what was saved; from then on changes are saved. */
  async load(): Promise<void> {
    const oldest = this.#now() - FORGET_AFTER;
    await this.#saved.load((all) => {
      const rows = all.filter((row) => row.lastSeen >= oldest).slice(0, this.#maxPeers);
      this.learn(rows);
      for (const row of rows) this.#restore(row);
    });
  }

  /** Writes what has changed, now. */
  flush(): Promise<void> {
    return this.#saved.flush();
  }

  #restore(row: PeerRow): void {
    const entry = this.#entries.get(row.id);
    if (entry === undefined || row.lastSeen <= entry.lastSeen) return;
    entry.seenAt ??= row.seenAt;
    if (entry.lastSeen === 0) this.#hearsay -= 1;
    entry.lastSeen = Math.min(row.lastSeen, this.#now());
  }

  #rows(): PeerRow[] {
    return [...this.#entries.values()].flatMap(({ id, addresses, lastSeen, foreign, seenAt }) =>
      lastSeen > 0 && !foreign && addresses.length > 0
        ? [{ id, addresses, lastSeen, ...(seenAt === undefined ? {} : { seenAt }) }]
        : [],
    );
  }

  // Entries

  #ref(entry: Entry): PeerRef {
    const { id, kadId, addresses, lastSeen, seenAt, rtt, failures } = entry;
    return {
      id,
      kadId,
      addresses: [...addresses],
      lastSeen,
      self: false,
      ...(seenAt === undefined ? {} : { seenAt }),
      ...(rtt === undefined ? {} : { rtt }),
      ...(failures < FAILING_FAILURES ? {} : { failing: true }),
    };
  }

  #isUsable(entry: Entry, now: number): boolean {
    if (entry.foreign || entry.failedUntil > now) return false;
    if (!entry.connected && entry.failures >= DORMANT_FAILURES) return false;
    return !this.isBlocked(entry.id);
  }

  /** Somebody said that the peer exists. Fills what is not known, never overwrites what is. */
  #hear(peer: PeerId, addresses: readonly string[], needed = false): Entry | undefined {
    const id = peer.toString();
    if (id === this.#self.id) return undefined;
    const known = this.#entries.get(id);
    if (known === undefined) {
      const full = this.#entries.size >= this.#maxPeers || this.#hearsay >= this.#maxPeers * HEARSAY_SHARE;
      if (full && !(needed && this.#forgetOne())) return undefined;
      return this.#insert(peer, usableAddresses(addresses, id));
    }
    if (!known.connected && known.addresses.length < MAX_ADDRESSES && addresses.length > 0) {
      const more = usableAddresses(addresses, id).filter((address) => !known.addresses.includes(address));
      known.addresses = [...known.addresses, ...more].slice(0, MAX_ADDRESSES);
    }
    return known;
  }

  #insert(peerId: PeerId, addresses: string[]): Entry {
    const kadId = kadIdOfPeer(peerId);
    const entry: Entry = {
      id: peerId.toString(),
      peerId,
      kadId,
      head: headOf(kadId),
      addresses,
      seenAt: undefined,
      lastSeen: 0,
      failures: 0,
      failedUntil: Number.NEGATIVE_INFINITY,
      connected: false,
      foreign: false,
      rtt: undefined,
      answeredAt: Number.NEGATIVE_INFINITY,
    };
    this.#entries.set(entry.id, entry);
    this.#hearsay += 1;
    return entry;
  }

  /**
   * Makes room for one that is needed now. While few are there by hearsay, one that was met goes: of those that nothing was asked of
   * lately, else the one that answered longest ago. Then, or where all met are connected, the one heard of longest ago.
   */
  #forgetOne(): boolean {
    const isRoomy = this.#hearsay < this.#maxPeers * NEEDED_SHARE;
    let worst: Entry | undefined;
    let heard: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.connected) continue;
      if (entry.lastSeen === 0) heard ??= entry;
      else if (isRoomy && (worst === undefined || this.#isWorse(entry, worst))) worst = entry;
    }
    worst ??= heard;
    if (worst !== undefined) this.#remove(worst);
    return worst !== undefined;
  }

  /**
   * A peer that is really there takes the place of one that only was, or only was heard of. Those that answered us lately stay
   * longest, then those near this node: nobody else keeps them for us.
   */
  #makeRoomFor(peer: PeerId): Entry | undefined {
    if (peer.toString() === this.#self.id) return undefined;
    let worst: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (!entry.connected && (worst === undefined || this.#isWorse(entry, worst))) worst = entry;
    }
    if (worst === undefined) return undefined;
    this.#remove(worst);
    return this.#insert(peer, []);
  }

  #isWorse(a: Entry, b: Entry): boolean {
    if ((a.lastSeen === 0) !== (b.lastSeen === 0)) return a.lastSeen === 0;
    const dormantA = a.failures >= DORMANT_FAILURES;
    if (dormantA !== b.failures >= DORMANT_FAILURES) return dormantA;
    const usefulSince = this.#monotonic() - USEFUL_FOR;
    const usefulA = a.answeredAt >= usefulSince;
    if (usefulA !== b.answeredAt >= usefulSince) return !usefulA;
    const near = (entry: Entry): number => commonPrefixLength(entry.kadId, this.#self.kadId);
    if (usefulA) return a.answeredAt < b.answeredAt;
    return near(a) - near(b) < 0 || (near(a) === near(b) && a.lastSeen < b.lastSeen);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.id);
    if (entry.lastSeen === 0) this.#hearsay -= 1;
  }
}
