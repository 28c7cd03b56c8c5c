import { createHash } from 'node:crypto';
import { NiagaError, isNiagaError } from '../../protocol/errors.js';
import { cborCodec, type Store, type Table, type Write } from '../store/index.js';

const hour = 60 * 60 * 1000;
const KiB = 1024;
const MiB = 1024 * KiB;

/** How long an answer is kept: a program that retries later than this looks first what became of it. */
export const KEPT_FOR = 24 * hour;
/** Keys that are kept, of all callers together; where there are more, the oldest of whoever has most gives way. */
const MAX_KEYS = 10_000;
/** Bytes of all answers that are kept; the same holds for them. */
const MAX_BYTES = 64 * MiB;
/** A longer answer is given once and not kept. */
const MAX_ANSWER = 4 * MiB;

/** An answer as it left the node. */
export interface Answered {
  readonly status: number;
  /** Its media type. */
  readonly type: string;
  readonly body: string;
}

/** What is asked for under a key. */
interface Asked {
  /** Whose key it is, by the id of its token: two callers' keys have nothing to do with each other. */
  readonly caller: string;
  /** As the caller chose it. */
  readonly key: string;
  /** The path of the operation. */
  readonly path: string;
  /** Checked, defaults filled in. */
  readonly input: unknown;
}

/** A key and what stands in it; without `answer` it was begun and its end is not known. */
interface KeyRow {
  /** SHA-256 of path and input. */
  readonly print: Uint8Array;
  readonly time: number;
  /** Bytes of the answer; absent: begun. */
  readonly size?: number;
}

export interface KeptAnswers {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Does the work at most once for a key, whatever happens in between: gives the answer that was given before where there is one.
   * @param work what is done the first time; what it throws leaves the key as one of which the end is not known, unless it was
   * RATE_LIMITED: then nothing was done
   * @throws NiagaError IDEMPOTENCY_MISMATCH, IDEMPOTENCY_BUSY, IDEMPOTENCY_UNKNOWN; STORE_FAILED before the work is begun
   */
  once(asked: Asked, work: () => Promise<Answered>): Promise<{ readonly answer: Answered; readonly again: boolean }>;
}

export interface KeptAnswersDeps {
  readonly store: Store;
  readonly now: () => number;
  /** Keys that are kept. Default {@link MAX_KEYS}. */
  readonly maxKeys?: number | undefined;
}

export function createKeptAnswers(deps: KeptAnswersDeps): KeptAnswers {
  return new AnswerKeeper(deps);
}

class AnswerKeeper implements KeptAnswers {
  readonly #deps: KeptAnswersDeps;
  readonly #keys: Table<KeyRow>;
  readonly #answers: Table<Answered>;
  /** By id, the oldest first. */
  readonly #known = new Map<string, KeyRow>();
  readonly #running = new Set<string>();
  readonly #total = new Share();
  /** What of that each caller has. */
  readonly #shares = new Map<string, Share>();

  constructor(deps: KeptAnswersDeps) {
    this.#deps = deps;
    this.#keys = deps.store.table('api-keys', cborCodec<KeyRow>());
    this.#answers = deps.store.table('api-answers', cborCodec<Answered>());
  }

  async start(): Promise<void> {
    const rows: [string, KeyRow][] = [];
    for await (const entry of this.#keys.range()) rows.push(entry);
    this.#known.clear();
    this.#shares.clear();
    Object.assign(this.#total, new Share());
    for (const [id, row] of rows.sort(([, a], [, b]) => a.time - b.time)) this.#know(id, row);
    // Nobody may ask with a key again for long: what is over does not stay on the disk until somebody does.
    const over = this.#makeRoom();
    if (over.length > 0) await this.#deps.store.write(over);
  }

  async stop(): Promise<void> {
    this.#running.clear();
  }

  async once(asked: Asked, work: () => Promise<Answered>): Promise<{ answer: Answered; again: boolean }> {
    const id = `${asked.caller}/${hash(asked.key).toString('base64url')}`;
    const print = hash(`${asked.path}\n${JSON.stringify(asked.input)}`);
    if (this.#running.has(id)) {
      throw new NiagaError('IDEMPOTENCY_BUSY', 'The request with this key is still being worked on.', {
        where: 'Idempotency-Key',
        next: 'Wait a second and send it again.',
      });
    }
    this.#running.add(id);
    try {
      const known = this.#known.get(id);
      if (known !== undefined && known.time > this.#deps.now() - KEPT_FOR) {
        return { answer: await this.#given(id, known, print), again: true };
      }
      // Used again after its day: what it held counts no more, and it is among the newest now.
      if (known !== undefined) this.#drop(id, known);
      const row = { print, time: this.#deps.now() };
      // On disk before anything is done: what is not known to have ended is not done again.
      await this.#deps.store.write([this.#keys.put(id, row), ...this.#makeRoom()]);
      this.#know(id, row);
      return { answer: await this.#work(id, row, work), again: false };
    } finally {
      this.#running.delete(id);
    }
  }

  async #given(id: string, { print, size }: KeyRow, asked: Uint8Array): Promise<Answered> {
    if (!Buffer.from(print).equals(asked)) {
      throw new NiagaError('IDEMPOTENCY_MISMATCH', 'The key was used for another request.', {
        where: 'Idempotency-Key',
        next: 'Use a new key for each request; the same one only to send the same again.',
      });
    }
    const answer = size === undefined ? undefined : await this.#answers.get(id);
    if (answer !== undefined) return answer;
    throw new NiagaError('IDEMPOTENCY_UNKNOWN', 'This request was begun before, and how it ended is not known.', {
      where: 'Idempotency-Key',
      next: 'Look whether it was done; if not, send it with another key.',
    });
  }

  async #work(id: string, row: KeyRow, work: () => Promise<Answered>): Promise<Answered> {
    let answer: Answered;
    try {
      answer = await work();
    } catch (error) {
      if (isNiagaError(error, 'RATE_LIMITED')) await this.#deps.store.write([this.#forget(id, row)]);
      throw error;
    }
    const size = Buffer.byteLength(answer.body);
    if (size > MAX_ANSWER) return answer;
    this.#drop(id, row);
    const done = { ...row, size };
    this.#know(id, done);
    await this.#deps.store.write([this.#keys.put(id, done), this.#answers.put(id, answer), ...this.#makeRoom()]);
    return answer;
  }

  #know(id: string, row: KeyRow): void {
    this.#known.set(id, row);
    const caller = callerOf(id);
    const share = this.#shares.get(caller) ?? new Share();
    this.#shares.set(caller, share);
    for (const each of [share, this.#total]) each.add(1, row.size);
  }

  #drop(id: string, row: KeyRow): void {
    if (!this.#known.delete(id)) return;
    const caller = callerOf(id);
    const share = this.#shares.get(caller);
    for (const each of [share, this.#total]) each?.add(-1, -(row.size ?? 0));
    if (share?.keys === 0) this.#shares.delete(caller);
  }

  #forget(id: string, row: KeyRow): Write {
    this.#drop(id, row);
    return this.#keys.del(id);
  }

  /** Writes that forget what is too old or too much. */
  #makeRoom(): Write[] {
    const writes: Write[] = [];
    const oldest = this.#deps.now() - KEPT_FOR;
    const leave = (id: string, row: KeyRow): void => void writes.push(this.#forget(id, row), this.#answers.del(id));
    for (const [id, row] of this.#known) {
      if (row.time > oldest) break;
      if (!this.#running.has(id)) leave(id, row);
    }
    for (;;) {
      const what = this.#total.keys > (this.#deps.maxKeys ?? MAX_KEYS) ? 'keys' : 'bytes';
      if (what === 'bytes' && this.#total.bytes <= MAX_BYTES) return writes;
      const gone = this.#oldestOfMost(what);
      if (gone === undefined) return writes;
      leave(...gone);
    }
  }

  /** Of whoever has most, so that a program that runs in circles takes nothing from the others. Undefined where all are worked on. */
  #oldestOfMost(what: keyof Omit<Share, 'add'>): [string, KeyRow] | undefined {
    const mostFirst = [...this.#shares].sort(([, a], [, b]) => b[what] - a[what]);
    for (const [caller] of mostFirst) {
      for (const one of this.#known) if (callerOf(one[0]) === caller && !this.#running.has(one[0])) return one;
    }
    return undefined;
  }
}

/** How much of what is kept. */
class Share {
  keys = 0;
  bytes = 0;

  add(keys: number, bytes = 0): void {
    this.keys += keys;
    this.bytes += bytes;
  }
}

function callerOf(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
