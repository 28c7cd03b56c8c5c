import { readCbor } from './cbor-reader.js';
import { isWrittenAs, writeCbor, writtenLength } from './cbor-writer.js';
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
  const bytes = writeCbor(value, maxDepth);
  if (bytes.length > maxBytes) throw tooLarge(bytes.length, maxBytes);
  return bytes;
}

/** How many bytes {@link encode} would give. @throws NiagaError RECORD_ENCODING, RECORD_TOO_LARGE where it stands too deep */
export function encodedLength(value: unknown): number {
  return writtenLength(value, DEFAULT_MAX_DEPTH);
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
  // Reader and writer share no code: a mistake in either shows here instead of in an id.
  if (!isWrittenAs(bytes, value, maxDepth)) {
    throw new NiagaError('RECORD_MALFORMED', 'The bytes are not the one encoding of what they say.');
  }
  return value;
}

function tooLarge(length: number, maxBytes: number): NiagaError {
  return new NiagaError('RECORD_TOO_LARGE', `At most ${maxBytes} bytes are allowed here; these are ${length}.`);
}
