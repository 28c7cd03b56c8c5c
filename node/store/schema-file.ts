import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { NiagaError } from '../../protocol/errors.js';
import { syncFolder, TEMPORARY_SUFFIX, writeFileAtomic } from '../home/index.js';
import type { Migration } from './migrations.js';

/**
 * Says which schema a store has, beside LevelDB's files: LevelDB writes new files and removes old ones whenever it is opened, and of a
 * newer store nothing is to be changed. The row in the store is what decides which steps are still to be done.
 */
const SCHEMA_FILE = 'SCHEMA';

/** Undefined: there is no such file, as in a store that is new. */
async function readSchema(path: string): Promise<number | undefined> {
  const text = await readFile(join(path, SCHEMA_FILE), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(/^(\d{1,9})\n$/.exec(text)?.[1] ?? Number.NaN);
}

/** @returns HOME_NEWER */
export function newerSchema(schema: number, supported: number, path: string): NiagaError {
  return new NiagaError('HOME_NEWER', `The store has schema ${schema}; this version knows up to ${supported}`, {
    where: path,
    next: 'Update Niaga (npm install -g niaga@latest), or use another home: --home DIR. Nothing was changed.',
    details: { schema, supported },
  });
}

/** A copy of a store that may be older, made before LevelDB changed a byte of it. */
export interface StoreCopy {
  /** Puts it aside as `store-of-schema-N`: complete or not there. @returns its folder */
  keep(): Promise<string>;
  /** Removes it, unless it was kept. */
  drop(): Promise<void>;
}

/**
 * To be called before the database is opened: refuses one that is newer without touching it, and copies one that may be older. Only
 * its row says whether it is: where a start was cut between a step and this file's change, the copy of before the step stays.
 * @throws NiagaError HOME_NEWER; what the disk says where there is no room for a copy: nothing was changed then
 */
export async function prepareSchema(path: string, migrations: readonly Migration[]): Promise<StoreCopy | undefined> {
  const newest = migrations.at(-1)?.version ?? 0;
  const found = await readSchema(path);
  if (found !== undefined && found > newest) throw newerSchema(found, newest, path);
  // A damaged file is one of a store whose schema is not known: a copy too many does no harm.
  const older = found === undefined || Number.isNaN(found) ? 0 : found;
  const exists = await readdir(path).then(
    (names) => names.includes('CURRENT'),
    () => false,
  );
  return exists && older < newest ? copyOf(path, older) : undefined;
}

/** Notes what the store has come to. */
export async function writeSchema(path: string, schema: number): Promise<void> {
  if ((await readSchema(path)) !== schema) await writeFileAtomic(join(path, SCHEMA_FILE), `${schema}\n`);
}

async function copyOf(path: string, schema: number): Promise<StoreCopy> {
  const kept = join(dirname(path), `${basename(path)}-of-schema-${schema}`);
  const copy = `${kept}${TEMPORARY_SUFFIX}`;
  const drop = (): Promise<void> => rm(copy, { recursive: true, force: true });
  try {
    await drop();
    await cp(path, copy, { recursive: true, preserveTimestamps: true });
  } catch (error) {
    await drop().catch(() => undefined);
    throw error;
  }
  return {
    drop,
    async keep() {
      // One of an earlier try is older than what is there now.
      await rm(kept, { recursive: true, force: true });
      await rename(copy, kept);
      await syncFolder(dirname(path));
      return kept;
    },
  };
}
