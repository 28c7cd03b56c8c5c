import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat } from '../../dist/protocol/index.js';
import { hex } from '../lib/bytes.mjs';
import { ORDER_8 } from './identity-samples.mjs';
import { KEYS } from './keys.mjs';

/**
 * The corners of Ed25519 in which libraries differ, by our one rule. Where a signature is refused although it satisfies
 * the equation, the description says so: those are the ones that a bare library call may take.
 */

const { Point } = ed25519;
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const littleEndian = (number) => Uint8Array.from({ length: 32 }, (_, at) => Number((number >> BigInt(8 * at)) & 0xffn));
const toNumber = (bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const message = (text) => new TextEncoder().encode(text);
const mod = (number, order) => ((number % order) + order) % order;
const challenge = (r, key, text) => mod(toNumber(sha512(concat(r, key, text))), L);
const joined = (r, s) => concat(r, littleEndian(s));

const SECRET = 0x123456789abcdefn;
const NONCE = 0xfedcba987654321n;
const HONEST = Point.BASE.multiply(SECRET);
const COMMITMENT = Point.BASE.multiply(NONCE).toBytes();
const TORSION = Point.fromBytes(ORDER_8);

/** The eight points of small order, and every way to write one: canonical, with y + p, with a negative zero. */
function smallOrderEncodings() {
  const points = Array.from({ length: 8 }, (_, times) =>
    Array(times)
      .fill(TORSION)
      .reduce((sum, one) => sum.add(one), Point.ZERO),
  );
  const ys = [...new Set(points.map(({ y }) => y))].flatMap((y) => [y, y + P]).filter((y) => y < 2n ** 255n);
  return ys.flatMap((y) => [littleEndian(y), littleEndian(y + 2n ** 255n)]);
}

/** The signature of a secret number (not a seed) over `text`, under the key as it is written. */
function signedBy(secret, key, text, r = COMMITMENT, nonce = NONCE) {
  return joined(r, mod(nonce + challenge(r, key, text) * secret, L));
}

/** The first message for which the challenge is a multiple of 8: torsion then vanishes from the equation. */
function luckyMessage(key, r = COMMITMENT) {
  for (let number = 0; ; number++) {
    const text = message(`message ${number}`);
    if (challenge(r, key, text) % 8n === 0n) return text;
  }
}

export function ed25519Vectors() {
  return {
    about: 'ed25519',
    cases: [...validCases(), ...scalarCases(), ...keyCases(), ...commitmentCases(), ...lengthCases()],
  };
}

function row(description, valid, publicKey, text, signature) {
  return { description, valid, publicKey: hex(publicKey), message: hex(text), signature: hex(signature) };
}

function validCases() {
  const { sari, budi } = KEYS;
  const own = (key, text) => [key.publicKey, text, key.sign(text)];
  const honest = HONEST.toBytes();
  return [
    row('an empty message', true, ...own(sari, new Uint8Array())),
    row('one byte', true, ...own(sari, Uint8Array.of(0x72))),
    row('a thousand bytes', true, ...own(budi, new Uint8Array(1000).fill(0x61))),
    row(
      'a key and a commitment made of small numbers',
      true,
      honest,
      message('x'),
      signedBy(SECRET, honest, message('x')),
    ),
  ];
}

function scalarCases() {
  const key = HONEST.toBytes();
  const text = message('scalars');
  const right = signedBy(SECRET, key, text);
  const s = toNumber(right.slice(32));
  const flipped = (at) => right.map((byte, index) => (index === at ? byte ^ 1 : byte));
  return [
    row('S + L: it satisfies the equation', false, key, text, joined(COMMITMENT, s + L)),
    row('S + 2L: it satisfies the equation', false, key, text, joined(COMMITMENT, s + 2n * L)),
    row('S = L', false, key, text, joined(COMMITMENT, L)),
    row('S = 2^256 - 1', false, key, text, joined(COMMITMENT, 2n ** 256n - 1n)),
    row('S = 0', false, key, text, joined(COMMITMENT, 0n)),
    row('L - S', false, key, text, joined(COMMITMENT, L - s)),
    row('a changed bit in S', false, key, text, flipped(33)),
    row('a changed bit in R', false, key, text, flipped(3)),
    row(
      'the sign of R turned around',
      false,
      key,
      text,
      right.map((byte, index) => (index === 31 ? byte ^ 0x80 : byte)),
    ),
    row('another message', false, key, message('scalar'), right),
    row('another key', false, KEYS.sari.publicKey, text, right),
    row('all zero', false, key, text, new Uint8Array(64)),
  ];
}

function keyCases() {
  const text = message('keys');
  const small = smallOrderEncodings().map((key, place) => {
    const lucky = luckyMessage(key);
    return row(
      `a key of small order, way ${place + 1} of writing one: it satisfies the equation where the library reads it`,
      false,
      key,
      lucky,
      joined(COMMITMENT, NONCE),
    );
  });
  const tainted = Array.from({ length: 7 }, (_, times) => {
    const key = Array(times + 1)
      .fill(TORSION)
      .reduce((sum, one) => sum.add(one), HONEST)
      .toBytes();
    const lucky = luckyMessage(key);
    return row(
      `a key to which a point of order 8 was added ${times + 1} times: it satisfies the equation`,
      false,
      key,
      lucky,
      signedBy(SECRET, key, lucky),
    );
  });
  const unlucky = HONEST.add(TORSION).toBytes();
  // What is above 2^255 - 1 cannot be written; 0 and 1 are of small order.
  const high = Array.from({ length: 17 }, (_, place) => BigInt(place) + 2n).filter(onCurve);
  return [
    ...small,
    ...tainted,
    row(
      'a key with a part of small order and a signature for the equation with the cofactor only',
      false,
      unlucky,
      text,
      signedBy(SECRET, unlucky, text),
    ),
    ...high.map((y) => row(`a key with y = p + ${y}`, false, littleEndian(P + y), text, joined(COMMITMENT, NONCE))),
    row('a key off the curve', false, littleEndian(OFF_CURVE), text, joined(COMMITMENT, NONCE)),
    row('a key of 255 one bits', false, littleEndian(2n ** 255n - 1n), text, joined(COMMITMENT, NONCE)),
  ];
}

function onCurve(y) {
  try {
    Point.fromBytes(littleEndian(y));
    return true;
  } catch {
    return false;
  }
}

/** The smallest y for which there is no x. */
const OFF_CURVE = [2n, 3n, 4n, 5n, 6n, 7n, 8n].find((y) => !onCurve(y));

function commitmentCases() {
  const key = HONEST.toBytes();
  const text = message('commitments');
  const small = smallOrderEncodings().map((r, place) => {
    return row(
      `R of small order, way ${place + 1} of writing one`,
      false,
      key,
      text,
      signedBy(SECRET, key, text, r, 0n),
    );
  });
  const mixed = Point.BASE.multiply(NONCE).add(TORSION).toBytes();
  return [
    ...small,
    row(
      'R with a part of small order: it satisfies the equation with the cofactor',
      false,
      key,
      text,
      signedBy(SECRET, key, text, mixed),
    ),
    row('R with y = p', false, key, text, signedBy(SECRET, key, text, littleEndian(P), 0n)),
    row('R with y = p + 3', false, key, text, signedBy(SECRET, key, text, littleEndian(P + 3n), 0n)),
    row('R off the curve', false, key, text, signedBy(SECRET, key, text, littleEndian(OFF_CURVE), 0n)),
  ];
}

function lengthCases() {
  const { publicKey, sign } = KEYS.sari;
  const text = message('lengths');
  const signature = sign(text);
  const more = concat(signature, Uint8Array.of(0));
  return [
    row('no key', false, new Uint8Array(), text, signature),
    row('a key of 31 bytes', false, publicKey.slice(0, 31), text, signature),
    row('a key of 33 bytes', false, concat(publicKey, Uint8Array.of(0)), text, signature),
    row('no signature', false, publicKey, text, new Uint8Array()),
    row('a signature of 63 bytes', false, publicKey, text, signature.slice(0, 63)),
    row('a signature of 65 bytes', false, publicKey, text, more),
    row('a signature twice', false, publicKey, text, concat(signature, signature)),
    row('key and signature swapped', false, signature.slice(0, 32), text, concat(publicKey, signature.slice(32))),
  ];
}
