import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NiagaError } from '../../protocol/errors.js';
import { syncFolder, temporaryBeside } from '../home/index.js';
import { checkBackup, contentOf, type ContentOptions, type Contents } from './content.js';
import { seal } from './seal.js';

/** A backup holds the keys of the trader, and whoever has a copy can guess for ever. */
const SHORTEST_PASSPHRASE = 8;

/** @throws NiagaError INPUT_INVALID */
export function checkPassphrase(passphrase: string): void {
  if ([...passphrase].length >= SHORTEST_PASSPHRASE) return;
  throw new NiagaError('INPUT_INVALID', `The passphrase has less than ${SHORTEST_PASSPHRASE} characters.`, {
    where: 'passphrase',
    next: 'Choose a longer one: five words that you can remember.',
  });
}

interface WriteOptions extends ContentOptions {
  /** Where it is to be; what is there is replaced once the new one is whole. */
  readonly file: string;
  readonly passphrase: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a backup, and reads it again from the disk before it gets its name: under that name there is a whole one or none.
 * @throws NiagaError INPUT_INVALID, STORE_FAILED, what the rows throw; the signal's reason. No file is left then.
 */
export async function writeBackup(options: WriteOptions): Promise<Contents & { readonly bytes: number }> {
  const { file, passphrase, signal } = options;
  checkPassphrase(passphrase);
  const temporary = temporaryBeside(file);
  try {
    await using handle = await open(temporary, 'wx', 0o600);
    for await (const bytes of seal(contentOf(options), passphrase)) {
      signal?.throwIfAborted();
      await handle.writeFile(bytes);
    }
    await handle.sync();
    const contents = await checkBackup(temporary, passphrase);
    const { size } = await stat(temporary);
    signal?.throwIfAborted();
    await rename(temporary, file);
    await syncFolder(dirname(file));
    return { ...contents, bytes: size };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw signal?.aborted === true ? signal.reason : diskError(error, file);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'it is on a read-only file system',
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
};

export function diskError(error: unknown, where: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof NiagaError || REASONS[code] === undefined) return error;
  return new NiagaError('STORE_FAILED', `"${where}" cannot be written: ${REASONS[code]}.`, {
    where,
    next: 'Name a file in a folder that can be written, on a disk with room. Nothing was left behind.',
    cause: error,
  });
}
