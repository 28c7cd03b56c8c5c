import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 32;

/** A new token: 32 random bytes in base64url. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** SHA-256: of 32 random bytes nothing slower is needed, nobody can guess them. It gives all texts one length. */
export function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** Whether two digests are the same; says nothing by its time. */
export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
