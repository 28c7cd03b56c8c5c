import { randomBytes } from 'node:crypto';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY_SUFFIX } from './write-file-atomic.js';

/** More than a start writes: with less, the next write would fail again. */
const ROOM = 8 * 1024 * 1024;

/** Whether a folder's disk takes some megabytes now: tried, since quotas and reserved blocks are not in what a disk says is free. */
export async function takesWrites(folder: string): Promise<boolean> {
  // What is said not to be free is not: a full disk is looked at often, and need not be written to each time.
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: Number.POSITIVE_INFINITY, bsize: 1 }));
  if (bavail * bsize < ROOM) return false;
  const path = join(folder, `${randomBytes(8).toString('hex')}${TEMPORARY_SUFFIX}`);
  try {
    await using file = await open(path, 'wx', 0o600);
    // Not zeros: some file systems keep no room for those.
    await file.writeFile(randomBytes(ROOM));
    await file.sync();
    return true;
  } catch {
    return false;
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}
