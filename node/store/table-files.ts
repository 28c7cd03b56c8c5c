import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { writeFileAtomic } from '../home/index.js';
import { openError } from './errors.js';
import type { Database } from './scan.js';
import { blankDamage, findDamage } from './table-file.js';

/** Beside LevelDB's files: the damaged ones as they were found, for whoever wants to get more out of them. */
export const DAMAGED_FOLDER = 'damaged';

const TABLE_FILE = /^\d+\.(ldb|sst)$/;

const LIVE_FILE = /^ (\d+):\d+\[/gm;

/** The numbers of the table files that an open LevelDB reads; others may be half written or about to be removed. */
export function liveTableFiles(db: Database): ReadonlySet<number> {
  // `level` declares only what its browser edition has too.
  const tables = (db as Database & { getProperty(name: string): string }).getProperty('leveldb.sstables');
  return new Set(Array.from(tables.matchAll(LIVE_FILE), ([, number]) => Number(number)));
}

/** Names of the table files, all or those of some numbers, that are not what LevelDB wrote. Reads only. */
export async function damagedTableFiles(folder: string, numbers?: ReadonlySet<number>): Promise<string[]> {
  const damaged = [];
  for (const name of await tableFiles(folder)) {
    if (numbers !== undefined && !numbers.has(parseInt(name, 10))) continue;
    const file = await readIfThere(join(folder, name));
    if (file !== undefined && findDamage(file).length > 0) damaged.push(name);
  }
  return damaged;
}

/**
 * Takes what is damaged out of the table files, before LevelDB stumbles over it. The originals are kept in {@link DAMAGED_FOLDER}.
 * @returns the names of the files that were damaged
 * @throws NiagaError HOME_LOCKED, without a change, when another process uses the folder
 */
export async function mendTableFiles(folder: string): Promise<string[]> {
  if ((await damagedTableFiles(folder)).length === 0) return [];
  // A file that another process is writing right now looks damaged. Without other processes, look again.
  await assertNotLocked(folder);
  const damaged = await damagedTableFiles(folder);
  for (const name of damaged) {
    const path = join(folder, name);
    const file = await readFile(path);
    await mkdir(join(folder, DAMAGED_FOLDER), { recursive: true, mode: 0o700 });
    await copyFile(path, join(folder, DAMAGED_FOLDER, `${name}.${Date.now()}`));
    await writeFileAtomic(path, blankDamage(file, findDamage(file)));
  }
  return damaged;
}

/** LevelDB takes its lock first and only then finds that it may not open what exists: nothing is read or written. */
async function assertNotLocked(folder: string): Promise<void> {
  const probe = new Level(folder, { createIfMissing: false, errorIfExists: true });
  try {
    await probe.open();
  } catch (error) {
    const reason = openError(error, folder);
    if (reason.code === 'HOME_LOCKED') throw reason;
  } finally {
    await probe.close();
  }
}

async function tableFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => TABLE_FILE.test(name)).sort();
}

/** Undefined for a file that LevelDB has removed meanwhile, as it does after joining some into new ones. */
async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
