import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

let implementation: (bytes: Uint8Array) => Uint8Array = nobleSha256;

/** SHA-256 (FIPS 180-4) of `bytes`: 32 bytes. Synchronous, also in a browser, where WebCrypto's is not. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return implementation(bytes);
}

/**
 * Has {@link sha256} computed by the platform, where that is faster; a node does so when it is loaded.
 * @param own must give the same 32 bytes, in an array of their own
 */
export function useSha256(own: (bytes: Uint8Array) => Uint8Array): void {
  implementation = own;
}
