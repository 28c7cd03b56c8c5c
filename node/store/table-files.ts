import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { writeFileAtomic } from '../home/index.js';
import { openError } from './errors.js';
import { liveFiles } from './manifest.js';
import { blankDamage, findDamage } from './table-file.js';

/** Beside LevelDB's files: the damaged ones as they were found, for whoever wants to get more out of them. */
const DAMAGED_FOLDER = 'damaged';

/** LevelDB's names for its table files, the newer one first. */
const EXTENSIONS = ['ldb', 'sst'];

/** Names of the table files of a database, open or not, that are not what LevelDB wrote. Reads only. */
export async function damagedTableFiles(folder: string): Promise<string[]> {
  const damaged = [];
  for (const number of (await liveFiles(folder)) ?? []) {
    for (const extension of EXTENSIONS) {
      const name = `${String(number).padStart(6, '0')}.${extension}`;
      const file = await readIfThere(join(folder, name));
      if (file !== undefined && findDamage(file).length > 0) damaged.push(name);
    }
  }
  return damaged;
}

/**
 * Takes what is damaged out of the table files, before LevelDB stumbles over it. The originals are kept in {@link DAMAGED_FOLDER}.
 * @returns the names of the files that were damaged
 * @throws NiagaError HOME_LOCKED, without a change, when another process uses the folder
 */
export async function mendTableFiles(folder: string): Promise<string[]> {
  const damaged = await damagedTableFiles(folder);
  if (damaged.length > 0) await assertNotLocked(folder);
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

/** Undefined for a file that LevelDB has removed meanwhile, as it does after joining some into new ones. */
async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
