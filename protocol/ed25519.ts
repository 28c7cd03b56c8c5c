import { ed25519 } from '@noble/curves/ed25519.js';
import nacl from 'tweetnacl';
import { createBoundedCache } from './bounded-cache.js';
import { NiagaError } from './errors.js';

/**
 * Ed25519 (RFC 8032) with one rule for all nodes (DESIGN section 3). Libraries disagree on odd inputs: tweetnacl takes
 * S ≥ L and small-order keys, OpenSSL takes small-order keys, "zip215" takes more. (See "Taming the many EdDSAs",
 * https://eprint.iacr.org/2020/1244.) So everything odd is refused here before a library sees it:
 *
 * 1. the key has 32 bytes, the signature 64: R and S;
 * 2. S < L;
 * 3. the key A is canonical (y < p, no negative zero), on the curve, not of small order, and torsion-free;
 * 4. R is canonical and not of small order;
 * 5. [S]B = R + [k]A without cofactor, k = SHA-512(R ‖ A ‖ message) mod L.
 */

export const PUBLIC_KEY_BYTES = 32;
/** The seed and then the public key, as tweetnacl and libsodium keep it. */
export const SECRET_KEY_BYTES = 64;
export const SEED_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** Keys whose check is remembered: a check takes about as long as five to ten verifications by OpenSSL. */
const KEY_CACHE_CAPACITY = 16_384;
const strongKeys = createBoundedCache<boolean>(KEY_CACHE_CAPACITY);

/** The field's prime, and the order of the base point. */
const PRIME = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
/** The y of two of the four points of order 8; the other two have its negative. */
const Y_OF_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

// Little-endian, as they stand in keys and signatures.
const P = littleEndian(PRIME);
const L = littleEndian(ORDER);
/**
 * The y of the eight points of small order: order 1, 2, 4, and 8 twice. The sign bit chooses x, which makes all eight of
 * these five, besides two forms with a negative zero. The test derives the eight from the curve.
 */
const SMALL_ORDER_Y = [1n, PRIME - 1n, 0n, Y_OF_ORDER_8, PRIME - Y_OF_ORDER_8].map(littleEndian);

export interface KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes: seed and public key. */
  readonly secretKey: Uint8Array;
}

/** The key pair of a 32-byte seed (RFC 8032 section 5.1.5). @throws NiagaError INPUT_INVALID for a seed of another length */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  if (!isBytes(seed, SEED_BYTES)) throw new NiagaError('INPUT_INVALID', `A seed has ${SEED_BYTES} bytes.`);
  return nacl.sign.keyPair.fromSeed(seed);
}

/**
 * The signature of `message`: 64 bytes, the same each time.
 * @param secretKey as {@link keyPairFromSeed} gave it. Its second half must be the public key of its first: two signatures
 *   of one message under different halves reveal the key.
 * @throws NiagaError INPUT_INVALID for a key of another length
 */
export function sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  if (!isBytes(secretKey, SECRET_KEY_BYTES))
    throw new NiagaError('INPUT_INVALID', `A secret key has ${SECRET_KEY_BYTES} bytes.`);
  return nacl.sign.detached(message, secretKey);
}

/** True if `signature` is `publicKey`'s of `message` by the rule above. False, never a throw, for anything else at all. */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!(message instanceof Uint8Array) || !isWellFormedSignature(signature) || !isStrongPublicKey(publicKey))
    return false;
  return nacl.sign.detached.verify(message, signature, publicKey);
}

/** Rule 3. The verdict is remembered for the last {@link KEY_CACHE_CAPACITY} keys. Never throws. */
export function isStrongPublicKey(key: Uint8Array): boolean {
  if (!isBytes(key, PUBLIC_KEY_BYTES)) return false;
  const name = String.fromCharCode(...key);
  const known = strongKeys.get(name);
  if (known !== undefined) return known;
  const strong = checkPublicKey(key);
  strongKeys.set(name, strong);
  return strong;
}

function checkPublicKey(key: Uint8Array): boolean {
  if (hasSmallOrderY(key)) return false;
  try {
    // fromBytes refuses y ≥ p, points off the curve, and negative zero (RFC 8032 section 5.1.3).
    return ed25519.Point.fromBytes(key).isTorsionFree();
  } catch {
    return false;
  }
}

/**
 * Rules 1, 2 and 4, from the bytes alone. R is not decoded: both verifiers compute [S]B - [k]A, encode it, and compare
 * with R's bytes, so that an R off the curve or in another form is refused by rule 5; and since A is torsion-free the
 * computed point is too, so an R with a part of small order never equals it. What is left for rule 4 is to say no early
 * and by ourselves, without relying on how a library compares. Never throws.
 */
export function isWellFormedSignature(signature: Uint8Array): boolean {
  if (!isBytes(signature, SIGNATURE_BYTES)) return false;
  const r = signature.subarray(0, 32);
  const s = signature.subarray(32);
  return isLess(s, L) && isLess(withoutSign(r), P) && !hasSmallOrderY(r);
}

function hasSmallOrderY(point: Uint8Array): boolean {
  const y = withoutSign(point);
  return SMALL_ORDER_Y.some((small) => small.every((byte, index) => byte === y[index]));
}

/** The y coordinate of an encoded point: everything but the highest bit, which is the sign of x. */
function withoutSign(point: Uint8Array): Uint8Array {
  // Not slice(): a Buffer's shares its memory, and the caller's key would be changed.
  const y = Uint8Array.from(point);
  y[31] = (y[31] ?? 0) & 0x7f;
  return y;
}

/** Compares two little-endian numbers of 32 bytes. Not in constant time: nothing here is secret. */
function isLess(a: Uint8Array, b: Uint8Array): boolean {
  for (let index = 31; index >= 0; index--) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function littleEndian(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((number >> BigInt(8 * index)) & 0xffn));
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}
