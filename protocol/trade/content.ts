import nacl from 'tweetnacl';
import { NiagaError } from '../errors.js';
import { concat } from '../ids.js';

/**
 * Digital goods: a file is encrypted with a key of its own (XSalsa20-Poly1305), so that it may lie anywhere; the key is a private
 * value (private.ts) that the buyer gets once the money was seen.
 */

export const CONTENT_KEY_BYTES = nacl.secretbox.keyLength;
export const CONTENT_NONCE_BYTES = nacl.secretbox.nonceLength;
/** So much longer is a file when it is sealed. */
export const CONTENT_OVERHEAD = CONTENT_NONCE_BYTES + nacl.secretbox.overheadLength;

/** The nonce and the box. @param key 32 random bytes for this file alone @param nonce 24 bytes */
export function sealContent(bytes: Uint8Array, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  return concat(nonce, nacl.secretbox(bytes, nonce, key));
}

/** @throws NiagaError CONTENT_UNREADABLE where the key does not open it */
export function openContent(sealed: Uint8Array, key: Uint8Array): Uint8Array {
  const fits = key.length === CONTENT_KEY_BYTES && sealed.length >= CONTENT_OVERHEAD;
  const nonce = sealed.subarray(0, CONTENT_NONCE_BYTES);
  const opened = fits ? nacl.secretbox.open(sealed.subarray(CONTENT_NONCE_BYTES), nonce, key) : null;
  if (opened !== null) return opened;
  throw new NiagaError('CONTENT_UNREADABLE', 'The key that the seller gave does not open that file.', {
    next: 'Propose a remedy, or dispute: the log and the file prove it.',
  });
}
