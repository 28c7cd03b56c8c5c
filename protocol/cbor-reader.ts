import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { refusedKey, seemsLink } from './cbor-rules.js';
import { NiagaError } from './errors.js';
import { decodeUtf8 } from './utf8.js';

/**
 * The reader of strict DAG-CBOR. It is ours because the library's decoder replaces ill-formed UTF-8, drops a byte order
 * mark at the beginning of a text, knows no limits, and keeps a view of its input in every CID.
 */

/** Major types of RFC 8949 section 3.1. */
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

const FALSE = 20;
const TRUE = 21;
const NULL = 22;

/** The only tag of DAG-CBOR: a byte string with 0x00 and then a CID. */
const TAG_CID = 42;
/** Version, codec, hash, length of the digest, digest. */
const SHA2_256_CID_BYTES = 4 + 32;
/** Shorter ASCII text (nearly every key) is read faster by hand than by a TextDecoder. */
const SHORT_TEXT = 32;

/**
 * The value that `bytes` say, in canonical form as far as one pass can tell: definite and shortest lengths, keys that
 * are text, sorted, and unique.
 * @param maxDepth how deep arrays and maps may stand in one another
 * @throws NiagaError RECORD_MALFORMED, RECORD_TOO_LARGE
 */
export function readCbor(bytes: Uint8Array, maxDepth: number): unknown {
  const reader = new Reader(bytes);
  const value = reader.value(maxDepth);
  reader.end();
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    // Not `bytes` itself: it may be a Buffer, whose slice() is a view and not a copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): unknown {
    const start = this.#offset;
    const initial = this.#byte();
    const info = initial & 0x1f;
    switch (initial >> 5) {
      case UNSIGNED:
        return this.#argument(info, start);
      case NEGATIVE:
        return negative(this.#argument(info, start));
      case BYTES:
        return this.#take(this.#length(info, start, 1));
      case TEXT:
        return this.#text(info, start);
      case ARRAY:
        return this.#array(this.#length(info, start, 1), depth, start);
      case MAP:
        return this.#map(this.#length(info, start, 2), depth, start);
      case TAG:
        return this.#cid(info, start);
      default:
        return simple(info, start);
    }
  }

  end(): void {
    if (this.#offset !== this.#bytes.length) throw malformed('there is something after the value', this.#offset);
  }

  /** The argument of an item's head; a bigint only where a number is not exact. */
  #argument(info: number, start: number): number | bigint {
    if (info < 24) return info;
    if (info > 27) throw malformed(info === 31 ? 'a length is indefinite' : 'a head is reserved', start);
    const size = 2 ** (info - 24);
    const at = this.#skip(size);
    const argument = this.#unsigned(at, size);
    const least = size === 1 ? 24 : 2 ** (4 * size);
    if (argument < least) throw malformed('an integer or a length is not written in the shortest way', start);
    return argument;
  }

  #unsigned(at: number, size: number): number | bigint {
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at);
    if (size === 4) return this.#view.getUint32(at);
    const large = this.#view.getBigUint64(at);
    return large <= Number.MAX_SAFE_INTEGER ? Number(large) : large;
  }

  /** The declared count of elements, each of at least `least` bytes: more than can follow are refused at once. */
  #length(info: number, start: number, least: number): number {
    const length = Number(this.#argument(info, start));
    if (length * least > this.#bytes.length - this.#offset) throw malformed('a length goes beyond the end', start);
    return length;
  }

  #text(info: number, start: number): string {
    const length = this.#length(info, start, 1);
    const at = this.#skip(length);
    if (length < SHORT_TEXT) {
      const text = this.#ascii(at, at + length);
      if (text !== undefined) return text;
    }
    try {
      return decodeUtf8(this.#bytes.subarray(at, at + length));
    } catch (cause) {
      throw malformed('text is not UTF-8', start, cause);
    }
  }

  #ascii(from: number, to: number): string | undefined {
    let text = '';
    for (let at = from; at < to; at++) {
      const byte = this.#bytes[at] ?? 0x80;
      if (byte >= 0x80) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #array(length: number, depth: number, start: number): unknown[] {
    if (depth <= 0) throw tooDeep(start);
    const array: unknown[] = [];
    for (let index = 0; index < length; index++) array.push(this.value(depth - 1));
    return array;
  }

  #map(length: number, depth: number, start: number): Record<string, unknown> {
    if (depth <= 0) throw tooDeep(start);
    const map: Record<string, unknown> = {};
    let previous = -1;
    for (let index = 0; index < length; index++) {
      const at = this.#offset;
      const initial = this.#byte();
      if (initial >> 5 !== TEXT) throw malformed('a key is not text', at);
      const key = this.#text(initial & 0x1f, at);
      if (previous >= 0 && !this.#isBefore(previous, at))
        throw malformed('the keys of a map are not sorted or not unique', at);
      if (refusedKey(key)) throw malformed(`a map has the key "${key}"`, at);
      previous = at;
      map[key] = this.value(depth - 1);
    }
    if (seemsLink(map)) throw malformed('a map looks like a CID: its "/" and "bytes" are the same', start);
    return map;
  }

  #cid(info: number, start: number): CID {
    if (this.#argument(info, start) !== TAG_CID) throw malformed('there is a tag other than 42', start);
    const initial = this.#byte();
    if (initial >> 5 !== BYTES) throw malformed('tag 42 is not followed by bytes', start);
    const bytes = this.#take(this.#length(initial & 0x1f, start, 1));
    const cid = bytes[0] === 0 ? parseCid(bytes.subarray(1)) : undefined;
    if (cid === undefined) throw malformed('what follows tag 42 is not 0x00 and a CIDv1', start);
    return cid;
  }

  /**
   * Whether the key at offset `a` sorts before the one at `b`, which ends where the reader stands. DAG-CBOR sorts by
   * length and then bytes; that is the bytewise order of the whole items, since a shorter text has a smaller head.
   */
  #isBefore(a: number, b: number): boolean {
    for (let index = 0; b + index < this.#offset; index++) {
      const difference = (this.#bytes[a + index] ?? 0) - (this.#bytes[b + index] ?? 0);
      if (difference !== 0) return difference < 0;
    }
    return false;
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)] ?? 0;
  }

  /** The next bytes, copied. */
  #take(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.#bytes.slice(at, at + length);
  }

  /** Moves on by `length` bytes; gives the offset before. */
  #skip(length: number): number {
    const at = this.#offset;
    if (at + length > this.#bytes.length) throw malformed('the bytes end in the middle', at);
    this.#offset = at + length;
    return at;
  }
}

function negative(argument: number | bigint): number | bigint {
  return argument < Number.MAX_SAFE_INTEGER ? -1 - Number(argument) : -1n - BigInt(argument);
}

function simple(info: number, start: number): boolean | null {
  switch (info) {
    case FALSE:
      return false;
    case TRUE:
      return true;
    case NULL:
      return null;
    default:
      throw malformed('there is a float, undefined, or another value of major type 7', start);
  }
}

function parseCid(bytes: Uint8Array): CID | undefined {
  try {
    const cid = CID.decode(bytes);
    return isCanonicalCid(cid, bytes) ? cid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * True for a CIDv1 whose bytes are what its numbers say. The library refuses padded varints by itself, but reads those
 * beyond 53 bits inexactly: two hash codes would be one.
 */
export function isCanonicalCid(cid: CID, bytes: Uint8Array = cid.bytes): boolean {
  if (cid.version !== 1) return false;
  const { code, digest } = cid.multihash;
  if (bytes.length === SHA2_256_CID_BYTES && isShortCid(cid, bytes)) return true;
  const canonical = CID.createV1(cid.code, Digest.create(code, digest)).bytes;
  return canonical.length === bytes.length && canonical.every((byte, index) => byte === bytes[index]);
}

/** Whether these are the bytes of a CID whose numbers take a byte each, with a digest of 32: nearly every CID there is. */
function isShortCid({ code, multihash }: CID, bytes: Uint8Array): boolean {
  const numbers = [1, code, multihash.code, multihash.digest.length];
  for (const [at, number] of numbers.entries()) if (number >= 0x80 || bytes[at] !== number) return false;
  for (let at = 0; at < multihash.digest.length; at++)
    if (bytes[numbers.length + at] !== multihash.digest[at]) return false;
  return bytes.length === numbers.length + multihash.digest.length;
}

function malformed(what: string, offset: number, cause?: unknown): NiagaError {
  return new NiagaError('RECORD_MALFORMED', `Not strict DAG-CBOR: ${what}.`, { where: `byte ${offset}`, cause });
}

function tooDeep(offset: number): NiagaError {
  return new NiagaError('RECORD_TOO_LARGE', 'Arrays and maps stand deeper in one another than allowed.', {
    where: `byte ${offset}`,
  });
}
