import type { CID } from 'multiformats/cid';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import type { Listing } from '../../protocol/catalog/card.js';
import type { SignedRecord } from '../../protocol/record.js';
import { deviceToPeerId } from '../../protocol/ids.js';
import { createBackground } from '../background.js';
import type { HeldRecord } from '../index/index.js';
import { slices } from '../index/slices.js';
import { PREFETCH_DELAY, PREFETCH_PATIENCE, PREFETCH_PER_SECOND } from './index.js';
import type { Keeper, KeeperDeps } from './index.js';
import { Jobs, type Job } from './jobs.js';
import { meetingPoint } from './meeting-point.js';
import { Resting } from './resting.js';
import { NOTE_USES_EVERY } from './shelf.js';
import { KEEP_METHOD, keepRequestSchema, MAX_LISTINGS, MAX_LISTINGS_REQUEST } from './wire.js';
import { readBody, writeBody } from '../network/bodies.js';

const second = 1000;
const minute = 60 * second;

/** So many of those at a listing's meeting point fetch it unasked: what readers ask first, with one that may be away. */
const PREFETCHING = 3;
/** All cards held here are looked through for listings that are lacking this often, and first so long after the start. */
const SWEEP_EVERY = 60 * minute;
/** Sellers whose listings are fetched at once: one who does not answer must not hold up the others. */
const CONCURRENT = 4;
/** Jobs of one seller that are looked at together; most may turn out to be for others to do. */
const LOOKED_AT = 500;
/** Milliseconds for the texts of listings that nobody asked for: whoever does not give them holds up no other seller for longer. */
const TEXTS_TIME = 30 * second;
/** A listing that nobody had is tried again after this, and four times as long after each further time. */
const FIRST_RETRY = minute;
const TRIES = 4;
/** A reader's wish for what nobody had is taken up again after so long at the latest. */
const MISSING_FOR = 5 * minute;
/** Versions remembered that nobody had. */
const MISSING_REMEMBERED = 10_000;
/** Requests of those who have what they asked for here in vain, answered side by side. */
const CONCURRENT_HINTS = 2;
const LEAST_TICK = 20;

export class KeeperService implements Keeper {
  readonly #deps: KeeperDeps;
  readonly #delay: number;
  readonly #patience: number;
  readonly #interval: number;
  readonly #jobs = new Jobs();
  readonly #resting = new Resting();
  /** By id versions that nobody had, with when they are worth another try, by `performance.now()`. */
  readonly #missing = createBoundedCache<number>(MISSING_REMEMBERED);
  /** Sellers whose listings are being fetched. */
  readonly #running = new Set<string>();
  /** By seller when the next may be fetched that nobody asked for, by `performance.now()`. */
  readonly #rests = new Map<string, number>();
  readonly #background = createBackground((error) => {
    if (this.#stopping !== undefined) this.#deps.logger.warn({ error: String(error) }, 'keeping failed');
  });
  #stopping: AbortController | undefined;
  #timers: NodeJS.Timeout[] = [];
  #off: () => void = () => undefined;
  #serving = false;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
    const {
      prefetchDelay = PREFETCH_DELAY,
      prefetchPatience = PREFETCH_PATIENCE,
      prefetchPerSecond = PREFETCH_PER_SECOND,
    } = deps.options ?? {};
    this.#delay = prefetchDelay;
    this.#patience = prefetchPatience;
    this.#interval = Math.max(LEAST_TICK, second / prefetchPerSecond);
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) return;
    const { source } = this.#deps;
    this.#stopping = new AbortController();
    this.#serve();
    this.#off = source.onChange((listing) => this.#changed(listing));
    this.#timers = [
      setInterval(() => this.#next(), this.#interval).unref(),
      setInterval(() => this.#background.add(this.#deps.shelf.noteUses()), NOTE_USES_EVERY).unref(),
      setInterval(() => this.#background.add(this.#sweep()), SWEEP_EVERY).unref(),
      // The neighbours are known by then.
      setTimeout(() => this.#background.add(this.#sweep()), this.#delay).unref(),
    ];
  }

  async stop(): Promise<void> {
    if (this.#stopping === undefined) return;
    this.#stopping.abort();
    this.#stopping = undefined;
    this.#off();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    this.#jobs.clear();
    await this.#background.ended();
    // Only who was asked for how often: a disk that takes no writes must not keep a node from ending in order.
    await this.#deps.shelf.noteUses().catch(() => undefined);
  }

  missed(listing: string, version: CID, hint?: string): void {
    const { source, shelf } = this.#deps;
    if (this.#stopping === undefined || shelf.versionOf(listing) === version.toString()) return;
    const held = source.record(listing);
    if (held === undefined || !(held.delta ?? held.card).payload.listing.equals(version)) return;
    // However often it is asked for: those who were asked a moment ago do not have it.
    if (hint === undefined && (this.#missing.get(version.toString()) ?? 0) > performance.now()) return;
    this.#enqueue(listing, { delay: 0, wanted: true, hints: hint === undefined ? [] : [hint] });
  }

  opened(listing: SignedRecord<Listing>): void {
    const { exchange, options } = this.#deps;
    const { signal } = this.#stopping ?? {};
    if (signal === undefined || options?.media !== true) return;
    this.#background.add(exchange.collectPictures(listing, { signal }));
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    this.#deps.network.handle(
      KEEP_METHOD,
      async (body, { peer }) => {
        const { listings } = readBody(keepRequestSchema, body, KEEP_METHOD);
        const { signal } = this.#stopping ?? {};
        if (signal === undefined) return writeBody({});
        for await (const { id, listing } of slices(listings, signal)) this.missed(listing.toString(), id, peer);
        return writeBody({});
      },
      { maxRequest: MAX_LISTINGS_REQUEST, maxConcurrent: CONCURRENT_HINTS },
    );
  }

  /** A card, delta or end of a listing came. */
  #changed(listing: string): void {
    const { source, shelf } = this.#deps;
    if (shelf.versionOf(listing) !== undefined && source.ended(listing))
      return this.#background.add(shelf.drop([listing]));
    this.#enqueue(listing, { delay: this.#delay, wanted: false, hints: [] });
  }

  #enqueue(
    listing: string,
    { delay, wanted, hints }: { readonly delay: number; readonly wanted: boolean; readonly hints: readonly string[] },
  ): void {
    const seller = this.#deps.source.seller(listing);
    if (seller === undefined) return;
    this.#jobs.add({ listing, seller, due: performance.now() + delay, tries: 0, wanted, hints });
  }

  /** Takes up the jobs of one seller, what somebody asked for first. */
  #next(): void {
    const now = performance.now();
    if (this.#running.size >= CONCURRENT) return;
    const isFree = (seller: string): boolean => !this.#running.has(seller);
    const hasRested = (seller: string): boolean => isFree(seller) && (this.#rests.get(seller) ?? 0) <= now;
    const taken =
      this.#jobs.take('wanted', { now, most: LOOKED_AT, isFree }) ??
      this.#jobs.take('unasked', { now: now - this.#wait, most: LOOKED_AT, isFree: hasRested });
    if (taken === undefined) return;
    const { seller, jobs } = taken;
    this.#running.add(seller);
    this.#background.add(this.#fetch(seller, jobs).finally(() => this.#running.delete(seller)));
  }

  /** For so long what nobody asked for waits beyond its time. */
  get #wait(): number {
    return this.#deps.source.isBusy ? this.#patience : 0;
  }

  /** What is held of a listing that is not here itself, and should be. */
  #lacking(listing: string, wanted: boolean): HeldRecord | undefined {
    const { source, shelf, network } = this.#deps;
    const kept = shelf.versionOf(listing);
    // A version that was worth keeping is worth replacing. Asked before the card is opened, which checks its signature: most cards that
    // are held here are for others to fetch.
    const isHere = (): boolean => meetingPoint(listing, this.#deps).slice(0, PREFETCHING).includes(network.peerId);
    if (!wanted && kept === undefined && !isHere()) return undefined;
    const held = source.record(listing);
    if (held === undefined || deviceToPeerId(held.card.payload.device) === network.peerId) return undefined;
    const { card, delta, until } = held;
    if ((delta ?? card).payload.listing.toString() !== kept) return held;
    shelf.extend(listing, until);
    return undefined;
  }

  /** Fetches those of one seller's listings that are lacking, as many as go in one request; the others wait for the next. */
  async #fetch(seller: string, jobs: readonly Job[]): Promise<void> {
    const { signal } = this.#stopping ?? {};
    if (signal === undefined) return;
    const lacking: { readonly job: Job; readonly held: HeldRecord }[] = [];
    for await (const job of slices(jobs, signal)) {
      const held = this.#lacking(job.listing, job.wanted);
      if (held === undefined) continue;
      if (lacking.length < MAX_LISTINGS) lacking.push({ job, held });
      else this.#jobs.add(job);
    }
    if (lacking.length === 0) return;
    this.#rests.set(seller, performance.now() + lacking.length * this.#interval);
    const { exchange, options } = this.#deps;
    const sought = lacking.map(({ job: { hints, wanted }, held }) => ({ ...held, hints, wanted }));
    const resting = (peer: string): boolean => this.#resting.has(peer);
    const { listings, asked, silent } = await exchange.collect(sought, { resting, signal });
    for (const peer of new Set(sought.map(({ card }) => deviceToPeerId(card.payload.device))))
      if (asked.has(peer)) this.#resting.heard(peer, !silent.has(peer));
    const end = performance.now() + TEXTS_TIME;
    for (const [at, { job, held }] of lacking.entries()) {
      const listing = listings[at];
      if (listing === undefined) {
        this.#retry(job, (held.delta ?? held.card).payload.listing);
        continue;
      }
      if (!job.wanted && performance.now() > end) continue;
      const fetching = { signal, hints: job.hints, wanted: job.wanted };
      await exchange.texts(listing, fetching);
      if (options?.media === true && job.wanted) await exchange.collectPictures(listing, fetching);
    }
  }

  #retry(job: Job, version: CID): void {
    this.#deps.logger.debug({ listing: job.listing }, 'a listing could not be fetched for keeping');
    const due = performance.now() + FIRST_RETRY * 4 ** job.tries;
    // For what nobody wished, only some have been asked.
    if (job.wanted) this.#missing.set(version.toString(), Math.min(due, performance.now() + MISSING_FOR));
    if (job.tries + 1 >= TRIES || this.#jobs.has(job.listing)) return;
    this.#jobs.add({ ...job, tries: job.tries + 1, due });
  }

  /** Finds what is lacking, and forgets what is over. */
  async #sweep(): Promise<void> {
    const { source, shelf } = this.#deps;
    const { signal } = this.#stopping ?? {};
    if (signal === undefined) return;
    for await (const listing of slices(source.listings(), signal)) {
      // What waits already is looked at in its turn: while a shop is published the machine has better to do.
      if (this.#jobs.has(listing) || this.#lacking(listing, false) === undefined) continue;
      this.#enqueue(listing, { delay: 0, wanted: false, hints: [] });
    }
    await shelf.drop(shelf.over());
    const now = performance.now();
    for (const [seller, until] of this.#rests) if (until <= now) this.#rests.delete(seller);
  }
}
