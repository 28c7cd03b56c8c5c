import { encode, signedBytes } from '../../dist/protocol/index.js';
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
      signature: signature ?? KEYS[key].sign(signedBytes(payloadBytes)),
      ...(delegation === undefined ? {} : { delegation }),
      ...more,
    },
    LIMITS,
  );
}

/** The payload with a field of zeros that makes its bytes exactly so many. */
export function padded(payload, size) {
  // A length's own head grows by more than a byte at a time, so that one name alone does not reach every size.
  for (const name of ['pad', 'padd']) {
    const room = size - payloadBytesOf({ ...payload, [name]: new Uint8Array() }).length;
    for (let length = room; length >= room - 8; length--) {
      const fitting = { ...payload, [name]: new Uint8Array(length) };
      if (payloadBytesOf(fitting).length === size) return fitting;
    }
  }
  throw new RangeError(`no padding makes ${size} bytes`);
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
