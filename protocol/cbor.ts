import { encode as encodeDagCbor } from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { isCanonicalCid, readCbor } from './cbor-reader.js';
import { MAX_UINT64, refusedKey, seemsLink } from './cbor-rules.js';
import { NiagaError } from './errors.js';

/** How large an encoded value may be, and how deep arrays and maps may stand in one another. */
export interface Limits {
  /** Bytes of the whole encoded value. Default {@link DEFAULT_MAX_BYTES}. */
  readonly maxBytes?: number;
  /** Arrays and maps around the innermost value: `1` has 0, `[1]` has 1, `{a: [1]}` has 2. Default {@link DEFAULT_MAX_DEPTH}. */
  readonly maxDepth?: number;
}

export const DEFAULT_MAX_BYTES = 1024 * 1024;
export const DEFAULT_MAX_DEPTH = 32;

const MIN_INTEGER = -1n - MAX_UINT64;
/** With the `u` flag a pair counts as one character, so only a surrogate that stands alone matches. */
const LONE_SURROGATE = /[\uD800-\uDFFF]/u;

/**
 * Writes a value as strict DAG-CBOR (DESIGN section 3; https://ipld.io/specs/codecs/dag-cbor/spec/): map keys in order
 * of length and then bytes, shortest lengths and integers, no floats. {@link decode} takes what this writes and nothing else.
 *
 * Takes null, booleans, safe integers (-0 is written as 0), bigints of -2^64 … 2^64-1 (read back as a number where that
 * is exact), well-formed text, Uint8Array, CIDv1, and arrays and plain objects of these. Everything else is refused, and
 * so is what would be lost or read back as something else: undefined, holes, symbol keys, the key `__proto__`, and a map
 * whose `/` and `bytes` are the same (libraries take it for a CID).
 *
 * @throws NiagaError RECORD_ENCODING for a value that has no such form (`where` is its path), RECORD_TOO_LARGE beyond `limits`
 */
export function encode(value: unknown, limits: Limits = {}): Uint8Array {
  const { maxBytes = DEFAULT_MAX_BYTES, maxDepth = DEFAULT_MAX_DEPTH } = limits;
  checkEncodable(value, '', maxDepth);
  // A copy, because the library hands out parts of a shared pool: keeping 500 bytes would keep 8 KiB alive.
  const bytes = new Uint8Array(encodeDagCbor(value));
  if (bytes.length > maxBytes) throw tooLarge(bytes.length, maxBytes);
  return bytes;
}

/**
 * Reads strict DAG-CBOR, from anybody. Size, depth and declared lengths are checked before anything is allocated for
 * them; then the result is encoded again and compared, so that bytes are accepted only if they are the one encoding of
 * their value. What is refused besides is listed at {@link encode}. Unicode normalisation is not looked at.
 *
 * Byte strings and CIDs in the result are copies: they neither change with `bytes` nor keep it in memory.
 * @throws NiagaError RECORD_MALFORMED (`where` is the offset), RECORD_TOO_LARGE beyond `limits`
 */
export function decode(bytes: Uint8Array, limits: Limits = {}): unknown {
  const { maxBytes = DEFAULT_MAX_BYTES, maxDepth = DEFAULT_MAX_DEPTH } = limits;
  if (!(bytes instanceof Uint8Array)) throw new NiagaError('RECORD_MALFORMED', 'What should be bytes is not.');
  if (bytes.length > maxBytes) throw tooLarge(bytes.length, maxBytes);
  const value = readCbor(bytes, maxDepth);
  if (!isEncodingOf(bytes, value)) {
    throw new NiagaError('RECORD_MALFORMED', 'The bytes are not the one encoding of what they say.');
  }
  return value;
}

/** The reader and the library's writer share no code: a mistake in either shows here instead of in an id. */
function isEncodingOf(bytes: Uint8Array, value: unknown): boolean {
  let again: Uint8Array;
  try {
    again = encodeDagCbor(value);
  } catch (cause) {
    throw new NiagaError('RECORD_MALFORMED', 'What the bytes say cannot be encoded again.', { cause });
  }
  if (again.length !== bytes.length) return false;
  for (let index = 0; index < bytes.length; index++) if (again[index] !== bytes[index]) return false;
  return true;
}

/** @throws NiagaError unless the library's writer writes `value` exactly; `depth` is what is left of the limit. */
function checkEncodable(value: unknown, path: string, depth: number): void {
  switch (typeof value) {
    case 'boolean':
      return;
    case 'string':
      if (LONE_SURROGATE.test(value)) throw unencodable('Text has a lone surrogate, which UTF-8 cannot hold', path);
      return;
    case 'number':
      if (!Number.isSafeInteger(value))
        throw unencodable(`The number ${value} is not an integer of at most 53 bits`, path);
      return;
    case 'bigint':
      if (value < MIN_INTEGER || value > MAX_UINT64) throw unencodable('An integer has more than 64 bits', path);
      return;
    case 'object':
      if (value === null || value instanceof Uint8Array) return;
      if (Array.isArray(value)) return checkArray(value, path, depth);
      if (isPlainObject(value)) return checkMap(value, path, depth);
      if (!isEncodableCid(value)) throw unencodable('An object is neither plain nor an array, bytes or a CIDv1', path);
      return;
    case 'undefined':
    case 'symbol':
    case 'function':
      throw unencodable(`A value is of the type "${typeof value}"`, path);
  }
}

function checkArray(array: readonly unknown[], path: string, depth: number): void {
  if (depth <= 0) throw tooDeep(path);
  for (let index = 0; index < array.length; index++) checkEncodable(array[index], `${path}[${index}]`, depth - 1);
}

function checkMap(map: Readonly<Record<string, unknown>>, path: string, depth: number): void {
  if (depth <= 0) throw tooDeep(path);
  const keys = Object.keys(map);
  if (Reflect.ownKeys(map).length !== keys.length)
    throw unencodable('A map has a symbol or a hidden property as a key', path);
  for (const key of keys) {
    const inner = path === '' ? key : `${path}.${key}`;
    if (LONE_SURROGATE.test(key)) throw unencodable('A key has a lone surrogate, which UTF-8 cannot hold', path);
    if (refusedKey(key)) throw unencodable(`A map has the key "${key}"`, path);
    checkEncodable(map[key], inner, depth - 1);
  }
  if (seemsLink(map)) throw unencodable('A map looks like a CID: its "/" and "bytes" are the same', path);
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isEncodableCid(value: object): boolean {
  try {
    const cid = CID.asCID(value);
    return cid !== null && isCanonicalCid(cid);
  } catch {
    return false;
  }
}

function unencodable(what: string, path: string): NiagaError {
  return new NiagaError('RECORD_ENCODING', `${what}.`, { where: path === '' ? undefined : path });
}

function tooDeep(path: string): NiagaError {
  return new NiagaError('RECORD_TOO_LARGE', 'Arrays and maps stand deeper in one another than allowed.', {
    where: path === '' ? undefined : path,
  });
}

function tooLarge(length: number, maxBytes: number): NiagaError {
  return new NiagaError('RECORD_TOO_LARGE', `At most ${maxBytes} bytes are allowed here; these are ${length}.`);
}
