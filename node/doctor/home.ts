import { chmod, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../api/rows/doctor.js';
import type { Home } from '../home/index.js';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
/** A store that cannot write takes nothing more until it is started again. */
const LITTLE = GiB;
const TOO_LITTLE = 64 * MiB;
const OTHERS = 0o077;

/** Whether there is room to write. */
export async function checkDisk({ folder }: Pick<Home, 'folder'>): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const found = `${Math.round(free / MiB).toLocaleString('en')} MiB are free on the disk of the home.`;
  const next = 'Make room on the disk, or move the home: niaga backup, then niaga restore on another disk.';
  if (free < TOO_LITTLE) return { check: 'disk', verdict: 'fail', found, next };
  return free < LITTLE ? { check: 'disk', verdict: 'warn', found, next } : { check: 'disk', verdict: 'ok', found };
}

/** Whether nobody else of this machine can read the keys. */
export async function checkFiles(
  { folder, identityFolder }: Pick<Home, 'folder' | 'identityFolder'>,
  repair: boolean,
): Promise<Finding> {
  const names = await readdir(identityFolder).catch(() => []);
  const open: string[] = [];
  for (const path of [folder, identityFolder, ...names.map((name) => join(identityFolder, name))]) {
    const status = await stat(path).catch(() => undefined);
    if (process.platform === 'win32' || status === undefined || (status.mode & OTHERS) === 0) continue;
    if (repair) await chmod(path, status.mode & ~OTHERS & 0o7777);
    open.push(path);
  }
  if (open.length === 0) return { check: 'files', verdict: 'ok', found: 'Only you can read the keys.' };
  const found = `Others of this machine can read ${open.length} files or folders with keys.`;
  return repair
    ? { check: 'files', verdict: 'ok', found: `${found} Now they cannot.`, repaired: true }
    : { check: 'files', verdict: 'fail', found, next: 'niaga doctor --repair' };
}
