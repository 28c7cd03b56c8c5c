import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { readFileSync } from 'node:fs';
import { sharedPath } from './shared.js';

/** A signature of somebody else's making, and what to say to it. */
export interface Vector {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly valid: boolean;
}

const { Point } = ed25519;
type PointOf = typeof Point.BASE;

export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
export const P = 2n ** 255n - 19n;

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

export function littleEndian(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((number >> BigInt(8 * index)) & 0xffn));
}

export function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** C2SP/wycheproof; undefined where the shared folder is not. */
export function wycheproof(): Vector[] | undefined {
  const path = sharedPath('vectors', 'wycheproof', 'ed25519_test.json');
  if (path === undefined) return undefined;
  interface Group {
    publicKey: { pk: string };
    tests: { tcId: number; comment: string; msg: string; sig: string; result: 'valid' | 'invalid' }[];
  }
  const { testGroups } = JSON.parse(readFileSync(path, 'utf8')) as { testGroups: Group[] };
  return testGroups.flatMap(({ publicKey, tests }) =>
    tests.map(({ tcId, comment, msg, sig, result }) => ({
      name: `${tcId} ${comment}`,
      publicKey: bytesOf(publicKey.pk),
      message: bytesOf(msg),
      signature: bytesOf(sig),
      valid: result === 'valid',
    })),
  );
}

/** novifinancial/ed25519-speccheck: the corners in which libraries differ. Our rule refuses them all. */
export function speccheck(): Vector[] | undefined {
  const path = sharedPath('vectors', 'ed25519-speccheck', 'cases.json');
  if (path === undefined) return undefined;
  const cases = JSON.parse(readFileSync(path, 'utf8')) as { message: string; pub_key: string; signature: string }[];
  return cases.map(({ message, pub_key, signature }, index) => ({
    name: `case ${index}`,
    publicKey: bytesOf(pub_key),
    message: bytesOf(message),
    signature: bytesOf(signature),
    valid: false,
  }));
}

/** A point of order 8, and with its multiples all eight points of small order. */
const ORDER_8 = Point.fromBytes(bytesOf('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'));
const SMALL_ORDER: readonly PointOf[] = Array.from({ length: 8 }, (_, times) =>
  Array.from({ length: times }, () => ORDER_8).reduce((sum, one) => sum.add(one), Point.ZERO),
);

/** Every way to write a point of small order: canonical, with y + p where that fits 255 bits, and with a negative zero. */
export function smallOrderEncodings(): Uint8Array[] {
  const ys = new Set(SMALL_ORDER.map((point) => point.y));
  const all = [...ys].flatMap((y) => [y, y + P]).filter((y) => y < 2n ** 255n);
  return all.flatMap((y) => [littleEndian(y), littleEndian(y + 2n ** 255n)]);
}

function challenge(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return toNumber(sha512(Uint8Array.from([...r, ...publicKey, ...message]))) % L;
}

const join = (r: Uint8Array, s: bigint): Uint8Array => Uint8Array.from([...r, ...littleEndian(s)]);

/**
 * Signatures that satisfy the cofactorless equation and yet must be refused; `naive` says which of the two libraries are
 * known to take them when they are asked alone.
 */
export function forgeries(): (Vector & { readonly naive: readonly ('tweetnacl' | 'openssl')[] })[] {
  const secret = 0x123456789abcdefn;
  const nonce = 0xfedcba987654321n;
  const honest = Point.BASE.multiply(secret);
  const commitment = Point.BASE.multiply(nonce).toBytes();
  const message = (number: number): Uint8Array => Uint8Array.of(number & 0xff, number >> 8);
  const both = ['tweetnacl', 'openssl'] as const;
  const result: (Vector & { readonly naive: readonly ('tweetnacl' | 'openssl')[] })[] = [];

  // The neutral element as a key: [S]B = R holds for every message.
  const neutral = Point.ZERO.toBytes();
  result.push({
    name: 'a key of order 1 signs everything',
    publicKey: neutral,
    message: message(1),
    signature: join(commitment, nonce),
    valid: false,
    naive: both,
  });

  // A key of small order or with a part of it: a message is soon found for which k is a multiple of 8.
  for (const [name, publicKey, ownSecret] of [
    ['a key of order 8', ORDER_8.toBytes(), 0n],
    ['a key with a part of order 8', honest.add(ORDER_8).toBytes(), secret],
  ] as const) {
    let number = 0;
    while (challenge(commitment, publicKey, message(number)) % 8n !== 0n) number++;
    const s = (nonce + challenge(commitment, publicKey, message(number)) * ownSecret) % L;
    result.push({
      name,
      publicKey,
      message: message(number),
      signature: join(commitment, s),
      valid: false,
      naive: both,
    });
  }

  // R the neutral element: the owner of a key can do that.
  const key = honest.toBytes();
  const s = (challenge(neutral, key, message(2)) * secret) % L;
  result.push({
    name: 'R of order 1',
    publicKey: key,
    message: message(2),
    signature: join(neutral, s),
    valid: false,
    naive: both,
  });

  // S + L: the same signature in other bytes.
  const right = (nonce + challenge(commitment, key, message(3)) * secret) % L;
  result.push({
    name: 'S + L',
    publicKey: key,
    message: message(3),
    signature: join(commitment, right + L),
    valid: false,
    naive: ['tweetnacl'],
  });
  return result;
}
