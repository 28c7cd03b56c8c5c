import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { NiagaError } from '../../protocol/errors.js';

const KiB = 1024;

/** A line or record of more bytes is not kept, whatever the file. */
export const MAX_LINE_BYTES = 1024 * KiB;

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** What was read to look at, and everything: `chunks` begins with the bytes of `head`. */
export interface Peeked {
  readonly head: Uint8Array;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Reads until `enough` is satisfied with the beginning or there is no more. */
export async function peek(source: AsyncIterable<Uint8Array>, enough: (head: Uint8Array) => boolean): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  let head = new Uint8Array();
  while (!enough(head)) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      if (head.length > 0) yield head;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head, chunks: chunks() };
}

/** The bytes after the first `count`. */
export async function* skip(chunks: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of chunks) {
    if (chunk.length > left) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

/**
 * The bytes of a file, or of standard input, unpacked if they are gzip.
 * @param onRead told how many bytes of the file were read each time, packed ones where they are
 * @throws NiagaError INPUT_SYNTAX for damaged gzip; a failing file as node:fs does
 */
export async function* plainBytes(
  from: string | Readable,
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  const stream = typeof from === 'string' ? createReadStream(from) : from;
  try {
    const { head, chunks } = await peek(
      counted(stream as AsyncIterable<Uint8Array>, onRead),
      ({ length }) => length >= GZIP_MAGIC.length,
    );
    const packed = isGzip(head);
    if (!packed && typeof from === 'string' && isGzipName(from)) throw notGzip('it does not begin as gzip does');
    yield* packed ? gunzip(chunks) : chunks;
  } catch (error) {
    throw readError(error);
  } finally {
    stream.destroy();
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onRead(chunk.length);
    yield chunk;
  }
}

export function isGzip(head: Uint8Array): boolean {
  return GZIP_MAGIC.every((byte, index) => head[index] === byte);
}

export function isGzipName(path: string): boolean {
  return /\.gz$/i.test(path);
}

async function* gunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unpacked = createGunzip({ chunkSize: 64 * KiB });
  // The callback only keeps a failure from being unhandled; reading `unpacked` reports it.
  pipeline(chunks, unpacked, () => undefined);
  yield* unpacked as AsyncIterable<Uint8Array>;
}

function notGzip(why: string, cause?: unknown): NiagaError {
  return new NiagaError('INPUT_SYNTAX', `The gzip file is damaged or cut short: ${why}.`, { cause });
}

/** Failures of zlib in our words, all others as they are. */
function readError(error: unknown): unknown {
  const isZlib = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
  return isZlib ? notGzip(error.message, error) : error;
}
