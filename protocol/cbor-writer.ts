import { CID } from 'multiformats/cid';
import { isCanonicalCid } from './cbor-reader.js';
import { MAX_UINT64, refusedKey, seemsLink } from './cbor-rules.js';
import { NiagaError } from './errors.js';
import { compareUtf8, utf8Length } from './search/utf8.js';
import { encodeUtf8 } from './utf8.js';

/**
 * The writer of strict DAG-CBOR. It is ours because the library's writes undefined as null, text with lone surrogates as another text,
 * and its own objects for all values first: checking before it, and copying out of its pool, took most of the time that signing
 * a listing takes. A test holds its bytes against the library's. It shares no code with the reader, which is held against it.
 */

/** Major types of RFC 8949 section 3.1. */
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;

const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
/** The head of tag 42, before a byte string with 0x00 and then a CID. */
const TAG_CID = Uint8Array.of(0xd8, 42);

const MIN_INTEGER = -1n - MAX_UINT64;
const LARGEST_HEAD = 9;
/** Shorter ASCII text (nearly every key) is written faster by hand than by a TextEncoder. */
const SHORT_TEXT = 48;
/** With the `u` flag a pair counts as one character, so only a surrogate that stands alone matches. */
const LONE_SURROGATE = /[\uD800-\uDFFF]/u;
/** Maps of so few keys are sorted by insertion: most are sorted already. */
const FEW_KEYS = 16;

/** Records are smaller; what was needed for larger values is not kept. */
const SPARE_BYTES = 16 * 1024;
let spare: Uint8Array | undefined;

/**
 * The encoding of a value, with memory of its own.
 * @param maxDepth how deep arrays and maps may stand in one another
 * @throws NiagaError RECORD_ENCODING, RECORD_TOO_LARGE: see `encode` in cbor.ts
 */
export function writeCbor(value: unknown, maxDepth: number): Uint8Array {
  return written(value, maxDepth, (bytes) => bytes.slice());
}

/** Whether these bytes are the encoding of the value. @throws NiagaError as {@link writeCbor} */
export function isWrittenAs(bytes: Uint8Array, value: unknown, maxDepth: number): boolean {
  return written(value, maxDepth, (again) => {
    if (again.length !== bytes.length) return false;
    for (let index = 0; index < again.length; index++) if (again[index] !== bytes[index]) return false;
    return true;
  });
}

function written<T>(value: unknown, maxDepth: number, use: (bytes: Uint8Array) => T): T {
  const writer = new Writer(spare ?? new Uint8Array(SPARE_BYTES));
  // A getter inside the value may encode something as well.
  spare = undefined;
  try {
    writer.value(value, maxDepth);
    return use(writer.bytes);
  } finally {
    if (writer.buffer.length === SPARE_BYTES) spare = writer.buffer;
  }
}

class Writer {
  buffer: Uint8Array;
  #at = 0;
  /** Keys and places that lead to what is being written. */
  readonly #path: (string | number)[] = [];

  constructor(buffer: Uint8Array) {
    this.buffer = buffer;
  }

  /** A view. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.#at);
  }

  value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        return this.#text(value, 'Text');
      case 'number':
        return this.#number(value);
      case 'object':
        return this.#object(value, depth);
      case 'boolean':
        return this.#byte(value ? TRUE : FALSE);
      case 'bigint':
        return this.#bigint(value);
      case 'undefined':
      case 'symbol':
      case 'function':
        throw this.#unencodable(`A value is of the type "${typeof value}"`);
    }
  }

  #object(value: object | null, depth: number): void {
    if (value === null) return this.#byte(NULL);
    if (value instanceof Uint8Array) {
      this.#head(BYTES, value.length);
      return this.#raw(value);
    }
    if (Array.isArray(value)) return this.#array(value, depth);
    if (isPlainObject(value)) return this.#map(value, depth);
    const cid = cidOf(value);
    if (cid === undefined) throw this.#unencodable('An object is neither plain nor an array, bytes or a CIDv1');
    this.#raw(TAG_CID);
    this.#head(BYTES, 1 + cid.bytes.length);
    this.#byte(0);
    this.#raw(cid.bytes);
  }

  #array(array: readonly unknown[], depth: number): void {
    if (depth <= 0) throw this.#tooDeep();
    this.#head(ARRAY, array.length);
    for (let index = 0; index < array.length; index++) {
      this.#path.push(index);
      this.value(array[index], depth - 1);
      this.#path.pop();
    }
  }

  #map(map: Readonly<Record<string, unknown>>, depth: number): void {
    if (depth <= 0) throw this.#tooDeep();
    const keys = Object.keys(map);
    if (Reflect.ownKeys(map).length !== keys.length)
      throw this.#unencodable('A map has a symbol or a hidden property as a key');
    if (seemsLink(map)) throw this.#unencodable('A map looks like a CID: its "/" and "bytes" are the same');
    this.#head(MAP, keys.length);
    for (const key of sorted(keys)) {
      if (refusedKey(key)) throw this.#unencodable(`A map has the key "${key}"`);
      this.#text(key, 'A key');
      this.#path.push(key);
      this.value(map[key], depth - 1);
      this.#path.pop();
    }
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value))
      throw this.#unencodable(`The number ${value} is not an integer of at most 53 bits`);
    if (value < 0) this.#head(NEGATIVE, -1 - value);
    else this.#head(UNSIGNED, value);
  }

  #bigint(value: bigint): void {
    if (value < MIN_INTEGER || value > MAX_UINT64) throw this.#unencodable('An integer has more than 64 bits');
    const major = value < 0n ? NEGATIVE : UNSIGNED;
    const argument = value < 0n ? -1n - value : value;
    if (argument <= Number.MAX_SAFE_INTEGER) return this.#head(major, Number(argument));
    this.#byte((major << 5) | 27);
    for (let shift = 56n; shift >= 0n; shift -= 8n) this.#byte(Number((argument >> shift) & 0xffn));
  }

  /** @param what it is, for the refusal */
  #text(text: string, what: string): void {
    if (text.length <= SHORT_TEXT && this.#ascii(text)) return;
    const bytes = encodeUtf8(text);
    // As many bytes as units: ASCII, without any surrogates.
    if (bytes.length !== text.length && LONE_SURROGATE.test(text))
      throw this.#unencodable(`${what} has a lone surrogate, which UTF-8 cannot hold`);
    this.#head(TEXT, bytes.length);
    this.#raw(bytes);
  }

  /** @returns false, and nothing is written, where there is another character */
  #ascii(text: string): boolean {
    const before = this.#at;
    this.#head(TEXT, text.length);
    this.#reserve(text.length);
    const { buffer } = this;
    let at = this.#at;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) {
        this.#at = before;
        return false;
      }
      buffer[at++] = unit;
    }
    this.#at = at;
    return true;
  }

  /** @param argument a safe integer that is not negative; it is written in the shortest way */
  #head(major: number, argument: number): void {
    this.#reserve(LARGEST_HEAD);
    const type = major << 5;
    if (argument < 24) {
      this.buffer[this.#at++] = type | argument;
    } else if (argument < 0x100) {
      this.buffer[this.#at++] = type | 24;
      this.buffer[this.#at++] = argument;
    } else if (argument < 0x10000) {
      this.buffer[this.#at++] = type | 25;
      this.#uint(argument, 2);
    } else if (argument < 0x1_0000_0000) {
      this.buffer[this.#at++] = type | 26;
      this.#uint(argument, 4);
    } else {
      this.buffer[this.#at++] = type | 27;
      this.#uint(Math.floor(argument / 0x1_0000_0000), 4);
      this.#uint(argument >>> 0, 4);
    }
  }

  #uint(value: number, size: number): void {
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) this.buffer[this.#at++] = (value >>> shift) & 0xff;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.buffer[this.#at++] = byte;
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(2 * this.buffer.length, this.#at + bytes));
    grown.set(this.bytes);
    this.buffer = grown;
  }

  #unencodable(what: string): NiagaError {
    return new NiagaError('RECORD_ENCODING', `${what}.`, { where: this.#where() });
  }

  #tooDeep(): NiagaError {
    return new NiagaError('RECORD_TOO_LARGE', 'Arrays and maps stand deeper in one another than allowed.', {
      where: this.#where(),
    });
  }

  #where(): string | undefined {
    const path = this.#path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    return path === '' ? undefined : path.replace(/^\./, '');
  }
}

/** In DAG-CBOR's order: by length in bytes, then bytewise. */
function sorted(keys: string[]): string[] {
  if (keys.length > FEW_KEYS) return keys.sort(compareKeys);
  for (let next = 1; next < keys.length; next++) {
    const key = keys[next] ?? '';
    let at = next;
    for (; at > 0 && compareKeys(keys[at - 1] ?? '', key) > 0; at--) keys[at] = keys[at - 1] ?? '';
    keys[at] = key;
  }
  return keys;
}

function compareKeys(a: string, b: string): number {
  return utf8Length(a) - utf8Length(b) || compareUtf8(a, b);
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function cidOf(value: object): CID | undefined {
  try {
    const cid = CID.asCID(value);
    return cid !== null && isCanonicalCid(cid) ? cid : undefined;
  } catch {
    return undefined;
  }
}
