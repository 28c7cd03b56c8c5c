import { setImmediate as nextTurn } from 'node:timers/promises';
import { onAbort } from '../signals.js';
import { cborCodec, type Table, type Write } from '../store/index.js';
import type { Events, EventsDeps, NewEvent, ReadEvents, StagedEvents } from './index.js';
import { EVENT_TYPES, type NodeEvent } from './types.js';

const DAY = 24 * 60 * 60 * 1000;
/** Events kept: at some 400 bytes each, 4 MB; more than a busy shop has in a week. */
const MAX_EVENTS = 10_000;
/** A program that was away longer than this looks at the state itself, not at how it came about. */
export const MAX_AGE = 30 * DAY;
/** Old events are removed when so many new ones have come, and at the start. */
const TRIM_EVERY = 100;
/** The most that a reader takes from disk at once. */
const READ_AT_ONCE = 500;
/** The newest are kept in memory, too: a thousand who follow would each look at the disk for each event otherwise. */
const RECENT = 200;
/** Readers that are woken in one go: what a thousand do with an event would keep the rest of the node from its turn for too long. */
const WOKEN_AT_ONCE = 50;
/** Digits of the largest safe integer: keys are ordered as text. */
const DIGITS = 16;

/** Where the removed ones are told of: one row. */
const REMOVED = 'last';

type Row = Omit<NodeEvent, 'seq'>;
/** Of each type the highest number that was removed. */
type Removed = Readonly<Record<string, number>>;

export class EventLog implements Events {
  readonly #deps: EventsDeps;
  readonly #table: Table<Row>;
  readonly #removedTable: Table<Removed>;
  readonly #most: number;
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  /** The newest that are on disk, in order, none left out between the first and the last. */
  #recent: NodeEvent[] = [];
  /** Readers that wait for more. */
  readonly #waiting = new Set<() => void>();
  /** The number that the next event gets. */
  #next = 1;
  /** The highest number on disk, all lower ones being there too. */
  #newest = 0;
  /** The lowest number that is kept. */
  #oldest = 1;
  #untrimmed = 0;
  /** Who waited for a rare type has missed nothing where only others were removed. */
  #removed: Removed = {};
  #running = false;

  constructor(deps: EventsDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('events', cborCodec<Row>());
    this.#removedTable = deps.store.table('events-removed', cborCodec<Removed>());
    this.#most = deps.maxEvents ?? MAX_EVENTS;
  }

  get newest(): number {
    return this.#newest;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    for await (const [key] of this.#table.range({ reverse: true, limit: 1 })) this.#newest = Number(key);
    this.#oldest = this.#newest + 1;
    for await (const [key] of this.#table.range({ limit: 1 })) this.#oldest = Number(key);
    this.#removed = Object.fromEntries(EVENT_TYPES.map((type) => [type, this.#oldest - 1]));
    // Where it is not said, any of those that are gone may have been of any type.
    for await (const [, removed] of this.#removedTable.range({ limit: 1 })) this.#removed = removed;
    this.#next = this.#newest + 1;
    this.#running = true;
    await this.#trim();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#recent = [];
    await this.#wake();
  }

  stage(events: readonly NewEvent[]): StagedEvents {
    const time = this.#deps.now();
    const numbered = events.map(({ type, data }) => ({ seq: this.#next++, time, type, data }));
    return {
      writes: numbered.map(({ seq, ...row }) => this.#table.put(keyOf(seq), row)),
      tell: () => this.#tell(numbered),
    };
  }

  async record(events: readonly NewEvent[], writes: readonly Write[] = []): Promise<void> {
    const staged = this.stage(events);
    await this.#deps.store.write([...writes, ...staged.writes]);
    staged.tell();
  }

  async rewrite(change: (event: NodeEvent) => NewEvent['data'] | undefined): Promise<Write[]> {
    const changed = (event: NodeEvent): NodeEvent => {
      const data = change(event);
      return data === undefined ? event : { ...event, data };
    };
    this.#recent = this.#recent.map(changed);
    const writes = new Map<number, Write>();
    for await (const [key, row] of this.#table.range()) {
      const before = { seq: Number(key), ...row };
      const { seq: _, ...after } = changed(before);
      if (after.data !== row.data) writes.set(before.seq, this.#table.put(key, after));
    }
    // What was removed meanwhile does not come back.
    return [...writes].filter(([seq]) => seq >= this.#oldest).map(([, write]) => write);
  }

  on(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async *read(options: ReadEvents = {}): AsyncGenerator<NodeEvent, void, undefined> {
    const { follow = false, types, signal } = options;
    const wanted = types === undefined ? undefined : new Set<string>(types);
    let last = options.after ?? (follow ? this.#newest : this.#oldest - 1);
    const going = (): boolean => this.#running && signal?.aborted !== true;
    // A number that was never given: the home was set back, and other events may have had these numbers before.
    if (going() && last > this.#newest) {
      yield this.#gap(this.#newest, { after: last });
      last = this.#newest;
    }
    while (going()) {
      if (last === this.#newest) {
        if (!follow) return;
        await this.#more(signal);
        continue;
      }
      const upTo = this.#newest;
      // Read whole before any of it is given out: a reader that pauses must not hold a snapshot of the disk.
      const rows = this.#recentAfter(last) ?? (await this.#rows(last, upTo));
      for (const event of rows) {
        if (event.seq > last + 1) yield* this.#gapUpTo(event.seq - 1, last, wanted);
        last = event.seq;
        if (wanted === undefined || wanted.has(event.type)) yield event;
        if (!going()) return;
      }
      if (rows.length === 0) {
        yield* this.#gapUpTo(upTo, last, wanted);
        last = upTo;
      }
    }
  }

  /** All after this number, where all of them are in memory. */
  #recentAfter(after: number): NodeEvent[] | undefined {
    const first = this.#recent[0]?.seq ?? Infinity;
    if (first > after + 1 || this.#oldest > after + 1) return undefined;
    return this.#recent.slice(after + 1 - first);
  }

  /** Those that are there: old ones were removed, and a row that the disk changed is left out. */
  async #rows(after: number, upTo: number): Promise<NodeEvent[]> {
    const rows: NodeEvent[] = [];
    const range = { gt: keyOf(after), lte: keyOf(upTo), limit: READ_AT_ONCE };
    for await (const [key, row] of this.#table.range(range)) rows.push({ seq: Number(key), ...row });
    return rows;
  }

  /** A gap after `last` where events are missing, unless it is known that none of them was wanted. */
  *#gapUpTo(seq: number, last: number, wanted: ReadonlySet<string> | undefined): Generator<NodeEvent, void, undefined> {
    const isKnown = seq < this.#oldest && wanted !== undefined;
    if (isKnown && ![...wanted].some((type) => (this.#removed[type] ?? 0) > last)) return;
    yield this.#gap(seq, { missed: seq - last });
  }

  /** Says what a reader cannot have any more, under the number of the last of what is missing. */
  #gap(seq: number, data: Readonly<Record<string, number>>): NodeEvent {
    return { seq, time: this.#deps.now(), type: 'gap', data };
  }

  #tell(events: readonly NodeEvent[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    const inOrder = (events[0]?.seq ?? 0) > this.#newest;
    this.#recent = inOrder ? [...this.#recent, ...events].slice(-RECENT) : [];
    this.#newest = Math.max(this.#newest, last.seq);
    for (const event of events) for (const listener of this.#listeners) this.#call(listener, event);
    void this.#wake();
    this.#untrimmed += events.length;
    if (this.#untrimmed < TRIM_EVERY) return;
    this.#trim().catch((error: unknown) =>
      this.#deps.logger.warn({ error: String(error) }, 'old events could not be removed'),
    );
  }

  #call(listener: (event: NodeEvent) => void, event: NodeEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.#deps.logger.error({ error: String(error) }, 'a listener to events failed');
    }
  }

  /** Removes what is too old or too much. */
  async #trim(): Promise<void> {
    this.#untrimmed = 0;
    const first = this.#newest - this.#most + 1;
    const since = this.#deps.now() - MAX_AGE;
    const writes: Write[] = [];
    const removed: Record<string, number> = {};
    for await (const [key, { time, type }] of this.#table.range()) {
      const seq = Number(key);
      // The newest stays, whatever its age: from it the next start goes on counting.
      if (seq >= this.#newest || (seq >= first && time >= since)) break;
      writes.push(this.#table.del(key));
      // What the disk lost before it may have been of any type.
      if (seq > this.#oldest) for (const each of EVENT_TYPES) removed[each] = seq - 1;
      removed[type] = seq;
      this.#oldest = Math.max(this.#oldest, seq + 1);
    }
    if (writes.length === 0) return;
    this.#removed = { ...this.#removed, ...removed };
    await this.#deps.store.write([...writes, this.#removedTable.put(REMOVED, this.#removed)], { sync: false });
  }

  /** Waits for an event to come, the signal, or the end. */
  async #more(signal: AbortSignal | undefined): Promise<void> {
    let end = (): void => undefined;
    const woken = new Promise<void>((resolve) => (end = resolve));
    this.#waiting.add(end);
    const released = onAbort(signal, end);
    await woken;
    released();
    this.#waiting.delete(end);
  }

  /** Those who wait now; one whose turn comes late finds the events that came meanwhile, too. */
  async #wake(): Promise<void> {
    let left = WOKEN_AT_ONCE;
    for (const end of [...this.#waiting]) {
      end();
      if (--left > 0) continue;
      await nextTurn();
      left = WOKEN_AT_ONCE;
    }
  }
}

function keyOf(seq: number): string {
  return String(seq).padStart(DIGITS, '0');
}
