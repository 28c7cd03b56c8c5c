/**
 * The database of a node: tables of rows in one LevelDB, written in atomic batches that are on disk when they are
 * acknowledged, and able to say whether the disk has lost or changed anything.
 *
 * @example
 * ```ts
 * import { createStore, jsonCodec } from './node/store/index.js';
 *
 * await using store = createStore({ path: '/tmp/niaga-example/store' });
 * await store.start();
 * const notes = store.table('notes', jsonCodec<{ text: string }>());
 * await store.write([notes.put('2026/1', { text: 'coffee' }), notes.put('2026/2', { text: 'tea' })]);
 * for await (const [key, { text }] of notes.range({ prefix: '2026/' })) console.log(key, text);
 * console.log(store.integrity?.ok);
 * ```
 *
 * @packageDocumentation
 */
import type { NiagaError } from '../../protocol/errors.js';
import type { Logger } from '../logger.js';
import type { Codec } from './codec.js';
import type { IntegrityReport } from './integrity.js';
import { LevelStore } from './level-store.js';
import type { Migration } from './migrations.js';
import type { KeyRange } from './rows.js';
import type { StoredRow } from './scan.js';

export { cborCodec, jsonCodec, rawCodec } from './codec.js';
export { fillStore } from './fill.js';
export { Tally } from './integrity.js';
export type { Migration } from './migrations.js';
export type { StoredRow } from './scan.js';
export type { KeyRange } from './rows.js';

/** One row to put, or to delete where `row` is undefined. Made by a {@link Table}, written by {@link Store.write}. */
export interface Write {
  readonly table: string;
  readonly key: string;
  /** Checksum and encoded value, as they go to disk. */
  readonly row: Uint8Array | undefined;
}

export interface RangeOptions extends KeyRange {
  /** From the last key to the first. Default false. */
  readonly reverse?: boolean | undefined;
  /** Ends after so many rows. Default: no limit. */
  readonly limit?: number | undefined;
  /** Called for each row that is left out because it is not what was written. Default: it is logged. */
  readonly onCorrupt?: ((row: { readonly table: string; readonly key: string }) => void) | undefined;
}

/**
 * Rows of one kind by key: any well-formed text, ordered by its UTF-8 bytes.
 *
 * Reading throws `RECORD_CORRUPT` (details `{table, key}`) for a row that is not what was written, `STOPPED` when the
 * store is not running, `STORE_CORRUPT` or `STORE_FAILED` when LevelDB cannot read. It sees what was acknowledged before.
 */
export interface Table<V> {
  readonly name: string;
  get(key: string): Promise<V | undefined>;
  has(key: string): Promise<boolean>;
  /**
   * A write of this value, encoded now; nothing is written until {@link Store.write}.
   * @throws whatever the codec throws; NiagaError INPUT_INVALID for a key that is not well-formed text
   */
  put(key: string, value: V): Write;
  /** A write that deletes; that there may be no such row is fine. */
  del(key: string): Write;
  /**
   * The rows of a range as they are when the first one is asked for: writes made meanwhile are not seen. Corrupt rows are left out.
   * Leave the loop or finish it, so that the snapshot is given back.
   */
  range(options?: RangeOptions): AsyncIterable<[key: string, value: V]>;
  /** How many rows there are, corrupt ones included; goes through their keys (some 400,000 a second). */
  count(prefix?: string): Promise<number>;
}

export interface WriteOptions {
  /** Resolve only when the disk has it. Without, a power cut, but not a crash of the process, can undo it. Default true. */
  readonly sync?: boolean | undefined;
}

export interface StoreCounters {
  /** Rows found not to be what was written, by reading or checking, since the start. */
  readonly corrupt: number;
  /** Calls of `write` that were acknowledged. */
  readonly writes: number;
  /** Batches that they were joined into. */
  readonly batches: number;
}

export interface Store extends AsyncDisposable {
  /** The folder of the LevelDB. */
  readonly path: string;
  /** The newest report of a check; undefined before the first. */
  readonly integrity: IntegrityReport | undefined;
  /** @throws NiagaError INTERNAL for a name that is not `[a-z][a-z0-9-]{0,31}`, or is `meta` */
  table<V>(name: string, codec: Codec<V>): Table<V>;
  /**
   * Writes all of it or nothing, over any number of tables. Calls take effect in their order; calls that wait are
   * joined into one batch. Of two writes to one key the later counts.
   *
   * After a write has failed the store takes no others until it is started again: LevelDB's log may end in the middle of a
   * record, and what is written behind that could be lost.
   * @throws NiagaError STOPPED before `start` and after `stop`; STORE_FAILED, STORE_CORRUPT
   */
  write(writes: readonly Write[], options?: WriteOptions): Promise<void>;
  /**
   * Reads every row and compares it with what the store wrote down about itself (1 s for some 100,000 rows of 600 bytes).
   *
   * It notices: a damaged file, a changed row, a row moved or copied to another key, a row lost or come back, an older
   * version of a row, a batch lost in the middle or at the end.
   * It cannot notice: batches of the end that are lost when the witness file was lost or set back too; batches written
   * without `sync` that a power cut undid (they were never promised); changes made on purpose with knowledge of the format.
   * @throws NiagaError STOPPED, STORE_FAILED. Damage is not thrown but reported, and logged.
   */
  check(): Promise<IntegrityReport>;
  /**
   * Removes what cannot be read as written, and takes the rest as the new truth, so that the next check speaks of new
   * damage only. For a person to decide, after a look at the report: what is lost is lost then.
   * @returns the report of the check that follows it
   */
  acceptDamage(): Promise<IntegrityReport>;
  counters(): StoreCounters;
  /**
   * Takes out of the files of the database what was deleted or replaced in these tables: LevelDB alone does so much later, or never.
   * What a loop over rows that is under way still shows stays until the next time.
   * @throws NiagaError STOPPED, STORE_FAILED
   */
  scrub(tables: readonly string[]): Promise<void>;
  /**
   * Every row as it is on disk, what the store says about itself included, as of the moment when the first is asked for: what is
   * written meanwhile is not in it. Some hundred KiB at a time. Leave the loop or finish it, so that the snapshot is given back.
   * @throws NiagaError STOPPED, STORE_FAILED, STORE_CORRUPT where LevelDB cannot read a part of its files
   */
  dump(): AsyncIterable<readonly StoredRow[]>;
  /**
   * Opens the database, checks it, and migrates it. Idempotent. A start that fails leaves nothing open.
   *
   * Damage to rows does not fail the start: see `integrity`, and do not sign anything that builds on rows of a table that is not `ok`.
   * Damaged parts of LevelDB's table files are taken out first, since LevelDB crashes on some; the originals are kept in `damaged/`.
   * @throws NiagaError HOME_LOCKED, HOME_NEWER, STORE_CORRUPT, STORE_FAILED
   */
  start(): Promise<void>;
  /** Takes no new writes, finishes those that wait, and closes the database. Idempotent; may be started again. */
  stop(): Promise<void>;
}

export interface StoreOptions {
  /** Check the whole store at each start. Default true. */
  readonly checkOnStart?: boolean | undefined;
  /** Size at which a joined batch is closed, in bytes of rows. Default `DEFAULT_MAX_BATCH_BYTES` (constants.ts). */
  readonly maxBatchBytes?: number | undefined;
  /** Memory for blocks of the files, in bytes. Default `DEFAULT_CACHE_BYTES` (constants.ts). */
  readonly cacheBytes?: number | undefined;
  /** Steps from older schemas. Default: those of this version. */
  readonly migrations?: readonly Migration[] | undefined;
}

export interface StoreDependencies {
  /** The folder of the LevelDB; made when it is missing. */
  readonly path: string;
  /** Default: silent. */
  readonly logger?: Pick<Logger, 'info' | 'warn' | 'error'> | undefined;
  readonly options?: StoreOptions | undefined;
  /** Called once a write has failed: no other is taken until the store is started again. */
  readonly onFailure?: ((error: NiagaError) => void) | undefined;
}

/** A store on disk. Nothing is opened before `start()`. @throws NiagaError INTERNAL for an unknown or impossible option */
export function createStore(dependencies: StoreDependencies): Store {
  return new LevelStore(dependencies);
}
