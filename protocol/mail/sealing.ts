import nacl from 'tweetnacl';
import { NiagaError } from '../errors.js';
import { sha256 } from '../hash.js';
import { concat } from '../ids.js';
import { encodeUtf8 } from '../utf8.js';

const KiB = 1024;
/** A sealed letter has one of these sizes in bytes, so that its length says little about what is in it. */
export const SEALED_SIZES: readonly number[] = [1, 4, 16, 64, 256].map((size) => size * KiB);
export const MAX_SEALED_BYTES = 256 * KiB;
/** The first byte: how the rest is sealed. */
const VERSION = 1;
const KEY_BYTES = 32;
const LENGTH_BYTES = 4;
/** Version, the sender's one-time key, the authenticator of the box, and the length of what is inside. */
const OVERHEAD = 1 + KEY_BYTES + nacl.box.overheadLength + LENGTH_BYTES;
export const MAX_CONTENT_BYTES = MAX_SEALED_BYTES - OVERHEAD;
const NONCE_DOMAIN = encodeUtf8('niaga/1 letter');

/** The public half of a sealing key. @param secret 32 bytes */
export function sealingKey(secret: Uint8Array): Uint8Array {
  return nacl.box.keyPair.fromSecretKey(secret).publicKey;
}

/**
 * Seals bytes to somebody's X25519 key: a box (X25519, XSalsa20-Poly1305) from a key that is used for this letter alone, so that
 * the letter does not say who sent it.
 * @param secret 32 random bytes: the sender's one-time key
 * @throws NiagaError RECORD_TOO_LARGE above {@link MAX_CONTENT_BYTES}
 */
export function seal(content: Uint8Array, recipient: Uint8Array, secret: Uint8Array): Uint8Array {
  const size = SEALED_SIZES.find((one) => one >= content.length + OVERHEAD);
  if (size === undefined)
    throw new NiagaError('RECORD_TOO_LARGE', `A letter has at most ${MAX_CONTENT_BYTES} bytes before it is sealed.`);
  const padded = new Uint8Array(size - OVERHEAD + LENGTH_BYTES);
  new DataView(padded.buffer).setUint32(0, content.length);
  padded.set(content, LENGTH_BYTES);
  const { publicKey } = nacl.box.keyPair.fromSecretKey(secret);
  return concat(Uint8Array.of(VERSION), publicKey, nacl.box(padded, nonceOf(publicKey, recipient), recipient, secret));
}

/**
 * What is in a sealed letter; undefined where none of these keys opens it.
 * @param secrets the recipient's sealing keys, the newest first
 */
export function unseal(sealed: Uint8Array, secrets: readonly Uint8Array[]): Uint8Array | undefined {
  if (!isSealed(sealed)) return undefined;
  const sender = sealed.subarray(1, 1 + KEY_BYTES);
  const box = sealed.subarray(1 + KEY_BYTES);
  for (const secret of secrets) {
    const padded = nacl.box.open(box, nonceOf(sender, sealingKey(secret)), sender, secret);
    if (padded === null) continue;
    const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
    return length <= padded.length - LENGTH_BYTES ? padded.subarray(LENGTH_BYTES, LENGTH_BYTES + length) : undefined;
  }
  return undefined;
}

/** Whether bytes have the form of a sealed letter; what is inside only the recipient can say. */
export function isSealed(bytes: Uint8Array): boolean {
  return bytes[0] === VERSION && SEALED_SIZES.includes(bytes.length);
}

/** A key that is used once needs no nonce of its own; both keys are in it, as in libsodium's sealed boxes. */
function nonceOf(sender: Uint8Array, recipient: Uint8Array): Uint8Array {
  return sha256(concat(NONCE_DOMAIN, sender, recipient)).slice(0, nacl.box.nonceLength);
}
