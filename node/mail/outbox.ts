import { isReceipted, type courier } from '../../protocol/mail/index.js';
import { cborCodec, rawCodec, type Store, type Table, type Write } from '../store/index.js';
import type { SentState } from './index.js';

/**
 * How long it is remembered what came, and that what was sent has arrived. A sender who has no receipt after a year has other troubles;
 * letters themselves are refused when they are two months old. An own message of which nothing is known any more has arrived, and what
 * proves it in a trade, its receipt, is kept with the trade.
 */
const KEPT_FOR = 365 * 24 * 60 * 60 * 1000;

/** What became of something that its recipient has signed for, or has refused. */
interface DoneRow {
  readonly state: 'delivered' | 'read' | 'refused';
  /** Of what was refused: why. */
  readonly refused?: NonNullable<courier.Waiting['refused']>;
  readonly at: number;
  readonly kind: string;
  readonly about?: string;
}

/** Something from another trader that is on this disk: the receipt for it. */
interface KeptRow {
  readonly receipt: Uint8Array;
  readonly at: number;
  /** As what it came: the same bytes as a parcel of another kind are something else. Rows of earlier versions have none. */
  readonly kind?: string;
  /** That a person has seen it was told. */
  readonly read?: boolean;
}

/** Everything about own mail that is on disk. Keys are the other trader's key in text and the parcel's id. */
export class OutboxTables {
  readonly #store: Store;
  readonly #waiting: Table<courier.Waiting>;
  readonly #parcels: Table<Uint8Array>;
  readonly #done: Table<DoneRow>;
  readonly #kept: Table<KeptRow>;

  constructor(store: Store) {
    this.#store = store;
    this.#waiting = store.table('mail-outbox', cborCodec<courier.Waiting>());
    this.#parcels = store.table('mail-parcels', rawCodec);
    this.#done = store.table('mail-done', cborCodec<DoneRow>());
    this.#kept = store.table('mail-kept', cborCodec<KeptRow>());
  }

  async *waiting(): AsyncIterable<{ to: string; id: string; waiting: courier.Waiting }> {
    for await (const [key, waiting] of this.#waiting.range()) {
      const [to = '', id = ''] = key.split('/');
      yield { to, id, waiting };
    }
  }

  parcel(to: string, id: string): Promise<Uint8Array | undefined> {
    return this.#parcels.get(`${to}/${id}`);
  }

  post(to: string, id: string, waiting: courier.Waiting, bytes: Uint8Array): Write[] {
    const key = `${to}/${id}`;
    // Posted anew, it is not done any more.
    const done = isReceipted(waiting.kind) ? [this.#done.del(key)] : [];
    return [this.#waiting.put(key, waiting), this.#parcels.put(key, bytes), ...done];
  }

  update(to: string, id: string, waiting: courier.Waiting): Write {
    return this.#waiting.put(`${to}/${id}`, waiting);
  }

  /** Nothing has to be sent any more. */
  drop(to: string, id: string, done: DoneRow | undefined): Write[] {
    const key = `${to}/${id}`;
    return [this.#waiting.del(key), this.#parcels.del(key), ...(done === undefined ? [] : [this.#done.put(key, done)])];
  }

  done(to: string, id: string): Promise<DoneRow | undefined> {
    return this.#done.get(`${to}/${id}`);
  }

  putDone(to: string, id: string, done: DoneRow): Write {
    return this.#done.put(`${to}/${id}`, done);
  }

  kept(from: string, id: string): Promise<KeptRow | undefined> {
    return this.#kept.get(`${from}/${id}`);
  }

  async keptAs(kind: string, from: string, id: string): Promise<KeptRow | undefined> {
    const row = await this.kept(from, id);
    return row?.kind === undefined || row.kind === kind ? row : undefined;
  }

  keep(from: string, id: string, row: KeptRow): Write {
    return this.#kept.put(`${from}/${id}`, row);
  }

  /** Forgets what came so long ago that nobody sends it again, and what has arrived as long ago. */
  async prune(now: number): Promise<void> {
    const writes: Write[] = [];
    for await (const [key, { at }] of this.#kept.range()) if (now - at > KEPT_FOR) writes.push(this.#kept.del(key));
    for await (const [key, { at, state }] of this.#done.range())
      // That it was refused, and why, nothing else says.
      if (state !== 'refused' && now - at > KEPT_FOR) writes.push(this.#done.del(key));
    if (writes.length > 0) await this.#store.write(writes, { sync: false });
  }

  write(writes: readonly Write[], options?: { sync: boolean }): Promise<void> {
    return this.#store.write(writes, options);
  }
}

/** The same of what does not wait any more. */
export function doneState({ state, at, refused }: DoneRow): SentState {
  return { state, since: at, ...(refused === undefined ? {} : { code: refused.code, reason: refused.reason }) };
}

export function sentState(waiting: courier.Waiting): SentState {
  const { refused, stored, since } = waiting;
  if (refused !== undefined) return { state: 'refused', since, code: refused.code, reason: refused.reason };
  if (stored !== undefined) return { state: 'stored', since, mailboxes: stored.mailboxes };
  return { state: 'queued', since };
}
