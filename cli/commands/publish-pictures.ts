import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import type { Client } from '../../node/api/client.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { isPictureFile, pictureFilesIn } from '../../protocol/listing/pictures.js';
import type { Context } from '../context.js';
import type { ReadLine, Source } from '../read/index.js';
import { fileError } from './evidence-file.js';
import { readPicture } from './picture.js';

/**
 * Lines whose pictures are files become lines whose pictures are ids: each file is put on the node, once a command. Files lie beside the
 * listings or below: a list of goods from somebody else must not publish other pictures of this machine.
 */
export async function* withPictures(
  lines: AsyncIterable<ReadLine>,
  source: Source,
  client: Client,
  context: Pick<Context, 'stdin' | 'signal'>,
): AsyncGenerator<ReadLine> {
  const folder = 'path' in source ? dirname(resolve(source.path)) : process.cwd();
  const added = new Map<string, string>();
  const idOf = async (name: string): Promise<string> => {
    const path = await fileBelow(folder, name);
    const known = added.get(path);
    if (known !== undefined) return known;
    const content = await readPicture(path, context);
    const { picture } = await client.call('pictureAdd', { content }, { signal: context.signal });
    added.set(path, picture);
    return picture;
  };
  for await (const line of lines) yield line.error === undefined ? await named(line, idOf) : line;
}

async function named(line: ReadLine, idOf: (name: string) => Promise<string>): Promise<ReadLine> {
  const { value } = line;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return line;
  let changed: Record<string, unknown> = { ...value };
  // The node says what is wrong with an address.
  for (const [field, entries] of pictureFilesIn(value)) {
    const ids: unknown[] = [];
    try {
      for (const entry of entries) ids.push(isPictureFile(entry) ? await idOf(entry) : entry);
    } catch (error) {
      if (!isNiagaError(error) || !OF_THE_LINE.some((code) => error.code === code)) throw error;
      const { code, message, next, details } = error;
      return { line: line.line, error: new NiagaError(code, message, { where: field, next, details }) };
    }
    changed = { ...changed, [field]: ids };
  }
  return { line: line.line, value: changed };
}

/** Wrong with one picture: the other lines go on. */
const OF_THE_LINE = ['FILE_NOT_FOUND', 'INPUT_FILE', 'INPUT_TOO_LARGE', 'PICTURE_INVALID'] as const;

/** @throws NiagaError FILE_NOT_FOUND, INPUT_FILE for one that lies elsewhere */
async function fileBelow(folder: string, name: string): Promise<string> {
  const refuse = (): NiagaError =>
    new NiagaError('INPUT_FILE', `The picture "${name}" does not lie beside the listings or below.`, {
      next: 'Put it into the folder of the file with the listings.',
    });
  try {
    const inside = await realpath(folder);
    const path = resolve(inside, name);
    const isBelow = (at: string): boolean => {
      const way = relative(inside, at);
      return way !== '' && !way.startsWith('..') && !isAbsolute(way);
    };
    // Before the disk is asked: what lies elsewhere is nobody's business, whether it is there or not.
    if (!isBelow(path)) throw refuse();
    const real = await realpath(path);
    if (!isBelow(real)) throw refuse();
    return real;
  } catch (error) {
    throw isNiagaError(error) ? error : fileError(error, name);
  }
}
