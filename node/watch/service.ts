import { randomBytes } from 'node:crypto';
import { NiagaError } from '../../protocol/errors.js';
import { equalBytes, traderToText } from '../../protocol/ids.js';
import { moneyToJson } from '../../protocol/money.js';
import { CLOCK_SKEW } from '../../protocol/record.js';
import type { WatchView } from '../api/rows/watch.js';
import { createMutex } from '../concurrency.js';
import type { NewEvent } from '../events/index.js';
import type { Change, Changes } from '../search/index.js';
import { linkedSignal } from '../signals.js';
import { cborCodec, type Table } from '../store/index.js';
import type { Watches, WatchesDeps, WatchInput } from './index.js';
import { judge, type Found, type Tiding } from './judge.js';
import { createMatches, MAX_MATCHES, type Matches } from './matches.js';

const second = 1_000;
const minute = 60 * second;
const DAY = 24 * 60 * minute;
/** News of a market are soon enough after a quarter of an hour; a node with all its watches asks some 500 questions in that time. */
const WATCH_INTERVAL = 15 * minute;
/** Watches of many nodes that were started together must not ask together: each interval is up to so much shorter or longer. */
const JITTER = 0.2;
/** After a start the node finds its place in the network first. */
const START_DELAY = 10 * second;
/** A watch that nobody answered is asked again after this. */
const RETRY = minute;
/** Each asks some ten nodes: with so many, a node asks one question in two seconds, all day long. */
const MAX_WATCHES = 50;
/** So many other nodes must answer the first question for what they did not name to be new. */
const LEAST_ANSWERS = 3;
/** Matches told one by one after one question; a catalogue that is published at once is told by its number. */
const MAX_TOLD = 20;
/** Bytes of an id of a watch: short enough to type. */
const ID_BYTES = 4;

interface Row {
  readonly input: WatchInput;
  readonly created: number;
  /** Under which keys it is looked for, from the first answer on. */
  readonly keys?: readonly string[];
  /** How far the answers of index nodes were read. */
  readonly marks: Readonly<Record<string, number>>;
  /** When somebody answered last; absent: never yet. */
  readonly checked?: number;
  readonly matches: number;
  /** There was more at the first question than came to be known: what is older than the watch is not new then. */
  readonly more: boolean;
  /** Its owner was told that it matches more than is remembered. */
  readonly full?: boolean;
}

interface Watch {
  row: Row;
  /** When it is asked next, by `performance.now()`: a clock that is set back must not silence it. */
  due: number;
}

export class WatchService implements Watches {
  readonly #deps: WatchesDeps;
  readonly #table: Table<Row>;
  readonly #matches: Matches;
  readonly #interval: number;
  /** In the order in which they were made. */
  readonly #watches = new Map<string, Watch>();
  /** One question after the other: watches ask much the same nodes, and nobody waits. */
  readonly #lock = createMutex();
  #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(deps: WatchesDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('watches', cborCodec<Row>());
    this.#matches = createMatches(deps.store);
    this.#interval = deps.interval ?? WATCH_INTERVAL;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#stopping = new AbortController();
    const rows: [string, Row][] = [];
    for await (const entry of this.#table.range({ limit: MAX_WATCHES })) rows.push(entry);
    const now = this.#deps.now();
    this.#watches.clear();
    for (const [id, row] of rows.sort(([, a], [, b]) => a.created - b.created)) {
      const soonest = Math.min(START_DELAY, this.#interval);
      const wait = Math.min((row.checked ?? 0) + this.#pause() - now, this.#interval);
      this.#watches.set(id, { row, due: performance.now() + Math.max(wait, soonest) });
    }
    this.#running = true;
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#lock(() => Promise.resolve());
  }

  async add(input: WatchInput, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<WatchView> {
    const wanted = compact(input);
    const same = this.#same(wanted);
    if (same !== undefined) return same;
    const row: Row = { input: wanted, created: this.#deps.now(), marks: {}, matches: 0, more: false };
    // Asked before it is kept: what is no question is refused, not watched for ever.
    const changes = await this.#ask(row, signal);
    return this.#lock(async () => {
      // Others may have been added meanwhile.
      const added = this.#same(wanted);
      if (added !== undefined) return added;
      const id = this.#newId();
      await this.#deps.store.write([this.#table.put(id, row)]);
      this.#watches.set(id, { row, due: performance.now() + RETRY });
      await this.#take(id, changes);
      this.#schedule();
      return viewOf(id, this.#watches.get(id)?.row ?? row);
    });
  }

  /** The watch for the same that there is. @throws NiagaError WATCH_LIMIT where there is none, and no room for one */
  #same(wanted: WatchInput): WatchView | undefined {
    const same = [...this.#watches].find(([, { row }]) => JSON.stringify(row.input) === JSON.stringify(wanted));
    if (same !== undefined) return viewOf(same[0], same[1].row);
    if (this.#watches.size < MAX_WATCHES) return undefined;
    throw new NiagaError('WATCH_LIMIT', `There are ${MAX_WATCHES} watches, which is as many as there may be.`, {
      next: 'End one with: niaga watch remove WATCH',
    });
  }

  list({ limit, after }: { limit: number; after?: string | undefined }): WatchView[] {
    if (after !== undefined) this.#get(after);
    const newest = [...this.#watches].reverse();
    const start = after === undefined ? 0 : newest.findIndex(([id]) => id === after) + 1;
    return newest.slice(start, start + limit).map(([id, { row }]) => viewOf(id, row));
  }

  async remove(id: string): Promise<WatchView> {
    return this.#lock(async () => {
      const { row } = this.#get(id);
      await this.#deps.store.write([this.#table.del(id), ...(await this.#matches.forget(id))]);
      this.#watches.delete(id);
      return viewOf(id, row);
    });
  }

  #get(id: string): Watch {
    const watch = this.#watches.get(id);
    if (watch !== undefined) return watch;
    throw new NiagaError('WATCH_NOT_FOUND', 'There is no such watch.', { next: 'See yours with: niaga watch list' });
  }

  #newId(): string {
    for (;;) {
      const id = randomBytes(ID_BYTES).toString('hex');
      if (!this.#watches.has(id)) return id;
    }
  }

  /** The time from one question to the next. */
  #pause(): number {
    return Math.round(this.#interval * (1 - JITTER + 2 * JITTER * Math.random()));
  }

  /** Wakes up for the watch that is due next. */
  #schedule(): void {
    clearTimeout(this.#timer);
    if (!this.#running || this.#watches.size === 0) return;
    const next = Math.min(...[...this.#watches.values()].map(({ due }) => due));
    const wait = Math.min(Math.max(0, next - performance.now()), this.#interval);
    this.#timer = setTimeout(() => void this.#askDue(), wait).unref();
  }

  async #askDue(): Promise<void> {
    const { logger } = this.#deps;
    for (const [id, watch] of [...this.#watches]) {
      if (watch.due > performance.now() || this.#stopping.signal.aborted) continue;
      watch.due = performance.now() + this.#pause();
      try {
        const changes = await this.#ask(watch.row);
        await this.#lock(() => this.#take(id, changes));
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        logger.warn({ watch: id, error: String(error) }, 'a watch could not be asked');
      }
    }
    this.#schedule();
  }

  async #ask({ input, keys, marks }: Row, signal?: AbortSignal): Promise<Changes> {
    const ending = linkedSignal([this.#stopping.signal, signal]);
    try {
      const options = { keys, marks: new Map(Object.entries(marks)), signal: ending.signal };
      return await this.#deps.search.changes(input, options);
    } finally {
      ending.release();
    }
  }

  /** Tells what is new, and writes it down in the same batch: a restart tells nothing twice and forgets nothing. */
  async #take(id: string, changes: Changes): Promise<void> {
    const watch = this.#watches.get(id);
    if (watch === undefined || this.#stopping.signal.aborted) return;
    const { now, store, events, trader } = this.#deps;
    if (changes.answered === 0) {
      watch.due = Math.min(watch.due, performance.now() + RETRY);
      return;
    }
    const { row } = watch;
    const first = row.checked === undefined;
    const found = changes.found
      .filter((change) => !equalBytes(change.trader, trader))
      .sort((a, b) => a.created - b.created);
    const { writes, news, matches } = await this.#judgeAll(id, row, found, first);
    const after: Row = {
      ...row,
      keys: changes.keys,
      marks: Object.fromEntries(changes.marks),
      checked: now(),
      matches,
      more: first ? changes.truncated || changes.answered < LEAST_ANSWERS : row.more,
      ...(row.full === true || matches >= MAX_MATCHES ? { full: true } : {}),
    };
    const about = { watch: id, words: [...row.input.words] };
    const began: NewEvent[] = first ? [{ type: 'watch-began', data: { ...about, matches } }] : [];
    const told = this.#eventsOf(about, news, !first && changes.truncated);
    const full: NewEvent[] = after.full === row.full ? [] : [{ type: 'watch-full', data: { ...about, matches } }];
    const staged = events.stage([...began, ...told, ...full]);
    // Where nothing happened, only marks are written, and a lost one costs a longer answer.
    const sync = staged.writes.length > 0 || writes.length > 0;
    await store.write([...writes, this.#table.put(id, after), ...staged.writes], { sync });
    watch.row = after;
    staged.tell();
    watch.due = performance.now() + this.#pause();
  }

  async #judgeAll(id: string, row: Row, found: readonly Change[], first: boolean) {
    const news: { readonly change: Change; readonly tidings: readonly Tiding[] }[] = [];
    const remembered = await this.#matches.of(id, this.#deps.now());
    const newSince = newSinceOf(row);
    for (const change of found) {
      const before = remembered.get(change.listing);
      if (before === undefined && !remembered.makeRoom(change)) continue;
      const known = first || change.created < newSince;
      const judged = judge(before, matchOf(change), { first: known, inStock: row.input.inStock === true });
      if (judged === undefined) continue;
      remembered.set(change, judged.match);
      if (judged.tidings.length > 0) news.push({ change, tidings: judged.tidings });
    }
    return { writes: remembered.writes(), news, matches: remembered.size };
  }

  #eventsOf(
    about: Readonly<Record<string, unknown>>,
    news: readonly { readonly change: Change; readonly tidings: readonly Tiding[] }[],
    truncated: boolean,
  ): NewEvent[] {
    const all = news.flatMap(({ change, tidings }) =>
      tidings.map((tiding): NewEvent => {
        const { type } = tiding;
        const was = tiding.type === 'price-drop' ? { was: moneyToJson(tiding.was) } : {};
        return { type, data: { ...about, ...shown(change), ...was } };
      }),
    );
    const told = all.slice(-MAX_TOLD);
    const left = all.length - told.length;
    // What nodes had more than they say is told beside what they say: their word alone is no news.
    const isMore = left > 0 || (truncated && told.length > 0);
    return isMore ? [...told, { type: 'watch-more', data: { ...about, more: left, truncated } }] : told;
  }
}

/** What is older than this is not new only because it is not remembered: milliseconds UTC, by the seller's clock. */
function newSinceOf({ created, checked, more, full }: Row): number {
  return Math.max(more ? created - CLOCK_SKEW : 0, full === true ? (checked ?? 0) - DAY : 0);
}

function matchOf({ seq, device, record, summary, validUntil }: Change): Found {
  const { price, availability } = summary;
  return { seq, device, record, price, availability, validUntil };
}

/** What an event shows of a listing. */
function shown({ listing, version, summary, trader, created }: Change): Readonly<Record<string, unknown>> {
  const { title, price, availability } = summary;
  return {
    listing,
    version,
    title,
    price: price === null ? null : moneyToJson(price),
    availability,
    seller: traderToText(trader),
    published: created,
  };
}

/** Only what was given, always in the same order: so that the same watch is known again. */
function compact(input: WatchInput): WatchInput {
  const fields = Object.entries(input).filter(([, value]) => value !== undefined && value !== false);
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))) as unknown as WatchInput;
}

function viewOf(watch: string, { input, created, checked, matches }: Row): WatchView {
  const { words, ...filters } = input;
  return {
    watch,
    words: [...words],
    // What was not given is not there (see `compact`).
    filters: filters as Record<string, string | boolean>,
    created,
    checked: checked ?? null,
    matches,
    full: matches >= MAX_MATCHES,
  };
}
