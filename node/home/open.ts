import { constants } from 'node:fs';
import { access, chmod, mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { NiagaError } from '../../protocol/errors.js';
import { ownVersion } from '../version.js';
import { TEMPORARY_SUFFIX, writeFileAtomic } from './write-file-atomic.js';

/** The layout of the folder that this version writes. Raised when an older version could no longer read it. */
const FORMAT = 1;

/** Name of the file that says which layout a folder has: plain text, so that people can read it too. */
export const FORMAT_FILE = 'FORMAT';

const FOLDER_MODE = 0o700;
const OTHERS = 0o077;

const NETWORK_NAME = /^[a-z0-9-]{1,32}$/;

const ANOTHER_HOME = 'use another home: --home DIR, or set NIAGA_HOME';

/** The folder of one network in a home. All paths are absolute. */
export interface Home {
  /** What `--home` names. */
  readonly home: string;
  /** `[a-z0-9-]{1,32}` */
  readonly network: string;
  /** `<home>/<network>`, open to its owner only. Exists. */
  readonly folder: string;
  /** Of the LevelDB. Not created yet. */
  readonly storeFolder: string;
  /** Of the keys. Not created yet. */
  readonly identityFolder: string;
  /** Where a running node writes the address and token of its API. Not created yet. */
  readonly apiFile: string;
}

const formatSchema = z.looseObject({ format: z.int().positive() });

/**
 * Makes the folder of a network when there is none, and makes sure that this version may use it. Call it before
 * anything else in the folder is opened: of a newer folder nothing is changed, not even a time stamp.
 *
 * @throws NiagaError INPUT_INVALID: the network's name is not `[a-z0-9-]{1,32}`.
 * @throws NiagaError HOME_NEWER: a newer version of Niaga wrote the folder.
 * @throws NiagaError HOME_UNUSABLE: it cannot be made, read or written, or holds something that is not Niaga's.
 */
export async function openHome(home: string, network: string): Promise<Home> {
  if (!NETWORK_NAME.test(network)) {
    throw new NiagaError('INPUT_INVALID', `"${network}" cannot be the name of a network`, {
      where: 'network',
      next: 'Use 1 to 32 of the characters a-z, 0-9 and "-".',
    });
  }
  const root = resolve(home);
  const folder = join(root, network);
  await openFolder(folder);
  return { home: root, network, ...partsOf(folder) };
}

/** What lies where in the folder of a network. */
export function partsOf(folder: string): Omit<Home, 'home' | 'network'> {
  return {
    folder,
    storeFolder: join(folder, 'store'),
    identityFolder: join(folder, 'identity'),
    apiFile: join(folder, 'api.json'),
  };
}

/** Makes a folder one of this version's layout, or makes sure that it is one. @throws as {@link openHome} */
export async function openFolder(folder: string): Promise<void> {
  try {
    await prepare(folder);
  } catch (error) {
    throw error instanceof NiagaError ? error : unusable(folder, error);
  }
}

async function prepare(folder: string): Promise<void> {
  const formatFile = join(folder, FORMAT_FILE);
  const existing = await readIfThere(formatFile);
  if (existing !== undefined) {
    checkFormat(existing, formatFile);
    await keepPrivate(folder);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return;
  }
  await makeFolder(folder);
  const names = await readdir(folder);
  // Another process was making the same home at the same time, and is further.
  if (names.includes(FORMAT_FILE)) return prepare(folder);
  const strangers = names.filter((name) => !name.endsWith(TEMPORARY_SUFFIX));
  if (strangers.length > 0) {
    throw new NiagaError('HOME_UNUSABLE', 'The folder holds files but was not made by Niaga', {
      where: folder,
      next: `Choose an empty or new folder: ${ANOTHER_HOME}.`,
      details: { found: strangers.slice(0, 5) },
    });
  }
  await keepPrivate(folder);
  await writeFileAtomic(formatFile, `${JSON.stringify({ format: FORMAT, createdBy: `niaga ${ownVersion()}` })}\n`);
}

/** Not `mkdir`'s own `recursive`: in a folder that can have no others (`/proc`) Node 20 then tries for ever. */
async function makeFolder(folder: string, parentExists = false): Promise<void> {
  try {
    await mkdir(folder, { mode: FOLDER_MODE });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if (code !== 'ENOENT' || parentExists) throw error;
    await makeFolder(dirname(folder));
    await makeFolder(folder, true);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function checkFormat(text: string, path: string): void {
  let parsed;
  try {
    parsed = formatSchema.safeParse(JSON.parse(text));
  } catch {
    parsed = undefined;
  }
  if (parsed?.success !== true) {
    throw new NiagaError('HOME_UNUSABLE', 'The file that names the format of the home is damaged', {
      where: path,
      next: `Restore it from a backup, or ${ANOTHER_HOME}.`,
    });
  }
  const { format, createdBy } = parsed.data;
  if (format > FORMAT) {
    const by = typeof createdBy === 'string' ? ` by ${createdBy}` : '';
    throw new NiagaError(
      'HOME_NEWER',
      `The home was written in format ${format}${by}; this version knows up to ${FORMAT}`,
      {
        where: path,
        next: `Update Niaga (npm install -g niaga@latest), or ${ANOTHER_HOME}. Nothing was changed.`,
        details: { format, supported: FORMAT },
      },
    );
  }
}

/** A folder that was copied or made by hand may be open to others; keys will lie in it. */
async function keepPrivate(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(folder);
  if ((mode & OTHERS) !== 0) await chmod(folder, mode & ~OTHERS & 0o7777);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'it is on a read-only file system',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EEXIST: 'there is a file of that name',
  EISDIR: `${FORMAT_FILE} in it is a folder`,
  ENOENT: 'it cannot be made there',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'the path is too long',
};

function unusable(folder: string, error: unknown): NiagaError {
  const code = codeOf(error);
  const reason = REASONS[code ?? ''] ?? (error instanceof Error ? error.message : String(error));
  return new NiagaError('HOME_UNUSABLE', `The home folder cannot be used: ${reason}`, {
    where: folder,
    next: `Make the folder writable for this user, or ${ANOTHER_HOME}.`,
    cause: error,
    ...(code === undefined ? {} : { details: { errno: code } }),
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
