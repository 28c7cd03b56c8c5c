import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { isStrongPublicKey, isWellFormedSignature } from '../../protocol/ed25519.js';

export interface BulkVerifierOptions {
  /** How many keys are kept parsed. Default {@link DEFAULT_VERIFIER_CAPACITY}. */
  readonly capacity?: number;
}

/** Parsed keys that a verifier keeps. Parsing one anew each time halves the speed. */
const DEFAULT_VERIFIER_CAPACITY = 4_096;

export type BulkVerifier = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/**
 * A verifier with the verdicts of the protocol's `verifySignature`, some thirty times as fast: OpenSSL, behind the same
 * checks of form. Never throws.
 *
 * @example
 * const verify = createBulkVerifier();
 * openRecord(bytes, { network, kinds: ['listing'], verify });
 */
export function createBulkVerifier({ capacity = DEFAULT_VERIFIER_CAPACITY }: BulkVerifierOptions = {}): BulkVerifier {
  const keys = createBoundedCache<KeyObject>(capacity);

  /** The parsed key; undefined for one that is not strong. */
  function keyObject(publicKey: Uint8Array): KeyObject | undefined {
    if (!(publicKey instanceof Uint8Array)) return undefined;
    const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.byteLength).toString('latin1');
    const known = keys.get(name);
    if (known !== undefined) return known;
    if (!isStrongPublicKey(publicKey)) return undefined;
    const x = Buffer.from(name, 'latin1').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    keys.set(name, key);
    return key;
  }

  return (publicKey, message, signature) => {
    if (!(message instanceof Uint8Array) || !isWellFormedSignature(signature)) return false;
    const key = keyObject(publicKey);
    return key !== undefined && verify(null, message, key, signature);
  };
}
