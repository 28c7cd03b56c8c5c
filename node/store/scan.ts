import type { Level } from 'level';
import { isCorruption } from './errors.js';

/** With what LevelDB can and the type does not say, since in browsers there is none. */
export type Database = Level<string, Uint8Array> & {
  compactRange(start: Uint8Array, end: Uint8Array, options: { readonly keyEncoding: 'buffer' }): Promise<void>;
};
export type Snapshot = ReturnType<Database['snapshot']>;
export type StoredRow = readonly [key: Buffer, row: Buffer];

const BYTES = { keyEncoding: 'buffer', valueEncoding: 'view' } as const;

/**
 * A row by its key, in this thread: one that is in memory, of LevelDB or of the system, is there in a twentieth of the time that it
 * takes to ask another thread for it. The key goes as bytes: of some long keys as text, classic-level 3.0.0 reads the row of their
 * beginning.
 */
export function readRow(db: Database, key: string): Uint8Array | undefined {
  return db.getSync<Uint8Array, Uint8Array>(Buffer.from(key), BYTES);
}

export interface ScanOptions {
  readonly snapshot: Snapshot;
  readonly gte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly reverse?: boolean | undefined;
  /** The most rows read at a time. Default {@link DEFAULT_CHUNK}. */
  readonly chunk?: number | undefined;
  /** False reads the keys only; the rows are then undefined in spite of their type. Default true. */
  readonly values?: boolean | undefined;
  /** Called once when LevelDB cannot read a part of a file; what lay there is left out. */
  readonly onUnreadable: (error: unknown) => void;
}

const DEFAULT_CHUNK = 1000;
/** Read first, and doubled each time: many leave a range after a few rows. */
const FIRST_CHUNK = 32;
const CHUNK_BYTES = 256 * 1024;

/**
 * The rows of a range, in chunks, past the blocks that LevelDB cannot read.
 *
 * LevelDB's iterator leaves out a block that it cannot read and says so only at its end, and with that error the last
 * chunk, sound as it may be, is not handed out. So the last chunk is then read a second time, row by row: the error takes the
 * place of no row.
 */
export async function* scan(db: Database, options: ScanOptions): AsyncGenerator<StoredRow[], void, undefined> {
  const { chunk: most = DEFAULT_CHUNK } = options;
  const sizeOf = (chunk: number): number => Math.min(most, FIRST_CHUNK * 2 ** chunk);
  let chunks = 0;
  const whole = open(db, options);
  try {
    for (;;) {
      let rows;
      try {
        rows = await whole.nextv(sizeOf(chunks));
      } catch (error) {
        if (!isCorruption(error)) throw error;
        options.onUnreadable(error);
        break;
      }
      if (rows.length === 0) return;
      chunks++;
      yield rows;
    }
  } finally {
    await whole.close();
  }

  const again = open(db, options);
  try {
    // By count, not by the last key: between damaged blocks keys need not be in order. One snapshot, same chunks.
    for (let i = 0; i < chunks; i++) await again.nextv(sizeOf(i));
    for (;;) {
      const rows = await again.nextv(1);
      if (rows.length === 0) return;
      yield rows;
    }
  } catch (error) {
    if (!isCorruption(error)) throw error;
  } finally {
    await again.close();
  }
}

function open(db: Database, { snapshot, gte, lt, reverse = false, values = true }: ScanOptions) {
  return db.iterator<Uint8Array, Buffer>({
    snapshot,
    reverse,
    values,
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    highWaterMarkBytes: CHUNK_BYTES,
    ...(gte === undefined ? {} : { gte }),
    ...(lt === undefined ? {} : { lt }),
  }) as unknown as { nextv(size: number): Promise<StoredRow[]>; close(): Promise<void> };
}
