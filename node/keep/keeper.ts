import type { CID } from 'multiformats/cid';
import type { Listing } from '../../protocol/catalog/card.js';
import type { SignedRecord } from '../../protocol/record.js';
import { deviceToPeerId } from '../../protocol/ids.js';
import { slices } from '../index/slices.js';
import { readBody, writeBody } from '../index/wire.js';
import { PREFETCH_DELAY, PREFETCH_PER_SECOND, type Keeper, type KeeperDeps } from './index.js';
import { meetingPoint } from './meeting-point.js';
import { NOTE_USES_EVERY } from './shelf.js';
import { KEEP_METHOD, keepRequestSchema, MAX_KEEP_REQUEST } from './wire.js';

const second = 1000;
const minute = 60 * second;

/** So many of those at a listing's meeting point fetch it unasked: what readers ask first, with one that may be away. */
const PREFETCHING = 3;
/** All cards held here are looked through for listings that are lacking this often, and first so long after the start. */
const SWEEP_EVERY = 60 * minute;
/** Listings that wait to be fetched; the next sweep finds those beyond it. */
const MAX_WAITING = 10_000;
/** At once: a seller who does not answer must not hold up the others. */
const CONCURRENT = 4;
/** A listing that nobody had is tried again after this, and four times as long after each further time. */
const FIRST_RETRY = minute;
const TRIES = 4;
/** Peers that said that they have a listing. */
const MAX_HINTS = 4;
const LEAST_TICK = 20;
/** Jobs looked at in one go: each may need the nearest of all known nodes. */
const MAX_LOOKED = 50;

interface Job {
  /** By `performance.now()`. */
  due: number;
  tries: number;
  /** Somebody asked for it. */
  wanted: boolean;
  readonly hints: Set<string>;
}

export class KeeperService implements Keeper {
  readonly #deps: KeeperDeps;
  readonly #delay: number;
  readonly #interval: number;
  readonly #jobs = new Map<string, Job>();
  #running = 0;
  #work = new Set<Promise<void>>();
  #stopping: AbortController | undefined;
  #timers: NodeJS.Timeout[] = [];
  #off: () => void = () => undefined;
  #serving = false;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
    const { prefetchDelay = PREFETCH_DELAY, prefetchPerSecond = PREFETCH_PER_SECOND } = deps.options ?? {};
    this.#delay = prefetchDelay;
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
      setInterval(() => this.#track(this.#deps.shelf.noteUses()), NOTE_USES_EVERY).unref(),
      setInterval(() => this.#track(this.#sweep()), SWEEP_EVERY).unref(),
      // The neighbours are known by then.
      setTimeout(() => this.#track(this.#sweep()), this.#delay).unref(),
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
    await Promise.all(this.#work);
    await this.#deps.shelf.noteUses();
  }

  missed(listing: string, version: CID, hint?: string): void {
    const { source, shelf } = this.#deps;
    if (this.#stopping === undefined || shelf.versionOf(listing) === version.toString()) return;
    const held = source.record(listing);
    if (held === undefined || !(held.delta ?? held.card).payload.listing.equals(version)) return;
    this.#enqueue(listing, { delay: 0, wanted: true, hint });
  }

  opened(listing: SignedRecord<Listing>): void {
    const { exchange, options } = this.#deps;
    const { signal } = this.#stopping ?? {};
    if (signal === undefined || options?.media !== true) return;
    this.#track(exchange.collectPictures(listing, { signal }));
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    this.#deps.network.handle(
      KEEP_METHOD,
      async (body, { peer }) => {
        const { id, listing } = readBody(keepRequestSchema, body, KEEP_METHOD);
        this.missed(listing.toString(), id, peer);
        return writeBody({});
      },
      { maxRequest: MAX_KEEP_REQUEST },
    );
  }

  /** A card, delta or end of a listing came. */
  #changed(listing: string): void {
    const { source, shelf } = this.#deps;
    if (shelf.versionOf(listing) !== undefined && source.ended(listing)) return this.#track(shelf.drop([listing]));
    this.#enqueue(listing, { delay: this.#delay, wanted: false });
  }

  #enqueue(listing: string, options: { delay: number; wanted: boolean; hint?: string | undefined }): void {
    const due = performance.now() + options.delay;
    const known = this.#jobs.get(listing);
    if (known === undefined && this.#jobs.size >= MAX_WAITING) return;
    const job = known ?? { due, tries: 0, wanted: false, hints: new Set<string>() };
    job.due = Math.min(job.due, due);
    job.wanted ||= options.wanted;
    if (options.hint !== undefined && job.hints.size < MAX_HINTS) job.hints.add(options.hint);
    this.#jobs.set(listing, job);
  }

  /** Takes up one job, what somebody asked for first; those that turn out to need nothing are done on the way. */
  #next(): void {
    const now = performance.now();
    let looked = 0;
    for (const wanted of [true, false]) {
      for (const [listing, job] of this.#jobs) {
        if (this.#running >= CONCURRENT || looked >= MAX_LOOKED) return;
        if (job.due > now || job.wanted !== wanted) continue;
        looked++;
        this.#jobs.delete(listing);
        if (!this.#isLacking(listing, wanted)) continue;
        this.#running++;
        this.#track(this.#fetch(listing, job).finally(() => this.#running--));
        return;
      }
    }
  }

  /** Whether the listing of a card that is held is not here, and should be. What is over is forgotten on the way. */
  #isLacking(listing: string, wanted: boolean): boolean {
    const { source, shelf, network } = this.#deps;
    const held = source.record(listing);
    const kept = shelf.versionOf(listing);
    if (held === undefined || deviceToPeerId(held.card.payload.device) === network.peerId) return false;
    const { card, delta } = held;
    if ((delta ?? card).payload.listing.toString() === kept) {
      shelf.extend(listing, card.payload.validUntil);
      return false;
    }
    // A version that was worth keeping is worth replacing.
    if (wanted || kept !== undefined) return true;
    return meetingPoint(listing, this.#deps).slice(0, PREFETCHING).includes(network.peerId);
  }

  async #fetch(listing: string, job: Job): Promise<void> {
    const { source, exchange, options } = this.#deps;
    const held = source.record(listing);
    const { signal } = this.#stopping ?? {};
    if (held === undefined || signal === undefined) return;
    const fetching = { signal, hints: [...job.hints], wanted: job.wanted, forOthers: true };
    try {
      const record: SignedRecord<Listing> = await exchange.open(held, fetching);
      await exchange.texts(record, fetching);
      if (options?.media === true && job.wanted) await exchange.collectPictures(record, fetching);
    } catch (error) {
      if (signal.aborted) return;
      this.#deps.logger.debug({ listing, error: String(error) }, 'a listing could not be fetched for keeping');
      if (job.tries + 1 >= TRIES) return;
      const retry = { ...job, tries: job.tries + 1, due: performance.now() + FIRST_RETRY * 4 ** job.tries };
      if (!this.#jobs.has(listing)) this.#jobs.set(listing, retry);
    }
  }

  /** Finds what is lacking, and forgets what is over. */
  async #sweep(): Promise<void> {
    const { source, shelf } = this.#deps;
    const { signal } = this.#stopping ?? {};
    if (signal === undefined) return;
    for await (const listing of slices(source.listings(), signal)) {
      if (this.#isLacking(listing, false)) this.#enqueue(listing, { delay: 0, wanted: false });
    }
    await shelf.drop(shelf.over());
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        if (this.#stopping !== undefined) this.#deps.logger.warn({ error: String(error) }, 'keeping failed');
      })
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}
