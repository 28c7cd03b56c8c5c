import { CID } from 'multiformats/cid';
import { isCanonicalCid } from './cbor-reader.js';
import { MAX_UINT64, refusedKey, seemsLink } from './cbor-rules.js';
import { NiagaError } from './errors.js';
import { compareUtf8 } from './search/utf8.js';
import { encodeUtf8Into } from './utf8.js';

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
/** Shorter ASCII text is written faster by hand than by a TextEncoder. */
const SHORT_TEXT = 48;
/** Fewer bytes are copied faster one by one. */
const SHORT_BYTES = 32;
/** No UTF-16 unit has more bytes in UTF-8. */
const MOST_OF_A_UNIT = 3;
/** Maps of so few keys are sorted by insertion: most are sorted already. */
const FEW_KEYS = 24;

/** The keys of maps are the same few names again and again. */
interface Key {
  readonly text: string;
  /** With its head. */
  readonly bytes: Uint8Array;
}
const KNOWN_KEYS = 2_000;
const LONGEST_KNOWN = 100;
const knownKeys = new Map<string, Key>();

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

/** How many bytes that is. @throws NiagaError as {@link writeCbor} */
export function writtenLength(value: unknown, maxDepth: number): number {
  return written(value, maxDepth, (bytes) => bytes.length);
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
    const names = Object.keys(map);
    if (Reflect.ownKeys(map).length !== names.length)
      throw this.#unencodable('A map has a symbol or a hidden property as a key');
    if (names.includes('/') && seemsLink(map))
      throw this.#unencodable('A map looks like a CID: its "/" and "bytes" are the same');
    this.#head(MAP, names.length);
    for (const { text, bytes } of sorted(names.map((name) => knownKeys.get(name) ?? this.#key(name)))) {
      this.#raw(bytes);
      this.#path.push(text);
      this.value(map[text], depth - 1);
      this.#path.pop();
    }
  }

  #key(text: string): Key {
    if (refusedKey(text)) throw this.#unencodable(`A map has the key "${text}"`);
    const start = this.#at;
    this.#text(text, 'A key');
    const key = { text, bytes: this.buffer.slice(start, this.#at) };
    this.#at = start;
    if (text.length > LONGEST_KNOWN) return key;
    if (knownKeys.size >= KNOWN_KEYS) knownKeys.clear();
    knownKeys.set(text, key);
    return key;
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
    this.#reserve(LARGEST_HEAD + MOST_OF_A_UNIT * text.length);
    // Most text is ASCII, and its head as long as that of so many units.
    const at = this.#at + headLength(text.length);
    const length = encodeUtf8Into(text, this.buffer.subarray(at));
    if (length !== text.length) {
      if (!text.isWellFormed()) throw this.#unencodable(`${what} has a lone surrogate, which UTF-8 cannot hold`);
      this.buffer.copyWithin(this.#at + headLength(length), at, at + length);
    }
    this.#head(TEXT, length);
    this.#at += length;
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
    if (bytes.length > SHORT_BYTES) this.buffer.set(bytes, this.#at);
    else for (let index = 0; index < bytes.length; index++) this.buffer[this.#at + index] = bytes[index] ?? 0;
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

/** In DAG-CBOR's order: by length in bytes, then bytewise. A longer text never has a shorter head. */
function sorted(keys: Key[]): Key[] {
  if (keys.length > FEW_KEYS) return keys.sort(compareKeys);
  for (let next = 1; next < keys.length; next++) {
    const key = keys[next];
    if (key === undefined) break;
    let at = next;
    for (let before = keys[at - 1]; before !== undefined && compareKeys(before, key) > 0; before = keys[at - 1]) {
      keys[at] = before;
      at--;
    }
    keys[at] = key;
  }
  return keys;
}

function compareKeys(a: Key, b: Key): number {
  return a.bytes.length - b.bytes.length || compareUtf8(a.text, b.text);
}

/** Bytes of the head of a text of so many. */
function headLength(length: number): number {
  return length < 24 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : length < 0x1_0000_0000 ? 5 : 9;
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
