import { hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../home/index.js';

/**
 * A small file beside LevelDB's, which holds the number of the newest batch that is surely on disk.
 *
 * When LevelDB loses the end of its log, what is left is an older, consistent state: nothing inside can tell. The witness can.
 * It is written after the batch and without waiting for the disk, so it costs microseconds; after a power cut it may be some
 * batches behind, which is no damage. Only an older witness *together with* the same loss would hide one.
 */
const WITNESS_FILE = 'WITNESS';

export type WitnessState =
  | { readonly state: 'read'; readonly batch: number }
  | { readonly state: 'missing' }
  /** Damaged, or torn by a power cut. */
  | { readonly state: 'unreadable' };

export async function readWitness(folder: string): Promise<WitnessState> {
  let text;
  try {
    text = await readFile(join(folder, WITNESS_FILE), 'latin1');
  } catch {
    return { state: 'missing' };
  }
  const batch = Number(/^batch (\d{16}) /.exec(text)?.[1] ?? NaN);
  return text === line(batch) ? { state: 'read', batch } : { state: 'unreadable' };
}

export interface Witness {
  /** Notes that all batches up to this one are on disk. */
  record(batch: number): void;
  /** Waits for the disk, and closes the file. */
  close(): void;
}

/** Starts a new witness file at a batch, and keeps it open. */
export async function openWitness(folder: string, batch: number): Promise<Witness> {
  const path = join(folder, WITNESS_FILE);
  await writeFileAtomic(path, line(batch));
  const file = openSync(path, 'r+');
  return {
    // All lines are of one length, so a new one covers the old one.
    record: (newer) => void writeSync(file, line(newer), 0, 'latin1'),
    close: () => {
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
  };
}

function line(batch: number): string {
  const text = `batch ${String(batch).padStart(16, '0')}`;
  return `${text} check ${hash('sha256', text).slice(0, 16)}\n`;
}
