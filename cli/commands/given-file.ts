import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { NiagaError } from '../../protocol/errors.js';
import type { Context } from '../context.js';
import { fileError } from './evidence-file.js';

const KiB = 1024;
/** Of a text that is typed or piped in; each operation has a limit of its own. */
const MAX_TEXT_BYTES = 64 * KiB;
/** What is too large is mostly a picture of something: a receipt, what arrived. */
const SMALLER = 'Make it smaller; a picture of 1,000 pixels shows what matters.';

/** A small file that a command takes whole. `-` is standard input. @throws NiagaError FILE_NOT_FOUND, INPUT_FILE, INPUT_TOO_LARGE */
async function readGiven(
  path: string,
  context: Pick<Context, 'stdin'>,
  most: number,
  next = SMALLER,
): Promise<Uint8Array> {
  try {
    if (path === '-') return await gather(context.stdin, { path, most, next });
    await using file = await open(path, 'r');
    const status = await file.stat();
    if (status.isDirectory()) throw new NiagaError('INPUT_FILE', `"${path}" is a folder, not a file.`, { where: path });
    const { size } = status;
    return await gather(file.createReadStream({ autoClose: false }), { path, size, most, next });
  } catch (error) {
    throw fileError(error, path);
  }
}

/** What others of this machine must not see in the list of processes comes as a file or on standard input. @throws NiagaError INPUT_ENCODING, … */
export async function readGivenText(path: string, context: Pick<Context, 'stdin'>): Promise<string> {
  const bytes = await readGiven(path, context, MAX_TEXT_BYTES);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch (error) {
    throw new NiagaError('INPUT_ENCODING', 'The text is not UTF-8.', { where: path, cause: error });
  }
}

/** The same with the name under which it goes to the other side. */
export async function readNamed(
  path: string,
  context: Pick<Context, 'stdin'>,
  most: number,
): Promise<{ name: string; content: string }> {
  const content = await readContent(path, context, most);
  return { name: path === '-' ? 'file' : basename(path), content };
}

/** The same without a name: its bytes in base64. @param next what to do with one that is too large */
export async function readContent(
  path: string,
  context: Pick<Context, 'stdin'>,
  most: number,
  next?: string,
): Promise<string> {
  const bytes = await readGiven(path, context, most, next);
  if (bytes.length === 0) throw new NiagaError('INPUT_FILE', `"${path}" is empty.`, { where: path });
  return Buffer.from(bytes).toString('base64');
}

interface Given {
  readonly path: string;
  /** Bytes, where that is known before it is read. */
  readonly size?: number;
  readonly most: number;
  readonly next: string;
}

async function gather(stream: Readable, { path, size = 0, most, next }: Given): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    read += chunk.length;
    if (read > most) {
      const has = size > most ? `${Math.ceil(size / KiB)} KiB, and the most is` : 'more than';
      throw new NiagaError('INPUT_TOO_LARGE', `"${path}" has ${has} ${most / KiB} KiB.`, { where: path, next });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, read);
}
