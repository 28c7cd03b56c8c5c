import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { sha256 } from '../../protocol/hash.js';
import { compareDistance } from '../../protocol/keyspace.js';
import { QUORUM } from '../../protocol/search/posting-keys.js';
import { LOOKUP_SIZE, type Network, type PeerRef } from '../network/index.js';
import type { BringOptions } from './handover-delivery.js';
import { CONCURRENT_TARGETS, LAST_RANK, type HandoverOptions } from './handover-options.js';
import { isFarFrom, namesOf, shardToBe, type Places } from './handover-plan.js';
import type { HandoverSource, NamedListing } from './handover-source.js';
import type { PeerTable } from './peer-table.js';
import { responsible } from './responsible.js';
import { sideBySide, slices } from './slices.js';

const DAY = 24 * 60 * 60 * 1000;
/** Names whose holders are remembered for a moment. */
const REMEMBERED_HOLDERS = 20_000;
/** Listings that came lately; those beyond it have their turn within the day. */
const MAX_FRESH = 50_000;
/** What others offered is remembered for one to two hours: the last rank's turn comes 50 minutes after the first one's. */
const SEEN_FOR = 60 * 60 * 1000;

interface DailyCheckDeps {
  readonly network: Network;
  readonly source: HandoverSource;
  readonly places: Places;
  readonly now: () => number;
  readonly options: Pick<HandoverOptions, 'checkEvery' | 'freshAfter'>;
  readonly neighbours: () => PeerTable;
  /** Told of each name found that is to be split. */
  readonly onSplit: (name: string) => void;
  readonly bring: (
    receiver: string,
    cards: Iterable<NamedListing>,
    signal: AbortSignal,
    options: BringOptions,
  ) => Promise<boolean>;
}

/**
 * A listing whose turn it is: with those names for which this node stands in that place among the holders, or with all. The nearer a
 * holder is to the pivot, the sooner its turn comes.
 */
type Due = readonly [listing: string, rank: number | 'all', pivot: Uint8Array];

/**
 * Compares each card held here once a day, and soon after it came, with all who should hold it. When in the day its turn comes lies
 * in its id; of its holders the first does it, and each of the others only where it did not see that happen. Who is the first changes from day to day, so
 * that a node that does not do its work cannot keep others from doing it; and in a small network, where the names of a listing have their holders in
 * common, a few do it for all names, and say it in one message each.
 */
export class DailyCheck {
  readonly #deps: DailyCheckDeps;
  /** Milliseconds UTC: cards whose turn came up to then have been looked at. */
  #until = 0;
  #seen = new Set<number>();
  #seenBefore = new Set<number>();
  #seenSince = 0;
  /** Listings of which something came lately: when, and whose turn it is next. */
  readonly #fresh = new Map<string, { readonly came: number; rank: number }>();
  #off: () => void = () => undefined;
  #holders = createBoundedCache<readonly PeerRef[][]>(REMEMBERED_HOLDERS);
  #neighbours: PeerTable | undefined;

  constructor(deps: DailyCheckDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { source, now } = this.#deps;
    this.#until = now();
    this.#off = source.onChange((listing) => {
      if (this.#fresh.size < MAX_FRESH || this.#fresh.has(listing)) this.#fresh.set(listing, { came: now(), rank: 0 });
    });
  }

  stop(): void {
    this.#off();
    this.#fresh.clear();
  }

  /** Another node has compared the listing under these names. */
  seen(listing: string, names: readonly string[]): void {
    const now = this.#deps.now();
    if (Math.abs(now - this.#seenSince) > SEEN_FOR) {
      this.#seenBefore = this.#seen;
      this.#seen = new Set();
      this.#seenSince = now;
    }
    for (const name of names) this.#seen.add(hashOf(listing, name));
  }

  /** Who holds a name, for each of its places, nearest first: by the neighbourhood, or the directory for a place far away. */
  holders(name: string): readonly PeerRef[][] {
    const neighbours = this.#deps.neighbours();
    if (neighbours !== this.#neighbours) this.#forget(neighbours);
    const known = this.#holders.get(name);
    if (known !== undefined) return known;
    const found = this.#deps.places.of(name).map((place) => responsible(this.#near(place, neighbours), place));
    this.#holders.set(name, found);
    return found;
  }

  /** Looks at the cards whose turn has come since the last time. @throws the signal's reason */
  async run(signal: AbortSignal): Promise<void> {
    const { source, now } = this.#deps;
    const to = now();
    const since = Math.max(0, to - this.#until);
    this.#until = to;
    await this.#lookAt(source.listings(), (listing) => this.#dueOf(listing, to, since), signal);
  }

  /**
   * Looks at what came some minutes ago: whoever brought it may have gone before all had it.
   * @throws the signal's reason
   */
  async runFresh(signal: AbortSignal): Promise<void> {
    if (this.#fresh.size === 0) return;
    const to = this.#deps.now();
    await this.#lookAt([...this.#fresh.keys()], (listing) => this.#freshOf(listing, to), signal);
  }

  async #lookAt(
    listings: Iterable<string>,
    dueOf: (listing: string) => Due | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { source, bring, onSplit } = this.#deps;
    const work = new Map<string, Due[]>();
    const far: NamedListing[] = [];
    for await (const listing of slices(listings, signal)) {
      const due = dueOf(listing);
      const held = due === undefined ? undefined : source.held(listing);
      if (due === undefined || held === undefined) continue;
      for (const name of held.names) if (shardToBe(listing, name, source) !== undefined) onSplit(name);
      for (const receiver of this.#receivers(due)) {
        const dues = work.get(receiver);
        if (dues === undefined) work.set(receiver, [due]);
        else dues.push(due);
      }
      if (due[1] !== 'all' && due[1] !== LAST_RANK) continue;
      const spare = held.names.filter((name) => this.#isSpare(name));
      if (spare.length > 0) far.push([listing, spare]);
    }
    await sideBySide([...work], CONCURRENT_TARGETS, async ([receiver, dues], othersWait) => {
      await bring(receiver, this.#named(receiver, dues), signal, { othersWait });
    });
    if (far.length > 0) await this.#release(far, signal);
  }

  #freshOf(listing: string, to: number): Due | undefined {
    const fresh = this.#fresh.get(listing);
    if (fresh === undefined) return undefined;
    const age = to - fresh.came;
    // Where the clock was set back since, it does not wait until then.
    if (age >= 0 && age < this.#deps.options.freshAfter) return undefined;
    const rank = fresh.rank++;
    if (rank === LAST_RANK) this.#fresh.delete(listing);
    return [listing, rank, pivotOf(listing, Math.floor(fresh.came / DAY))];
  }

  /** Whether, and as what, a listing's turn has come in the `since` milliseconds up to `to`. */
  #dueOf(listing: string, to: number, since: number): Due | undefined {
    const { checkEvery } = this.#deps.options;
    const age = (((to - turnOf(listing)) % DAY) + DAY) % DAY;
    // The node slept, or its clock was moved: the turns of all ranks are over.
    const isLate = since > 2 * checkEvery;
    const rank = Math.floor(age / checkEvery);
    const isDue = isLate ? age < since : rank <= LAST_RANK && age - rank * checkEvery < since;
    // The day is that of its turn, so that all holders mean the same one.
    return isDue ? [listing, isLate ? 'all' : rank, pivotOf(listing, Math.floor((to - age) / DAY))] : undefined;
  }

  *#named(receiver: string, dues: readonly Due[]): Generator<NamedListing> {
    for (const due of dues) {
      const [listing] = due;
      yield [listing, this.#names(listing).filter((name) => this.#receiversOf(due, name).includes(receiver))];
    }
  }

  #receivers(due: Due): Set<string> {
    return new Set(this.#names(due[0]).flatMap((name) => this.#receiversOf(due, name)));
  }

  #names(listing: string): string[] {
    const held = this.#deps.source.held(listing);
    return held === undefined ? [] : namesOf(listing, held.names, this.#deps.source);
  }

  /**
   * Whom it is this node's turn to bring a name of a due listing to: the holders of those of its places where this node stands in
   * that rank. Who holds it for both places belongs to the first.
   */
  #receiversOf([listing, rank, pivot]: Due, name: string): string[] {
    const self = this.#deps.network.peerId;
    if (rank !== 'all' && rank > 0 && this.#wasSeen(listing, name)) return [];
    const earlier = new Set<string>([self]);
    return this.holders(name).flatMap((holders) => {
      const isMine = rank === 'all' || rankOf(self, holders, pivot) === rank;
      const theirs = holders.map(({ id }) => id).filter((id) => !earlier.has(id));
      for (const id of theirs) earlier.add(id);
      return isMine ? theirs : [];
    });
  }

  #holds(peer: string, name: string): boolean {
    return this.holders(name).some((holders) => holders.some(({ id }) => id === peer));
  }

  /** Gives up what others hold who are nearer, each name only when a quorum of them has said so. */
  async #release(cards: readonly NamedListing[], signal: AbortSignal): Promise<void> {
    const { bring, source } = this.#deps;
    const confirmed = new Map<string, Set<string>>();
    const receivers = new Set(
      cards.flatMap(([, names]) =>
        names.flatMap((name) => this.holders(name).flatMap((all) => all.map(({ id }) => id))),
      ),
    );
    await sideBySide([...receivers], CONCURRENT_TARGETS, async (receiver, othersWait) => {
      const theirs = cards.map(([listing, names]): NamedListing => {
        return [listing, names.filter((name) => this.#holds(receiver, name))];
      });
      const note = ([listing, names]: NamedListing): void => {
        for (const name of names) {
          const key = `${listing}\n${name}`;
          confirmed.set(key, (confirmed.get(key) ?? new Set()).add(receiver));
        }
      };
      // What it had to be brought first, it is asked for once more.
      if (await bring(receiver, theirs, signal, { othersWait }))
        await bring(receiver, theirs, signal, { onHeld: note, othersWait });
    });
    const enough = (listing: string, name: string): boolean =>
      this.holders(name).every((holders) => {
        const by = confirmed.get(`${listing}\n${name}`);
        return holders.filter(({ id }) => by?.has(id)).length >= Math.min(QUORUM, holders.length);
      });
    const over = cards
      .map(([listing, names]): NamedListing => [listing, names.filter((name) => enough(listing, name))])
      .filter(([, names]) => names.length > 0);
    if (over.length > 0) await source.release(over);
  }

  /** Whether this node is so far from all places of a name that its copy is not counted on. */
  #isSpare(name: string): boolean {
    const self = this.#self();
    const neighbours = this.#neighbours ?? this.#deps.neighbours();
    if (self === undefined) return false;
    return this.#deps.places.of(name).every((place) => isFarFrom(place, this.#near(place, neighbours), self));
  }

  #near(place: Uint8Array, neighbours: PeerTable): PeerRef[] {
    const { directory, peerId } = this.#deps.network;
    const near = neighbours.nearest(place, LOOKUP_SIZE);
    const isClose = near.some(({ id }) => id === peerId);
    return isClose ? near : directory.closest(place, LOOKUP_SIZE);
  }

  #self(): PeerRef | undefined {
    return this.#deps.network.directory.get(this.#deps.network.peerId);
  }

  #forget(neighbours: PeerTable): void {
    this.#neighbours = neighbours;
    this.#holders = createBoundedCache(REMEMBERED_HOLDERS);
  }

  #wasSeen(listing: string, name: string): boolean {
    const hash = hashOf(listing, name);
    return this.#seen.has(hash) || this.#seenBefore.has(hash);
  }
}

/** When in the day a listing's turn comes, in milliseconds: 30 bits of its id, which is a hash, spread them evenly. */
function turnOf(listing: string): number {
  let bits = 0;
  for (const character of listing.slice(-8, -2)) bits = bits * 32 + Math.max(0, BASE32.indexOf(character));
  return Math.floor((bits / 2 ** 30) * DAY);
}

/** Another point of the key space each day, which nobody can choose. */
function pivotOf(listing: string, day: number): Uint8Array {
  return sha256(new TextEncoder().encode(`${listing}/${day}`));
}

/** How many holders have their turn before this one. */
function rankOf(peer: string, holders: readonly PeerRef[], pivot: Uint8Array): number {
  const own = holders.find(({ id }) => id === peer);
  if (own === undefined) return LAST_RANK;
  return holders.filter(({ kadId }) => compareDistance(kadId, own.kadId, pivot) < 0).length;
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** FNV-1a of 32 bits: where two pairs have the same, one of them is looked at a day later. */
function hashOf(listing: string, name: string): number {
  let hash = 0x811c9dc5;
  for (const text of [listing, name]) {
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
