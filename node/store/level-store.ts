import { Level } from 'level';
import { NiagaError } from '../../protocol/errors.js';
import { createMutex } from '../concurrency.js';
import type { Codec } from './codec.js';
import { CommitQueue } from './commit-queue.js';
import { damagedFiles, isCorruption, openError, runningError, stopped } from './errors.js';
import type { Store, StoreCounters, StoreDependencies, Table, Write, WriteOptions } from './index.js';
import { inspect, type Inspection, type IntegrityReport } from './integrity.js';
import { figureRows, Ledger, type NextFigures, type RowChange } from './ledger.js';
import { LevelTable } from './level-table.js';
import { META_TABLE, migrate } from './migrations.js';
import { checkOptions, type CheckedOptions } from './options.js';
import { checkTableName, rowKey, tableEnds } from './rows.js';
import { readRow, scan, type Database, type StoredRow } from './scan.js';
import { damagedTableFiles, mendTableFiles } from './table-files.js';
import { prepareSchema, type StoreCopy } from './schema-file.js';
import { openWitness, readWitness, type Witness, type WitnessState } from './witness.js';

const FIGURES = { gte: Buffer.from('#'), lt: Buffer.from('$') };

const TEXT_KEY = { keyEncoding: 'utf8' };
const BYTES_KEY = { keyEncoding: 'buffer' } as const;

/** Everything that exists only while the database is open. */
interface Running {
  readonly db: Database;
  readonly ledger: Ledger;
  readonly witness: Witness;
  readonly witnessState: WitnessState['state'] | 'new';
  /** Table files that were damaged when they were opened. */
  mended: readonly string[];
  /** Set by a write that failed: no other is taken then. */
  failure: NiagaError | undefined;
  /** Batches were written that the disk may not have yet. */
  unsynced: boolean;
  witnessFailed: boolean;
}

export class LevelStore implements Store {
  readonly path: string;
  readonly #logger: StoreDependencies['logger'];
  readonly #options: CheckedOptions;
  readonly #onFailure: StoreDependencies['onFailure'];
  readonly #queue: CommitQueue<Write>;
  readonly #scrubbing = createMutex();
  #running: Running | undefined;
  #accepting = false;
  /** Starts and stops, one after the other. */
  #lifecycle: Promise<void> = Promise.resolve();
  #integrity: IntegrityReport | undefined;
  #counters = { corrupt: 0, writes: 0, batches: 0 };

  constructor({ path, logger, options, onFailure }: StoreDependencies) {
    this.path = path;
    this.#logger = logger;
    this.#onFailure = onFailure;
    this.#options = checkOptions(options);
    this.#queue = new CommitQueue((writes, sync) => this.#commit(writes, sync), this.#options.maxBatchBytes);
  }

  get integrity(): IntegrityReport | undefined {
    return this.#integrity;
  }

  counters(): StoreCounters {
    return { ...this.#counters };
  }

  table<V>(name: string, codec: Codec<V>): Table<V> {
    checkTableName(name);
    if (name === META_TABLE) throw new NiagaError('INTERNAL', `The table "${name}" is the store's own`);
    return this.#table(name, codec);
  }

  #table<V>(name: string, codec: Codec<V>): Table<V> {
    return new LevelTable(name, codec, {
      db: () => this.#open().db,
      failed: (error) => runningError(error, this.path),
      corrupt: (row, cause) => this.#countCorrupt(row, cause),
    });
  }

  async write(writes: readonly Write[], { sync = true }: WriteOptions = {}): Promise<void> {
    if (!this.#accepting) throw stopped();
    await this.#enqueue(writes, sync);
  }

  check(): Promise<IntegrityReport> {
    return this.#inspect().then(({ report }) => report);
  }

  async acceptDamage(): Promise<IntegrityReport> {
    if (!this.#accepting) throw stopped();
    await this.#queue.alone(async () => {
      const running = this.#open();
      const { report, corruptKeys, sound } = await this.#inspect();
      if (report.files.damaged.length > 0) throw damagedFiles(report.files.damaged, this.path);
      const deletions = corruptKeys.map((key) => ({ key, value: undefined }));
      await this.#batch(running, running.ledger.restated(sound), true, deletions);
      running.mended = [];
    });
    return this.check();
  }

  scrub(tables: readonly string[]): Promise<void> {
    // One after the other: each holds one of the few threads that read and write files.
    return this.#scrubbing(() => this.#scrub(tables));
  }

  async #scrub(tables: readonly string[]): Promise<void> {
    const step = <T>(work: () => Promise<T>): Promise<T> => {
      if (!this.#accepting) throw stopped();
      return work();
    };
    const write = (deletions: readonly { key: Buffer; value: undefined }[]): Promise<void> =>
      step(() =>
        this.#queue.alone(() => this.#batch(this.#open(), this.#open().ledger.after([]), true, [...deletions])),
      );
    for (const table of tables) {
      const { start, end } = tableEnds(table);
      const compact = (): Promise<void> => step(() => this.#open().db.compactRange(start, end, BYTES_KEY));
      // What LevelDB wrote in one go it takes as it is, old versions included, until another file overlaps it: one from end to end does.
      await compact();
      await write([start, end].map((key) => ({ key, value: undefined })));
      await compact();
    }
    // Compacting does not say that it failed, but LevelDB writes nothing any more then.
    await write([]);
  }

  async *dump(): AsyncGenerator<readonly StoredRow[]> {
    const { db } = this.#open();
    const snapshot = db.snapshot();
    try {
      const onUnreadable = (error: unknown): void => {
        throw error;
      };
      yield* scan(db, { snapshot, onUnreadable });
    } catch (error) {
      throw runningError(error, this.path);
    } finally {
      await snapshot.close();
    }
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#running === undefined) await this.#start();
      this.#accepting = true;
    });
  }

  stop(): Promise<void> {
    this.#accepting = false;
    return this.#inTurn(async () => {
      this.#accepting = false;
      if (this.#running !== undefined) await this.#stop(this.#running);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const turn = this.#lifecycle.then(step);
    this.#lifecycle = turn.catch(() => undefined);
    return turn;
  }

  async #start(): Promise<void> {
    let db: Database | undefined;
    let copy: StoreCopy | undefined;
    try {
      copy = await prepareSchema(this.path, this.#options.migrations);
      const mended = await mendTableFiles(this.path);
      if (mended.length > 0) this.#logger?.error({ mended, path: this.path }, 'store: damaged files were mended');
      db = new Level<string, Uint8Array>(this.path, {
        valueEncoding: 'view',
        cacheSize: this.#options.cacheBytes,
        // An uncompressed index block is one that we can read ourselves, to check the blocks it names (table-file.ts).
        compression: false,
      }) as Database;
      await db.open();
      this.#running = await this.#load(db, mended);
      if (this.#options.checkOnStart) await this.#inspect([]);
      await migrate({
        store: { table: (name, codec) => this.#table(name, codec) },
        write: (writes) => this.#enqueue(writes, true),
        migrations: this.#options.migrations,
        fresh: this.#running.ledger.head.batch === 0,
        path: this.path,
        onOlder: async () => {
          const kept = await copy?.keep();
          this.#logger?.warn({ copy: kept }, 'store: a copy was put aside before it is brought up to date');
        },
        onMigrated: ({ version, name }) => this.#logger?.info({ version, name }, 'store migrated'),
      });
    } catch (error) {
      if (this.#running !== undefined) this.#closeWitness(this.#running);
      this.#running = undefined;
      await db?.close();
      throw openError(error, this.path);
    } finally {
      await copy?.drop();
    }
  }

  /** Reads what the store knows about itself, and compares it with the witness. */
  async #load(db: Database, mended: readonly string[]): Promise<Running> {
    const ledger = new Ledger();
    const figures: [string, Uint8Array][] = [];
    const snapshot = db.snapshot();
    try {
      const onUnreadable = (error: unknown) =>
        this.#logger?.error({ err: error }, 'store: LevelDB cannot read a block');
      for await (const rows of scan(db, { ...FIGURES, snapshot, onUnreadable })) {
        for (const [key, row] of rows) figures.push([key.toString('utf8'), row]);
      }
    } finally {
      await snapshot.close();
    }
    const headSound = ledger.load(figures);
    const found = await readWitness(this.path);
    if (found.state === 'read' && found.batch > ledger.head.batch) {
      if (headSound) ledger.noteLost(found.batch);
      else ledger.goOnFrom(found.batch);
    }
    return {
      db,
      ledger,
      witness: await openWitness(this.path, ledger.head.batch),
      witnessState: found.state === 'missing' && figures.length === 0 ? 'new' : found.state,
      mended,
      failure: undefined,
      unsynced: false,
      witnessFailed: false,
    };
  }

  async #stop(running: Running): Promise<void> {
    await this.#queue.drained();
    try {
      // What was written without waiting for the disk is waited for now.
      if (running.unsynced && running.failure === undefined) {
        await this.#batch(running, running.ledger.after([]), true, []);
      }
    } finally {
      this.#running = undefined;
      this.#closeWitness(running);
      await running.db.close();
    }
  }

  #closeWitness(running: Running): void {
    try {
      running.witness.close();
    } catch (error) {
      this.#logger?.warn({ err: error }, 'store: the witness file could not be closed');
    }
  }

  #open(): Running {
    if (this.#running === undefined) throw stopped();
    return this.#running;
  }

  async #enqueue(writes: readonly Write[], sync: boolean): Promise<void> {
    const bytes = writes.reduce((sum, { row }) => sum + (row?.length ?? 0), 0);
    await this.#queue.add({ items: writes, sync, bytes });
    this.#counters.writes++;
  }

  async #commit(writes: readonly Write[], sync: boolean): Promise<void> {
    const running = this.#open();
    // Asked first: after a failed write, even "there is nothing to write" would be taken for "it is all on disk".
    if (running.failure !== undefined) throw running.failure;
    if (writes.length === 0) return;
    const latest = new Map<string, Write>();
    for (const write of writes) latest.set(rowKey(write.table, write.key), write);
    const before = await this.#readRows(running, [...latest.keys()]);
    const changes: RowChange[] = [];
    let i = 0;
    for (const { table, row } of latest.values()) changes.push({ table, before: before[i++], after: row });
    await this.#batch(
      running,
      running.ledger.after(changes),
      sync,
      [...latest].map(([key, { row }]) => ({ key, value: row })),
    );
  }

  async #batch(running: Running, next: NextFigures, sync: boolean, rows: readonly Operation[]): Promise<void> {
    if (running.failure !== undefined) throw running.failure;
    try {
      // Twice as fast as an array of operations, which abstract-level copies one by one.
      const batch = running.db.batch();
      for (const { key, value } of [...rows, ...figureRows(next)]) {
        const encoding = typeof key === 'string' ? TEXT_KEY : BYTES_KEY;
        if (value === undefined) batch.del(key, encoding);
        else batch.put(key, value, encoding);
      }
      await batch.write({ sync });
    } catch (error) {
      throw this.#failed(running, error);
    }
    running.ledger.commit(next);
    running.unsynced = !sync;
    this.#counters.batches++;
    if (sync) this.#recordWitness(running, next.head.batch);
  }

  /** Whoever waited for this write takes back what it did; whatever builds on that must not be written either. */
  #failed(running: Running, error: unknown): NiagaError {
    running.failure = runningError(error, this.path);
    this.#logger?.error({ err: error }, 'store: a write failed; no more are taken');
    this.#onFailure?.(running.failure);
    return running.failure;
  }

  #recordWitness(running: Running, batch: number): void {
    try {
      running.witness.record(batch);
    } catch (error) {
      // The batch is on disk all the same, and an older witness says nothing wrong.
      if (!running.witnessFailed) this.#logger?.warn({ err: error }, 'store: the witness file cannot be written');
      running.witnessFailed = true;
    }
  }

  /** The rows as they are; one that cannot be read counts as missing, and the digest of its table will show it. */
  async #readRows(running: Running, keys: string[]): Promise<(Uint8Array | undefined)[]> {
    try {
      return await running.db.getMany(keys);
    } catch (error) {
      if (!isCorruption(error)) throw this.#failed(running, error);
    }
    return keys.map((key) => {
      try {
        return readRow(running.db, key);
      } catch (error) {
        this.#logger?.error({ err: error, key }, 'store: the row to be replaced cannot be read');
        return undefined;
      }
    });
  }

  /** @param known - the table files that are damaged, where that was just looked at. */
  async #inspect(known?: readonly string[]): Promise<Inspection> {
    const { db, ledger, witnessState: witness, mended } = this.#open();
    let snapshot;
    try {
      const damaged = known ?? (await damagedTableFiles(this.path));
      snapshot = db.snapshot();
      const { lost } = ledger.head;
      const inspection = await inspect(db, { snapshot, lost, witness, files: { mended, damaged } });
      const { report } = inspection;
      this.#integrity = report;
      this.#counters.corrupt += report.corruptRows;
      if (!report.ok) {
        this.#logger?.error({ problems: report.problems, path: this.path }, 'store: the database is damaged');
      }
      return inspection;
    } catch (error) {
      throw runningError(error, this.path);
    } finally {
      await snapshot?.close();
    }
  }

  #countCorrupt(row: { table: string; key: string }, cause?: unknown): void {
    this.#counters.corrupt++;
    this.#logger?.warn(
      { ...row, ...(cause === undefined ? {} : { err: cause }) },
      'store: a row is not what was written',
    );
  }
}

/** A row as it goes to disk, or the deletion of one. */
interface Operation {
  readonly key: string | Buffer;
  readonly value: Uint8Array | undefined;
}
