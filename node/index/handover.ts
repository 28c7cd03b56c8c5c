import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logger.js';
import { writeBody } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import { DailyCheck } from './handover-check.js';
import { Delivery, type BringOptions } from './handover-delivery.js';
import { CONCURRENT_TARGETS, handoverOptions, type HandoverOptions } from './handover-options.js';
import { namesOf, noReaches, Places, rankFor, Receivers, shardToBe, type Change } from './handover-plan.js';
import type { HandoverSource, NamedListing } from './handover-source.js';
import { Neighbourhood } from './neighbourhood.js';
import type { PeerTable } from './peer-table.js';
import { sideBySide, slices } from './slices.js';
import { OFFER_METHOD, type Offer } from './wire.js';

/** Receivers and cards that wait to be corrected; what is beyond it is found by a daily check. */
const MAX_CORRECTIONS = 5_000;

/** A pass that is being carried out. */
interface Round {
  readonly receivers: Receivers;
  readonly change: Change;
  readonly patience: Patience;
  readonly signal: AbortSignal;
}

/** Waits while questions are asked, as long as it has not done so for long already. @throws the signal's reason */
type Patience = (signal: AbortSignal) => Promise<void>;

export interface HandoverDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly source: HandoverSource;
  readonly now: () => number;
  readonly logger: Logger;
  readonly options?: Partial<HandoverOptions> | undefined;
}

/**
 * Keeps the copies of what this node holds where they belong while nodes come and go (DESIGN section 5, "Lifetime"): whoever is
 * nearest to a name now gets its cards from those who hold them, also when the seller is long gone. Soon after the neighbourhood
 * has changed those get theirs who became responsible by it; and once a day each card is compared with all who should hold it.
 */
export class Handover {
  readonly #deps: HandoverDeps;
  readonly #options: HandoverOptions;
  readonly #places: Places;
  readonly #neighbourhood: Neighbourhood;
  readonly #delivery: Delivery;
  readonly #check: DailyCheck;
  /** The neighbourhood as it was in the last pass; undefined before the first. */
  #before: PeerTable | undefined;
  /** In {@link #before}. */
  #reaches = noReaches();
  /** Those to whom something could not be brought then. */
  #behind: ReadonlySet<string> = new Set();
  /** Names whose shards are, or have been, handed over for the first time; false: not yet. */
  readonly #splits = new Map<string, boolean>();
  /** By receiver the listings of which it offered an older version. */
  readonly #corrections = new Map<string, Set<string>>();
  #stopping: AbortController | undefined;
  #timers: NodeJS.Timeout[] = [];
  #due: NodeJS.Timeout | undefined;
  /** Passes and corrections run one after the other … */
  #work: Promise<void> = Promise.resolve();
  /** … and checks, which may take long, beside them: one of a kind at a time. */
  readonly #checks = new Map<'run' | 'runFresh', Promise<void>>();

  constructor(deps: HandoverDeps) {
    const { network, source, networkName } = deps;
    this.#deps = deps;
    this.#options = handoverOptions(deps.options);
    this.#places = new Places(networkName);
    this.#delivery = new Delivery({ ...deps, options: this.#options });
    const nothing = writeBody({ keys: [], cards: [] } satisfies Offer);
    this.#neighbourhood = new Neighbourhood({
      network,
      options: this.#options,
      probe: (peer) =>
        network.request(peer, OFFER_METHOD, nothing, { timeout: this.#options.probeTimeout, retry: true }),
      onChange: () => this.#passSoon(this.#options.settle),
    });
    this.#check = new DailyCheck({
      ...deps,
      source,
      places: this.#places,
      options: this.#options,
      neighbours: () => this.#neighbourhood.alive(),
      bring: (receiver, cards, signal, options) => this.#bring(receiver, cards, signal, options),
      onSplit: (name) => this.#onSplit(name),
    });
  }

  start(): void {
    if (this.#stopping !== undefined) return;
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#check.start();
    this.#neighbourhood.start();
    this.#timers = [
      setTimeout(() => this.#begin(), this.#options.grace).unref(),
      setInterval(() => this.#checkNow('run'), this.#options.checkEvery).unref(),
      setInterval(() => this.#checkNow('runFresh'), this.#options.freshEvery).unref(),
    ];
  }

  async stop(): Promise<void> {
    this.#stopping?.abort();
    this.#stopping = undefined;
    this.#check.stop();
    this.#neighbourhood.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    clearTimeout(this.#due);
    this.#due = undefined;
    this.#before = undefined;
    this.#reaches = noReaches();
    this.#behind = new Set();
    this.#corrections.clear();
    await Promise.all([this.#work, ...this.#checks.values()]);
  }

  /**
   * Another node has offered cards to this one. Where ours is newer, that node gets it; where it is the same, that node
   * sees to its copies today.
   */
  offered(peer: string, { keys, cards }: Offer): void {
    this.#neighbourhood.heard(peer);
    for (const [id, seq, places] of cards) {
      const listing = id.toString();
      const held = this.#deps.source.held(listing);
      if (held === undefined || held.seq < seq) continue;
      const names = places.flatMap((place) => keys[place] ?? []).filter((name) => held.names.includes(name));
      if (held.seq === seq) this.#check.seen(listing, names);
      else if (held.names.some((name) => this.#isHolder(peer, name))) this.#correct(peer, listing);
    }
  }

  /** Who is known by now was there before this node: its neighbours need nothing of it, and it gets its share of them. */
  #begin(): void {
    this.#before = this.#neighbourhood.alive();
    this.#passSoon(this.#options.settle);
  }

  #passSoon(delay: number): void {
    const { signal } = this.#stopping ?? {};
    if (signal === undefined || this.#before === undefined || this.#due !== undefined) return;
    this.#due = setTimeout(() => {
      this.#inTurn((stopping) => {
        this.#due = undefined;
        return this.#pass(stopping);
      });
    }, delay).unref();
  }

  /** Where one is under way still, the next looks at what came due meanwhile as well. */
  #checkNow(kind: 'run' | 'runFresh'): void {
    if (this.#checks.has(kind)) return;
    const run = this.#guarded(async (signal) => {
      await this.#patience()(signal);
      await this.#check[kind](signal);
    }).finally(() => this.#checks.delete(kind));
    this.#checks.set(kind, run);
  }

  /** A name was found that is to be split. */
  #onSplit(name: string): void {
    if (this.#splits.has(name)) return;
    this.#splits.set(name, false);
    this.#passSoon(this.#options.settle);
  }

  #correct(peer: string, listing: string): void {
    const waiting = this.#corrections.get(peer) ?? new Set();
    let all = 0;
    for (const { size } of this.#corrections.values()) all += size;
    if (all >= MAX_CORRECTIONS) return;
    if (all === 0) this.#inTurn((signal) => this.#sendCorrections(signal));
    this.#corrections.set(peer, waiting.add(listing));
  }

  async #sendCorrections(signal: AbortSignal): Promise<void> {
    const corrections = [...this.#corrections];
    this.#corrections.clear();
    await sideBySide(corrections, CONCURRENT_TARGETS, async ([peer, listings]) => {
      const cards = [...listings].map((listing): NamedListing => [listing, this.#namesFor(peer, listing)]);
      await this.#delivery.put(peer, cards, signal).catch((error: unknown) => this.#failed(peer, error, signal));
    });
  }

  /** One round of hand-over to those who became responsible for something, by what is known of the neighbourhood now. */
  async #pass(signal: AbortSignal): Promise<void> {
    const patience = this.#patience();
    await patience(signal);
    const now = this.#neighbourhood.alive();
    const change: Change = { before: this.#before ?? now, now, behind: this.#behind };
    const splits = [...this.#splits].filter(([, done]) => !done).map(([name]) => name);
    const same = now.size === change.before.size && [...now].every(({ id }) => change.before.has(id));
    if (same && this.#behind.size === 0 && splits.length === 0) return;
    const receivers = new Receivers(change, this.#places, this.#deps.network.peerId, this.#reaches);
    const work = await this.#plan(receivers, signal);
    const left = await this.#carryOut(work, { receivers, change, patience, signal });
    // Whoever dies from now on was a holder, whether or not all of it was brought there.
    this.#before = now;
    this.#reaches = receivers.reaches;
    this.#behind = left;
    if (left.size === 0) for (const name of splits) this.#splits.set(name, true);
    else this.#passSoon(this.#options.retry);
  }

  /** Of one pass or check: whoever asks for ever cannot keep it from its work. */
  #patience(): Patience {
    let left = this.#options.putOff;
    return async (signal) => {
      const begun = performance.now();
      await this.#deps.network.untilCalm(left, signal);
      left = Math.max(0, left - (performance.now() - begun));
      signal.throwIfAborted();
    };
  }

  /** For each receiver the listings that became its own by some of their names. */
  async #plan(receivers: Receivers, signal: AbortSignal): Promise<Map<string, string[]>> {
    const work = new Map<string, string[]>();
    for await (const listing of slices(this.#deps.source.listings(), signal)) {
      const found = new Set<string>();
      for (const [, ids] of this.#namesWith(receivers, listing)) for (const id of ids) found.add(id);
      for (const id of found) {
        const listings = work.get(id);
        if (listings === undefined) work.set(id, [listing]);
        else listings.push(listing);
      }
    }
    return work;
  }

  /** The names of a listing, those of its shards to be among them, each with those who must be brought it. */
  *#namesWith(receivers: Receivers, listing: string): Generator<readonly [string, readonly string[]]> {
    const { source } = this.#deps;
    for (const name of source.held(listing)?.names ?? []) {
      yield [name, receivers.of(name)];
      const shard = shardToBe(listing, name, source);
      if (shard === undefined) continue;
      yield [shard, this.#splits.get(name) === false ? receivers.ofNewShard(shard) : receivers.of(shard)];
    }
  }

  /** Brings everybody theirs, each when it is this node's turn; gives those for whom something is left to do. */
  async #carryOut(
    work: ReadonlyMap<string, readonly string[]>,
    { receivers, change, patience, signal }: Round,
  ): Promise<Set<string>> {
    const { network } = this.#deps;
    const self = network.directory.get(network.peerId);
    const left = new Set<string>();
    if (self === undefined) return left;
    const queue = [...change.now]
      .filter(({ id }) => work.has(id))
      .map((peer) => ({ id: peer.id, rank: peer.self ? 0 : rankFor(peer, change, self) }))
      // Who could not be brought everything the last time does not keep the others waiting.
      .sort((a, b) => Number(change.behind.has(a.id)) - Number(change.behind.has(b.id)) || a.rank - b.rank);
    const begun = performance.now();
    await sideBySide(queue, CONCURRENT_TARGETS, async ({ id, rank }, othersWait) => {
      const wait = begun + rank * this.#options.rankDelay - performance.now();
      if (wait > 0) await sleep(wait, undefined, { signal });
      await patience(signal);
      const cards = this.#named(id, receivers, work.get(id) ?? []);
      if (!(await this.#bring(id, cards, signal, { othersWait }))) left.add(id);
    });
    return left;
  }

  /** What it has already under other names is left to the checks. */
  *#named(receiver: string, receivers: Receivers, listings: Iterable<string>): Generator<NamedListing> {
    for (const listing of listings) {
      const names = new Set<string>();
      for (const [name, ids] of this.#namesWith(receivers, listing)) if (ids.includes(receiver)) names.add(name);
      yield [listing, [...names]];
    }
  }

  /** The names of a listing that a peer should hold it under. */
  #namesFor(receiver: string, listing: string): string[] {
    const held = this.#deps.source.held(listing);
    if (held === undefined) return [];
    const names = namesOf(listing, held.names, this.#deps.source);
    return names.filter((name) => this.#isHolder(receiver, name));
  }

  #isHolder(peer: string, name: string): boolean {
    return this.#check.holders(name).some((holders) => holders.some(({ id }) => id === peer));
  }

  async #bring(
    receiver: string,
    cards: Iterable<NamedListing>,
    signal: AbortSignal,
    options: BringOptions,
  ): Promise<boolean> {
    try {
      return await this.#delivery.bring(receiver, cards, signal, options);
    } catch (error) {
      this.#failed(receiver, error, signal);
      return false;
    }
  }

  #failed(receiver: string, error: unknown, signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#deps.logger.debug({ receiver, error: String(error) }, 'cards could not be handed over');
    this.#neighbourhood.failed(receiver);
  }

  #inTurn(task: (signal: AbortSignal) => Promise<void>): void {
    this.#work = this.#work.then(() => this.#guarded(task));
  }

  async #guarded(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stopping ?? {};
    if (signal === undefined) return;
    try {
      await task(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#deps.logger.warn({ error: String(error) }, 'handing over failed and is tried again later');
      this.#passSoon(this.#options.retry);
    }
  }
}
