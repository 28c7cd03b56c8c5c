import { encode, sign, signedBytes } from '../../dist/protocol/index.js';
import { Raw } from '../lib/raw-cbor.mjs';
import { KEYS } from './keys.mjs';

/** Enough for the largest kind and a little more: some vectors are one byte too large. */
const LIMITS = { maxBytes: 64 * 1024 * 1024, maxDepth: 64 };

/** The bytes of a payload, right or wrong. */
export function payloadBytesOf(payload) {
  if (payload instanceof Uint8Array) return payload;
  return payload instanceof Raw ? payload.bytes : encode(payload, LIMITS);
}

/**
 * An envelope around a payload, with nothing checked.
 * @param key who signs; a name of {@link KEYS}
 * @param options `delegation`: an id, or the bytes of a whole delegation; `signature` and `more` fields as they should stand
 */
export function seal(payload, key, { delegation, signature, more = {} } = {}) {
  const payloadBytes = payloadBytesOf(payload);
  return encode(
    {
      payload: payloadBytes,
      signature: signature ?? signatureBy(key, signedBytes(payloadBytes)),
      ...(delegation === undefined ? {} : { delegation }),
      ...more,
    },
    LIMITS,
  );
}

export function signatureBy(key, message) {
  return sign(message, KEYS[key].secretKey);
}

/** With one bit turned around. */
export function flipped(bytes, at) {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}

/** Where `part` stands in `bytes`. */
export function placeOfPart(bytes, part) {
  for (let at = 0; at + part.length <= bytes.length; at++) {
    if (part.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  throw new RangeError('the part is not in the bytes');
}
