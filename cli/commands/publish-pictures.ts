import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import type { Client } from '../../node/api/client.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { ITEM_NAMES } from '../../protocol/listing/aliases.js';
import type { Context } from '../context.js';
import type { ReadLine, Source } from '../read/index.js';
import { fileError } from './evidence-file.js';
import { readPicture } from './picture.js';

/** An id, or an address: neither is the name of a file. The node says what is wrong with an address. */
const NO_FILE = /^(?:baf[a-z2-7]{40,}|[a-z][a-z0-9+.-]*:\/\/.*)$/i;

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
  const pictures = Object.entries(value).filter(([name]) => ITEM_NAMES.get(name.toLowerCase()) === 'image');
  let changed: Record<string, unknown> = { ...value };
  for (const [field, entries] of pictures) {
    const names = namesIn(entries);
    if (names === undefined || names.every((name) => typeof name !== 'string' || NO_FILE.test(name))) continue;
    const ids: unknown[] = [];
    try {
      for (const name of names) ids.push(typeof name !== 'string' || NO_FILE.test(name) ? name : await idOf(name));
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

/** A list, or text with commas: names of files may have spaces, several ids may be parted by them. */
function namesIn(entries: unknown): readonly unknown[] | undefined {
  if (Array.isArray(entries))
    return entries.map((entry: unknown) => (typeof entry === 'string' ? entry.trim() : entry));
  if (typeof entries !== 'string') return undefined;
  return entries.split(/[,\n]/).flatMap((part) => {
    const words = part.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) return [];
    return words.every((word) => NO_FILE.test(word)) ? words : [part.trim()];
  });
}

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
