import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { NiagaError } from '../../protocol/errors.js';
import { writeFileAtomic } from '../home/index.js';
import { secretSchema } from './key-file.js';

const PRIVATE_FILE = 0o600;

/** What identity needs of a home. */
export interface IdentityHome {
  /** Folder of the key files, 0700. */
  readonly identityFolder: string;
}

/** The key files and what stands in them. */
const FILES = {
  /** The root key: there until its owner has confirmed the words. */
  root: z.object({ entropy: secretSchema }),
  device: z.object({
    name: z.string(),
    trader: z.string(),
    seed: secretSchema,
    delegation: z.string(),
    /** Those that were renewed, the newest first. */
    earlier: z.array(z.string()).default([]),
  }),
  /** A device key that asks to be added to a trader. */
  pairing: z.object({ seed: secretSchema, label: z.string(), network: z.string(), created: z.number() }),
  /** Records of the own trader that came by hand: signed by the root on the command line, or pasted. */
  records: z.array(z.string()),
  /** What a restored home still has to fetch, and the key that opens the capsule. */
  restoring: z.object({ recovery: secretSchema, since: z.number() }),
} as const;
export type KeyFile = keyof typeof FILES;
export type KeyFileOf<F extends KeyFile> = z.output<(typeof FILES)[F]>;

export function pathOf(home: IdentityHome, file: KeyFile): string {
  return join(home.identityFolder, `${file}.json`);
}

/** What stands in a key file; undefined where there is none. @throws NiagaError HOME_UNUSABLE */
export async function readKeyFile<F extends KeyFile>(home: IdentityHome, file: F): Promise<KeyFileOf<F> | undefined> {
  const path = pathOf(home, file);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new NiagaError('HOME_UNUSABLE', `The key file ${path} cannot be read.`, {
      cause: error,
      next: 'Check who owns it and its permissions.',
    });
  }
  try {
    return FILES[file].parse(JSON.parse(text)) as KeyFileOf<F>;
  } catch {
    // The parse error is not kept: it could quote the secret.
    throw new NiagaError('HOME_UNUSABLE', `The key file ${path} is damaged.`, { next: 'Restore it from a backup.' });
  }
}

export async function writeKeyFile<F extends KeyFile>(
  home: IdentityHome,
  file: F,
  value: z.input<(typeof FILES)[F]>,
): Promise<void> {
  await makePrivate(home.identityFolder);
  await writeFileAtomic(pathOf(home, file), `${JSON.stringify(value)}\n`, PRIVATE_FILE);
}

/**
 * Overwrites a key file and removes it. On flash memory, on file systems that copy on write, in snapshots and in backups older
 * copies may remain all the same; whoever tells people that a key is gone says so.
 */
export async function eraseKeyFile(home: IdentityHome, file: KeyFile): Promise<void> {
  const path = pathOf(home, file);
  let handle;
  try {
    handle = await open(path, 'r+');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw new NiagaError('HOME_UNUSABLE', `The key file ${path} cannot be erased.`, {
      cause: error,
      next: 'Check who owns it and its permissions.',
    });
  }
  try {
    const { size } = await handle.stat();
    await handle.write(randomBytes(size), 0, size, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rm(path, { force: true });
}

async function makePrivate(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new NiagaError('HOME_UNUSABLE', `The folder ${folder} cannot be made.`, {
      cause: error,
      next: 'Name another folder with --home.',
    });
  }
}
