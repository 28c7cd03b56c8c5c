import { setImmediate as nextTurn } from 'node:timers/promises';
import { NiagaError } from '../../protocol/errors.js';
import type { Codec } from './codec.js';
import { isCorruption } from './errors.js';
import type { RangeOptions, Table, Write } from './index.js';
import { rowKey, rowRange, seal, unseal } from './rows.js';
import { readRow, scan, type Database, type StoredRow } from './scan.js';

/** What a table needs of its store. */
export interface TableContext {
  /** @throws NiagaError STOPPED */
  db(): Database;
  /** The error to throw for one of LevelDB's. */
  failed(error: unknown): NiagaError;
  /** Counts and logs a row that is not what was written. */
  corrupt(row: { table: string; key: string }, cause?: unknown): void;
}

const MAX_CHUNK = 500;
/** After so many rows one by one, whatever else waits has its turn: a loop over thousands would keep the whole node from it. */
const READS_A_TURN = 50;

export class LevelTable<V> implements Table<V> {
  readonly name: string;
  readonly #codec: Codec<V>;
  readonly #context: TableContext;
  #reads = 0;

  constructor(name: string, codec: Codec<V>, context: TableContext) {
    this.name = name;
    this.#codec = codec;
    this.#context = context;
  }

  async get(key: string): Promise<V | undefined> {
    if (++this.#reads % READS_A_TURN === 0) await nextTurn();
    const stored = rowKey(this.name, key);
    let row;
    try {
      row = readRow(this.#context.db(), stored);
    } catch (error) {
      if (isCorruption(error)) throw this.#corrupt(key, error);
      throw this.#context.failed(error);
    }
    if (row === undefined) return undefined;
    const bytes = unseal(stored, row);
    if (bytes === undefined) throw this.#corrupt(key);
    return this.#codec.decode(bytes);
  }

  async has(key: string): Promise<boolean> {
    try {
      return await this.#context.db().has(rowKey(this.name, key));
    } catch (error) {
      if (isCorruption(error)) throw this.#corrupt(key, error);
      throw this.#context.failed(error);
    }
  }

  put(key: string, value: V): Write {
    return { table: this.name, key, row: seal(rowKey(this.name, key), this.#codec.encode(value)) };
  }

  del(key: string): Write {
    // For its check of the key.
    rowKey(this.name, key);
    return { table: this.name, key, row: undefined };
  }

  async *range(options: RangeOptions = {}): AsyncGenerator<[string, V], void, undefined> {
    const { limit = Infinity, reverse, onCorrupt } = options;
    let left = limit;
    if (left <= 0) return;
    for await (const rows of this.#scan({ ...options, reverse, chunk: Math.min(left, MAX_CHUNK) })) {
      for (const [stored, row] of rows) {
        const key = stored.toString('utf8', this.name.length + 2);
        const bytes = unseal(stored, row);
        if (bytes === undefined) {
          this.#context.corrupt({ table: this.name, key });
          onCorrupt?.({ table: this.name, key });
          continue;
        }
        yield [key, this.#codec.decode(bytes)];
        if (--left === 0) return;
      }
    }
  }

  async count(prefix = ''): Promise<number> {
    let count = 0;
    for await (const rows of this.#scan({ prefix, values: false })) count += rows.length;
    return count;
  }

  async *#scan(
    options: RangeOptions & { chunk?: number; values?: boolean },
  ): AsyncGenerator<readonly StoredRow[], void, undefined> {
    const bounds = rowRange(this.name, options);
    if (Buffer.compare(bounds.gte, bounds.lt) >= 0) return;
    const { reverse, chunk, values } = options;
    const db = this.#context.db();
    const snapshot = db.snapshot();
    // Rows in a block that LevelDB cannot read are left out like single ones, but nothing can say which they were.
    const onUnreadable = (error: unknown) => this.#context.corrupt({ table: this.name, key: '?' }, error);
    try {
      yield* scan(db, { ...bounds, snapshot, reverse, chunk, values, onUnreadable });
    } catch (error) {
      throw this.#context.failed(error);
    } finally {
      await snapshot.close();
    }
  }

  #corrupt(key: string, cause?: unknown): NiagaError {
    const row = { table: this.name, key };
    this.#context.corrupt(row, cause);
    return new NiagaError('RECORD_CORRUPT', `The row "${key}" of table ${this.name} is not what was written`, {
      where: `${this.name}/${key}`,
      next: 'Restore it from a backup, or fetch or make it again.',
      cause,
      details: row,
    });
  }
}
