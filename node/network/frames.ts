import { encode } from '../../protocol/cbor.js';
import { readCbor } from '../../protocol/cbor-reader.js';

/**
 * The wire form of requests. A frame is an unsigned varint (LEB128, shortest form) with the length of what follows, and a
 * strict DAG-CBOR map:
 *
 * * question `{t: 'q', id, method, body, max?}`: `max` is the largest body of an answer that the asker takes, when it
 *   is less than {@link MAX_BODY}
 * * answer `{t: 'a', id, body}`
 * * error `{t: 'e', id, code, message}`: `code` is a key of the error table
 *
 * `id` is chosen by the asker and unique on its stream. Fields that are not known are skipped, so that later versions may add some.
 */

export const MAX_FRAME = 2 * 1024 * 1024;
/** What a frame may need besides its body: keys, id, the longest method, head of the byte string. */
const FRAME_OVERHEAD = 256;
export const MAX_BODY = MAX_FRAME - FRAME_OVERHEAD;
export const MAX_METHOD_LENGTH = 64;
/** In UTF-16 units; a longer one is cut by the sender and makes the frame malformed for the receiver. */
export const MAX_MESSAGE_LENGTH = 300;
const MAX_CODE_LENGTH = 40;
/** A frame is a flat map; the rest is room for fields of later versions. */
const MAX_DEPTH = 4;
/** 4 groups of 7 bits hold more than MAX_FRAME. */
const MAX_LENGTH_BYTES = 4;

export interface Question {
  readonly t: 'q';
  readonly id: number;
  readonly method: string;
  readonly body: Uint8Array;
  readonly max?: number;
}

interface Answer {
  readonly t: 'a';
  readonly id: number;
  readonly body: Uint8Array;
}

interface Failure {
  readonly t: 'e';
  readonly id: number;
  readonly code: string;
  readonly message: string;
}

export type Frame = Question | Answer | Failure;

/** What came is not a frame. `fault` says in which way, for the count of the peer's offences. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  constructor(
    readonly fault: 'malformed' | 'oversize',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The bytes of a frame in order, as parts, so that a large body is not copied once more to stand behind its length.
 * @throws NiagaError RECORD_TOO_LARGE beyond {@link MAX_FRAME}, RECORD_ENCODING for what is not a frame
 */
export function encodeFrame(frame: Frame): Uint8Array[] {
  const payload = encode(frame, { maxBytes: MAX_FRAME, maxDepth: MAX_DEPTH });
  return [encodeLength(payload.length), payload];
}

function encodeLength(length: number): Uint8Array {
  const bytes: number[] = [];
  for (; length > 0x7f; length >>>= 7) bytes.push((length & 0x7f) | 0x80);
  bytes.push(length);
  return Uint8Array.from(bytes);
}

/**
 * Cuts what arrives into frames, wherever the pieces were cut. It holds what was pushed and not yet taken; a frame that
 * declares more than `maxFrame` bytes is refused when its length is known, before its content is waited for.
 */
export class FrameReader {
  readonly #maxFrame: number;
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are taken already. */
  #offset = 0;
  #buffered = 0;
  #received = 0;
  #taken = 0;

  constructor(maxFrame: number = MAX_FRAME) {
    this.#maxFrame = maxFrame;
  }

  /** Bytes that are held and do not make a frame that was taken. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Bytes that were ever pushed. */
  get received(): number {
    return this.#received;
  }

  /** Frames that were ever taken. */
  get taken(): number {
    return this.#taken;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    this.#received += chunk.length;
  }

  /**
   * The next whole frame and how many bytes it took on the wire, or undefined when more must come first.
   * @throws FrameError for what is not a frame; the reader is of no use afterwards
   */
  next(): { frame: Frame; size: number } | undefined {
    const head = this.#readLength();
    if (head === undefined || this.#buffered < head.size + head.length) return undefined;
    this.#consume(head.size);
    const frame = decodeFrame(this.#consume(head.length));
    this.#taken += 1;
    return { frame, size: head.size + head.length };
  }

  #readLength(): { length: number; size: number } | undefined {
    let length = 0;
    for (let index = 0; index < MAX_LENGTH_BYTES; index++) {
      const byte = this.#peek(index);
      if (byte === undefined) return undefined;
      length |= (byte & 0x7f) << (7 * index);
      if (byte >= 0x80) continue;
      if (byte === 0)
        throw new FrameError('malformed', 'A frame has no content, or its length is not in shortest form.');
      if (length > this.#maxFrame) throw new FrameError('oversize', `A frame of ${length} bytes was announced.`);
      return { length, size: index + 1 };
    }
    throw new FrameError('oversize', 'The length of a frame is longer than the length of any frame.');
  }

  #peek(index: number): number | undefined {
    let position = this.#offset + index;
    for (const chunk of this.#chunks) {
      if (position < chunk.length) return chunk[position];
      position -= chunk.length;
    }
    return undefined;
  }

  #consume(length: number): Uint8Array {
    this.#buffered -= length;
    const first = this.#chunks[0];
    if (first !== undefined && this.#offset + length < first.length) {
      const start = this.#offset;
      this.#offset += length;
      return first.subarray(start, this.#offset);
    }
    const whole = new Uint8Array(length);
    let filled = 0;
    let used = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(this.#offset, this.#offset + length - filled);
      whole.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      if (this.#offset < chunk.length) break;
      this.#offset = 0;
      used += 1;
      if (filled === length) break;
    }
    this.#chunks.splice(0, used);
    return whole;
  }
}

/**
 * Nobody signs frames, so what is read is not encoded again to compare: with a large body that would cost more than all other checks of it.
 * @throws FrameError
 */
function decodeFrame(bytes: Uint8Array): Frame {
  let value: unknown;
  try {
    value = readCbor(bytes, MAX_DEPTH);
  } catch (cause) {
    throw new FrameError('malformed', 'A frame is not strict DAG-CBOR.', { cause });
  }
  const frame = asFrame(value);
  if (frame === undefined) throw new FrameError('malformed', 'A frame lacks a field or has one of the wrong shape.');
  return frame;
}

function asFrame(value: unknown): Frame | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { t, id, method, body, max, code, message } = value as Record<string, unknown>;
  if (typeof id !== 'number' || id < 0) return undefined;
  switch (t) {
    case 'q':
      if (!isText(method, MAX_METHOD_LENGTH) || method === '' || !(body instanceof Uint8Array)) return undefined;
      if (max === undefined) return { t, id, method, body };
      return typeof max === 'number' && max >= 0 ? { t, id, method, body, max } : undefined;
    case 'a':
      return body instanceof Uint8Array ? { t, id, body } : undefined;
    case 'e':
      return isText(code, MAX_CODE_LENGTH) && isText(message, MAX_MESSAGE_LENGTH)
        ? { t, id, code, message }
        : undefined;
    default:
      return undefined;
  }
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength;
}
