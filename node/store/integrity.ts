import {
  addDigests,
  checksumOf,
  decodeDigest,
  decodeHead,
  EMPTY_DIGEST,
  HEAD_KEY,
  sameDigest,
  tableOfDigestKey,
  type Digest,
  type Head,
} from './digest.js';
import { splitRowKey, unseal } from './rows.js';
import { scan, type Database, type Snapshot, type StoredRow } from './scan.js';
import type { WitnessState } from './witness.js';

interface CorruptRow {
  /** `?` when the key itself is damaged so much that it names no table. */
  readonly table: string;
  readonly key: string;
}

interface TableReport {
  readonly table: string;
  /** Rows that there should be. */
  readonly expected: number;
  /** Rows that there are, corrupt ones included. */
  readonly found: number;
  /** False when rows are missing, are there twice, or are not the newest that was written. */
  readonly ok: boolean;
}

/** What a check of the whole store found. */
export interface IntegrityReport {
  /** Nothing is missing and nothing was changed, as far as the store can know: see {@link Store.check}. */
  readonly ok: boolean;
  /** Rows of all tables that are what was written. */
  readonly rows: number;
  /** The first 100 rows that are not. */
  readonly corrupt: readonly CorruptRow[];
  /** How many are not, in all. */
  readonly corruptRows: number;
  readonly tables: readonly TableReport[];
  readonly batches: {
    /** Number of the newest batch that is there. */
    readonly found: number;
    /** How many newer ones were on disk once and are not there any more. */
    readonly lost: number;
    /** Whether the witness file could speak: without it a lost end goes unnoticed. `new` for a new store. */
    readonly witness: WitnessState['state'] | 'new';
  };
  readonly files: {
    /** LevelDB's table files that were damaged when the store was opened: the damaged parts were taken out, copies kept in `damaged/`. */
    readonly mended: readonly string[];
    /** Those that are damaged now. LevelDB could crash on them, so the rows are not looked at until the next start has mended them. */
    readonly damaged: readonly string[];
  };
  /** The same for people: a sentence for each thing that is wrong. Empty when `ok`. */
  readonly problems: readonly string[];
  readonly tookMs: number;
}

const MAX_LISTED = 100;

export interface Inspection {
  readonly report: IntegrityReport;
  /** Keys of the corrupt rows, as they are on disk. */
  readonly corruptKeys: readonly Buffer[];
  /** What the sound rows of each table add up to. */
  readonly sound: ReadonlyMap<string, Digest>;
}

export interface InspectOptions {
  readonly snapshot: Snapshot;
  /** Batches known to be lost at the end. */
  readonly lost: number;
  readonly witness: IntegrityReport['batches']['witness'];
  readonly files: IntegrityReport['files'];
}

/** Reads every row, and compares checksums, table digests, the head and the witness. */
export async function inspect(db: Database, { snapshot, ...known }: InspectOptions): Promise<Inspection> {
  const started = performance.now();
  const tally = new Tally();
  if (known.files.damaged.length === 0) {
    const chunks = scan(db, { snapshot, onUnreadable: () => (tally.unreadable = true) });
    // LevelDB reads the next chunk in another thread while this one hashes.
    let next = chunks.next();
    try {
      for (;;) {
        const { value: rows } = await next;
        if (rows === undefined) break;
        next = chunks.next();
        next.catch(() => undefined);
        for (const row of rows) tally.add(row);
      }
    } finally {
      await chunks.return();
    }
  }
  return tally.result(known, Math.round(performance.now() - started));
}

interface TableTally {
  found: Digest;
  sound: Digest;
  corrupt: number;
}

/** Adds up rows, and says at the end whether they are what was written. */
export class Tally {
  unreadable = false;
  #rows = 0;
  #corruptRows = 0;
  readonly #corrupt: CorruptRow[] = [];
  readonly #corruptKeys: Buffer[] = [];
  readonly #tables = new Map<string, TableTally>();
  readonly #expected = new Map<string, Digest | undefined>();
  #head: Head | 'damaged' | undefined;

  add([key, row]: StoredRow): void {
    const name = splitRowKey(key);
    const bytes = unseal(key, row);
    if (name === undefined) {
      this.#addFigures(key, bytes);
      return;
    }
    let table = this.#tables.get(name.table);
    if (table === undefined) {
      this.#tables.set(name.table, (table = { found: EMPTY_DIGEST, sound: EMPTY_DIGEST, corrupt: 0 }));
    }
    const digest = { rows: 1, sum: checksumOf(row) };
    table.found = addDigests(table.found, digest);
    if (bytes === undefined) {
      table.corrupt++;
      this.#addCorrupt(key, name);
      return;
    }
    table.sound = addDigests(table.sound, digest);
    this.#rows++;
  }

  #addFigures(key: Buffer, bytes: Uint8Array | undefined): void {
    const text = key.toString('utf8');
    const table = tableOfDigestKey(text);
    if (text === HEAD_KEY) this.#head = (bytes === undefined ? undefined : decodeHead(bytes)) ?? 'damaged';
    else if (table !== undefined && bytes !== undefined) this.#expected.set(table, decodeDigest(bytes));
    else if (table !== undefined && this.#tables.has(table)) this.#expected.set(table, undefined);
    else this.#addCorrupt(key, { table: '?', key: text });
  }

  #addCorrupt(key: Buffer, row: CorruptRow): void {
    this.#corruptRows++;
    this.#corruptKeys.push(key);
    if (this.#corrupt.length < MAX_LISTED) this.#corrupt.push(row);
  }

  result({ lost, witness, files }: Omit<InspectOptions, 'snapshot'>, tookMs: number): Inspection {
    const scanned = files.damaged.length === 0;
    const tables = this.#tableReports();
    const problems = [
      ...files.damaged.map((name) => `The file ${name} is damaged: start the node again, to have it mended.`),
      ...files.mended.map((name) => `The file ${name} was damaged: what could not be read was taken out of it.`),
      ...tables.filter(({ ok }) => !ok).map((table) => this.#tableProblem(table)),
      ...(scanned ? this.#headProblems() : []),
      ...(lost > 0 ? [`The newest ${counted(lost, 'batch', 'batches')} of writes, once on disk, are gone.`] : []),
      ...(this.#corruptRows > 0 ? [`Not what was written: ${counted(this.#corruptRows, 'row', 'rows')}.`] : []),
      ...(this.unreadable ? ['LevelDB could not read all of its files.'] : []),
    ];
    return {
      report: {
        ok: problems.length === 0,
        rows: this.#rows,
        corrupt: this.#corrupt,
        corruptRows: this.#corruptRows,
        tables,
        batches: { found: typeof this.#head === 'object' ? this.#head.batch : 0, lost, witness },
        files,
        problems,
        tookMs,
      },
      corruptKeys: this.#corruptKeys,
      sound: new Map([...this.#tables].map(([name, { sound }]) => [name, sound])),
    };
  }

  #tableReports(): TableReport[] {
    const names = new Set([...this.#tables.keys(), ...this.#expected.keys()]);
    return [...names].sort().map((table) => {
      const found = this.#tables.get(table)?.found ?? EMPTY_DIGEST;
      const expected = this.#expected.get(table);
      return {
        table,
        expected: expected?.rows ?? 0,
        found: found.rows,
        ok: expected !== undefined && sameDigest(expected, found),
      };
    });
  }

  #tableProblem({ table, expected, found }: TableReport): string {
    if (this.#expected.get(table) === undefined) return `Table ${table}: what it should hold is not known any more.`;
    return expected === found
      ? `Table ${table}: of its ${counted(found, 'row', 'rows')}, some are not the newest that were written.`
      : `Table ${table}: ${counted(expected, 'row was', 'rows were')} written, ${found} found.`;
  }

  #headProblems(): string[] {
    if (this.#head === 'damaged') return ['What the store should hold in all is not known any more.'];
    let all = EMPTY_DIGEST;
    for (const { found } of this.#tables.values()) all = addDigests(all, found);
    const expected = this.#head?.all ?? EMPTY_DIGEST;
    if (sameDigest(expected, all)) return [];
    return [
      `In all ${counted(expected.rows, 'row was', 'rows were')} written; those found, ${all.rows}, do not add up to them.`,
    ];
  }
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
