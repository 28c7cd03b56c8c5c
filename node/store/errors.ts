import { NiagaError } from '../../protocol/errors.js';

/** The `code` of the innermost error that has one that begins so: abstract-level wraps what LevelDB said. */
function levelCode(error: unknown): string | undefined {
  let code: string | undefined;
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if ('code' in e && typeof e.code === 'string' && e.code.startsWith('LEVEL_')) code = e.code;
  }
  return code;
}

function innermostMessage(error: unknown): string {
  let message = String(error);
  for (let e: unknown = error; e instanceof Error; e = e.cause) message = e.message;
  return message;
}

/** LevelDB could not make sense of a part of its files. */
export function isCorruption(error: unknown): boolean {
  return levelCode(error) === 'LEVEL_CORRUPTION';
}

const CLOSED = new Set(['LEVEL_DATABASE_NOT_OPEN', 'LEVEL_ITERATOR_NOT_OPEN', 'LEVEL_SNAPSHOT_NOT_OPEN']);

export const stopped = (): NiagaError =>
  new NiagaError('STOPPED', 'The store is not running', { next: 'Start the node again.' });

/**
 * What went wrong when the store was opened, in words of ours. LevelDB's own words are in `details` and `cause`.
 * @returns HOME_LOCKED, STORE_CORRUPT or STORE_FAILED
 */
export function openError(error: unknown, path: string): NiagaError {
  if (error instanceof NiagaError) return error;
  const options = { where: path, cause: error, details: { reason: innermostMessage(error) } };
  if (levelCode(error) === 'LEVEL_LOCKED') {
    return new NiagaError('HOME_LOCKED', 'Another niaga process uses this home', {
      ...options,
      next: 'Stop that process, or use another home: --home DIR.',
    });
  }
  // LevelDB's word for a file that it has written down and that is not there.
  const missing = /No such file|does not exist/.test(options.details.reason);
  return isCorruption(error) || missing ? corrupt(options) : failed(options);
}

/**
 * What went wrong while the store was read or written.
 * @returns STOPPED, STORE_CORRUPT or STORE_FAILED; a NiagaError as it is
 */
export function runningError(error: unknown, path: string): NiagaError {
  if (error instanceof NiagaError) return error;
  if (CLOSED.has(levelCode(error) ?? '')) return stopped();
  const options = { where: path, cause: error, details: { reason: innermostMessage(error) } };
  return isCorruption(error) ? corrupt(options) : failed(options);
}

/** LevelDB could crash on these: nothing that reads all rows may run before they were mended. */
export function damagedFiles(files: readonly string[], path: string): NiagaError {
  return new NiagaError('STORE_CORRUPT', `Files of the database are damaged: ${files.join(', ')}`, {
    where: path,
    next: 'Stop the node and start it again: what can be read is kept.',
    details: { files },
  });
}

interface Options {
  readonly where: string;
  readonly cause: unknown;
  readonly details: { readonly reason: string };
}

function corrupt(options: Options): NiagaError {
  return new NiagaError('STORE_CORRUPT', 'The database is damaged', {
    ...options,
    next: 'Stop the node, copy the home to a safe place, then restore a backup of it or start with a new home: --home DIR.',
  });
}

/** What the system says of a disk, in words of ours, and what helps; `niaga start` tries again by itself. */
const CAUSES: readonly { readonly said: RegExp; readonly message: string; readonly next: string }[] = [
  {
    said: /No space left on device|Disk quota exceeded/i,
    message: 'The disk is full: nothing more can be written',
    next: 'Make room on it; what was acknowledged is kept. A node that "niaga start" runs then goes on by itself.',
  },
  {
    said: /Read-only file system/i,
    message: 'The disk cannot be written: it is on a read-only file system',
    next: 'Mount it for writing, or use another home: --home DIR.',
  },
];

function failed(options: Options): NiagaError {
  const { reason } = options.details;
  const { message, next } = CAUSES.find(({ said }) => said.test(reason)) ?? {
    message: `The disk refused to write or read: ${reason}`,
    next: 'Check that the disk has space and that the folder is writable, then start the node again.',
  };
  return new NiagaError('STORE_FAILED', message, { ...options, next });
}
