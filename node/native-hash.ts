/** Gives the protocol OpenSSL's SHA-256: every record that comes or goes is hashed, and its own takes ten times as long. */
import { hash } from 'node:crypto';
import { useSha256 } from '../protocol/hash.js';

const DIGEST_BYTES = 32;

/**
 * SHA-256 by way of OpenSSL: 32 bytes in an array of their own. They come as text: a Buffer for each has memory outside of the heap, which
 * takes longer than the hashing, and the garbage collector's time besides.
 */
export function sha256Of(bytes: Uint8Array): Uint8Array {
  const text = hash('sha256', bytes, 'binary');
  const digest = new Uint8Array(DIGEST_BYTES);
  for (let index = 0; index < DIGEST_BYTES; index++) digest[index] = text.charCodeAt(index);
  return digest;
}

useSha256(sha256Of);
