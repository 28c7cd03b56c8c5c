import { randomBytes, scrypt } from 'node:crypto';
import nacl from 'tweetnacl';
import { z } from 'zod';
import { NiagaError } from '../../protocol/errors.js';

/** scrypt as DESIGN section 4 fixes it: 128 MiB and about half a second for each guess. */
export const SCRYPT = { N: 2 ** 17, r: 8, p: 1 } as const;
const SCRYPT_MEMORY = 256 * 1024 * 1024;
const KEY_BYTES = 32;

const base64 = z.string().regex(/^[A-Za-z0-9+/]+=*$/);

/** A secret at rest: in the clear (the file is 0600) or sealed under a passphrase. */
export const secretSchema = z.union([
  z.object({ plain: base64 }),
  z.object({
    sealed: base64,
    salt: base64,
    nonce: base64,
    scrypt: z.object({ N: z.int().max(2 ** 20), r: z.int().max(16), p: z.int().max(4) }),
  }),
]);
export type StoredSecret = z.infer<typeof secretSchema>;

export async function storeSecret(secret: Uint8Array, passphrase: string | undefined): Promise<StoredSecret> {
  if (passphrase === undefined) return { plain: toBase64(secret) };
  const salt = randomBytes(16);
  const nonce = randomBytes(nacl.secretbox.nonceLength);
  const key = await stretch(passphrase, salt, SCRYPT);
  return {
    sealed: toBase64(nacl.secretbox(secret, nonce, key)),
    salt: toBase64(salt),
    nonce: toBase64(nonce),
    scrypt: { ...SCRYPT },
  };
}

/** @throws NiagaError IDENTITY_SEALED without the right passphrase */
export async function readSecret(stored: StoredSecret, passphrase: string | undefined): Promise<Uint8Array> {
  if ('plain' in stored) return fromBase64(stored.plain);
  if (passphrase === undefined) throw sealed('The keys of this home are sealed with a passphrase.');
  const key = await stretch(passphrase, fromBase64(stored.salt), stored.scrypt);
  const secret = nacl.secretbox.open(fromBase64(stored.sealed), fromBase64(stored.nonce), key);
  if (secret === null) throw sealed('The passphrase does not open the keys of this home.');
  return secret;
}

function sealed(message: string): NiagaError {
  return new NiagaError('IDENTITY_SEALED', message, {
    next: 'Set NIAGA_PASSPHRASE to the passphrase that was used with niaga init.',
  });
}

/** Whether scrypt takes these numbers (RFC 7914, section 6), and no more memory than it is given here. */
export function canStretch({ N, r, p }: { readonly N: number; readonly r: number; readonly p: number }): boolean {
  const isPower = N > 1 && Number.isInteger(Math.log2(N)) && Math.log2(N) < 16 * r;
  // As OpenSSL counts: the large table, the blocks, and what it works in.
  return isPower && r >= 1 && p >= 1 && 128 * r * (N + p + 2) <= SCRYPT_MEMORY;
}

/** The key that a passphrase stands for. */
export async function stretch(
  passphrase: string,
  salt: Uint8Array,
  cost: { N: number; r: number; p: number },
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, KEY_BYTES, { ...cost, maxmem: SCRYPT_MEMORY }, (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(error);
    });
  });
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
