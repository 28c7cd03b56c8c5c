import { copyFileSync, fstatSync, ftruncateSync, statSync } from 'node:fs';

const MiB = 1024 * 1024;
/** Weeks of a busy node that logs at `info`; with the part before it twice as much lies on the disk. */
const MOST = 10 * MiB;

/** The file into which a node logs that runs in the background: `niaga start --detach` opens it, the node writes into it as standard error. */
export const LOG_FILE = 'node.log';

/** A log that does not grow without end. */
export interface BoundedLog {
  /** To be called before so many bytes are written. */
  makeRoom(bytes: number): void;
}

/**
 * Keeps the file behind `fd`, which was opened for appending, below `most` bytes: when it is full it is copied to `PATH.1`, over the one
 * from before, and begins anew. The file stays the same one, since others have it open too (standard output, a `tail -f`).
 * @returns undefined where `fd` is not that file: a terminal, a journal, a file of the owner's own
 */
export function boundLog(fd: number, path: string, most = MOST): BoundedLog | undefined {
  if (!isSame(fd, path)) return undefined;
  let limit = most;
  const makeRoom = (bytes: number): void => {
    // Asked each time: warnings of Node.js itself and of other libraries go into it as well.
    const { size } = fstatSync(fd);
    if (size === 0 || size + bytes <= limit) return;
    try {
      copyFileSync(path, `${path}.1`);
      ftruncateSync(fd);
      limit = most;
    } catch {
      // No room for the copy: what was logged last is worth more than the limit, and it is tried again a whole file later.
      limit = size + most;
    }
  };
  makeRoom(0);
  return { makeRoom };
}

function isSame(fd: number, path: string): boolean {
  try {
    const [open, named] = [fstatSync(fd, { bigint: true }), statSync(path, { bigint: true })];
    return open.isFile() && open.ino === named.ino && open.dev === named.dev;
  } catch {
    return false;
  }
}
