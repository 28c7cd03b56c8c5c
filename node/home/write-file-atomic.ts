import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Ends the name of a file that is still being written; a reader of the folder may ignore and remove it. */
export const TEMPORARY_SUFFIX = '.niaga-tmp';

/**
 * Replaces the file at `path` so that after a crash at any moment it holds either all of the old bytes or all of `data`.
 * Resolves when the new bytes, and the name that points to them, are on disk.
 *
 * @param mode - permissions of the new file; the default lets only its owner read it.
 * @throws the operating system's own error (`ENOSPC`, `EACCES`, …); the old file is untouched then.
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string, mode = 0o600): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** A new name in the same folder for what is to be renamed to `path` once it is whole. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`);
}

/** A rename is on disk only when its folder is. Windows cannot open folders and does this by itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
