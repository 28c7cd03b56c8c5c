import { decode as decodeCbor, encode as encodeCbor } from '../../protocol/cbor.js';

/** How the values of a table become bytes and back. `decode(encode(v))` must equal `v`. */
export interface Codec<V> {
  encode(value: V): Uint8Array;
  /** Gets exactly the bytes that `encode` gave: a changed row never comes this far. */
  decode(bytes: Uint8Array): V;
}

/** The bytes themselves. */
export const rawCodec: Codec<Uint8Array> = {
  encode: (value) => value,
  decode: (bytes) => bytes,
};

/** What JSON can say. The type is the caller's word: the checksum proves that it is what was written, not its shape. */
export function jsonCodec<V>(): Codec<V> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return {
    encode: (value) => encoder.encode(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(decoder.decode(bytes)) as V,
  };
}

/** Rows may be larger than what comes over the wire: a log of a trade is read in one piece. */
const MAX_ROW_BYTES = 16 * 1024 * 1024;

/**
 * Strict DAG-CBOR: byte strings and CIDs too. No `undefined`, no floats (`protocol/cbor.ts`).
 * The type is the caller's word, as with {@link jsonCodec}.
 */
export function cborCodec<V>(): Codec<V> {
  return {
    encode: (value) => encodeCbor(value, { maxBytes: MAX_ROW_BYTES }),
    decode: (bytes) => decodeCbor(bytes, { maxBytes: MAX_ROW_BYTES }) as V,
  };
}
