import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NiagaError } from '../../protocol/errors.js';
import { openFolder, partsOf, syncFolder, temporaryBeside, TEMPORARY_SUFFIX } from '../home/index.js';
import { createStore, fillStore, type StoredRow } from '../store/index.js';
import { entriesOf, readAbout, type About } from './content.js';
import { damaged } from './seal.js';
import { takeOver } from './take-over.js';
import { diskError } from './write.js';

interface RestoreOptions {
  readonly file: string;
  readonly passphrase: string;
  /** What `--home` names; the folder of the backup's network in it must not be there, or be empty. */
  readonly home: string;
  /** Of the keys at rest, where the home had one: it has the same again. */
  readonly keyPassphrase: string | undefined;
  /** What the new device is called. */
  readonly label: string | undefined;
  readonly now: number;
  /** Asked once the backup was read to its end, where it has no root key. */
  readonly askWords: () => Promise<string>;
}

interface Restored extends About {
  /** The folder that was made. */
  readonly folder: string;
  /** The peer id of this machine from now on. */
  readonly device: string;
  /** That of the machine that the backup is of. */
  readonly before: string;
  readonly rows: number;
  readonly problems: readonly string[];
}

/**
 * Makes a home from a backup, as a new device of the trader (see take-over.ts): it is made beside, and gets its name when all of it is
 * there and sound.
 * @throws NiagaError HOME_EXISTS, BACKUP_SEALED, BACKUP_INVALID, HOME_NEWER, IDENTITY_SEALED, WORDS_…, ROOT_MISSING, STORE_FAILED;
 *   nothing is left behind then
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const entries = entriesOf(options.file, options.passphrase);
  let temporary: string | undefined;
  let folder = options.home;
  try {
    const first = await entries.next();
    if (first.done === true) throw damaged('is empty');
    const about = readAbout(first.value.value);
    folder = join(options.home, about.network);
    await refuseExisting(folder);
    await mkdir(options.home, { recursive: true, mode: 0o700 });
    await removeLeftovers(folder);
    temporary = temporaryBeside(folder);
    await mkdir(temporary, { mode: 0o700 });
    const { storeFolder, identityFolder } = partsOf(temporary);
    await mkdir(identityFolder, { mode: 0o700 });
    const rows = await unpack(entries, temporary, storeFolder);
    await openFolder(temporary);
    const { problems, device, before } = await bringBack({ ...options, ...about, storeFolder, identityFolder });
    await refuseExisting(folder);
    // An empty folder of that name may be there; rename takes its place on some systems only.
    await rmdir(folder).catch(() => undefined);
    await rename(temporary, folder);
    await syncFolder(dirname(folder));
    return { ...about, folder, rows, problems, device, before };
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw diskError(error, folder);
  } finally {
    await entries.return(undefined);
  }
}

/** Files as files, rows into a database: as the backup has them. Gives the number of rows. */
async function unpack(entries: ReturnType<typeof entriesOf>, folder: string, storeFolder: string): Promise<number> {
  let rows = 0;
  const storeRows = async function* (): AsyncGenerator<StoredRow> {
    for (;;) {
      const next = await entries.next();
      if (next.done === true) return;
      const { kind, name, value } = next.value;
      if (kind === 'row') {
        rows++;
        yield [name, value];
      } else {
        await writeFile(join(folder, name.toString('latin1')), value, { mode: 0o600, flag: 'wx', flush: true });
      }
    }
  };
  await fillStore(storeFolder, storeRows());
  return rows;
}

async function bringBack(
  options: RestoreOptions & About & { readonly storeFolder: string; readonly identityFolder: string },
): Promise<{ problems: readonly string[]; device: string; before: string }> {
  await using store = createStore({ path: options.storeFolder });
  await store.start();
  const taken = await takeOver(options, store);
  return { ...taken, problems: store.integrity?.problems ?? [] };
}

async function refuseExisting(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.length === 0) return;
  throw new NiagaError('HOME_EXISTS', `There is a home in ${folder} already.`, {
    where: folder,
    next: 'Restore into another one: --home DIR. Nothing was changed.',
  });
}

/** What a restoring that was killed has left: it holds keys. */
async function removeLeftovers(folder: string): Promise<void> {
  const prefix = `.${folder.slice(dirname(folder).length + 1)}.`;
  for (const name of await readdir(dirname(folder))) {
    if (name.startsWith(prefix) && name.endsWith(TEMPORARY_SUFFIX))
      await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}
