import fc from 'fast-check';
import nacl from 'tweetnacl';
import { describe, expect, test } from 'vitest';
import {
  isStrongPublicKey,
  isWellFormedSignature,
  keyPairFromSeed,
  sign,
  verifySignature,
} from '../../protocol/ed25519.js';
import {
  forgeries,
  L,
  littleEndian,
  P,
  smallOrderEncodings,
  speccheck,
  toNumber,
  wycheproof,
} from '../support/ed25519-vectors.js';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
const message = fc.uint8Array({ maxLength: 200 });

describe('signatures of others', () => {
  const wycheproofVectors = wycheproof();
  test.skipIf(wycheproofVectors === undefined)(
    'wycheproof: exactly its 88 valid ones are accepted (skipped without ../shared)',
    () => {
      const vectors = wycheproofVectors ?? [];
      expect(vectors).toHaveLength(151);
      const wrong = vectors.filter(
        ({ publicKey, message, signature, valid }) => verifySignature(publicKey, message, signature) !== valid,
      );
      expect(wrong.map(({ name }) => name)).toEqual([]);
      expect(vectors.filter(({ valid }) => valid)).toHaveLength(88);
    },
  );

  const speccheckVectors = speccheck();
  test.skipIf(speccheckVectors === undefined)(
    'ed25519-speccheck: all 12 are refused (skipped without ../shared)',
    () => {
      const vectors = speccheckVectors ?? [];
      expect(vectors).toHaveLength(12);
      const accepted = vectors.filter(({ publicKey, message, signature }) =>
        verifySignature(publicKey, message, signature),
      );
      expect(accepted.map(({ name }) => name)).toEqual([]);
    },
  );

  test('RFC 8032 section 7.1, TEST 1 and 2: the same keys and signatures', () => {
    const vectors = [
      {
        seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
        publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
        message: '',
        signature:
          'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      },
      {
        seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
        publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
        message: '72',
        signature:
          '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
      },
    ];
    for (const vector of vectors) {
      const pair = keyPairFromSeed(bytesOf(vector.seed));
      const signature = sign(bytesOf(vector.message), pair.secretKey);
      expect(Buffer.from(pair.publicKey).toString('hex')).toBe(vector.publicKey);
      expect(Buffer.from(signature).toString('hex')).toBe(vector.signature);
      expect(verifySignature(pair.publicKey, bytesOf(vector.message), signature)).toBe(true);
    }
  });

  test.each(forgeries())('$name: refused, though the equation holds', ({ publicKey, message, signature, naive }) => {
    expect(nacl.sign.detached.verify(message, signature, publicKey)).toBe(naive.includes('tweetnacl'));
    expect(verifySignature(publicKey, message, signature)).toBe(false);
  });
});

describe('a signature', () => {
  test('verifies under its key and message, and is the same each time', () => {
    fc.assert(
      fc.property(seed, message, (bytes, text) => {
        const { publicKey, secretKey } = keyPairFromSeed(bytes);
        const signature = sign(text, secretKey);
        expect(sign(text, secretKey)).toEqual(signature);
        expect(verifySignature(publicKey, text, signature)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('no longer verifies with any one bit of it, its key or its message changed', () => {
    const { publicKey, secretKey } = keyPairFromSeed(new Uint8Array(32).fill(5));
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.constantFrom('key', 'message', 'signature'),
        fc.nat(),
        (text, where, bit) => {
          const parts = { key: publicKey.slice(), message: text.slice(), signature: sign(text, secretKey) };
          const part = parts[where];
          const at = (bit >> 3) % part.length;
          part[at] = (part[at] ?? 0) ^ (1 << (bit & 7));
          expect(verifySignature(parts.key, parts.message, parts.signature)).toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('of another length, of S from L on, and with an R that is not canonical or of small order is not well-formed', () => {
    const { secretKey } = keyPairFromSeed(new Uint8Array(32).fill(6));
    const good = sign(new Uint8Array(3), secretKey);
    const withR = (r: Uint8Array): Uint8Array => Uint8Array.from([...r, ...good.subarray(32)]);
    const withS = (s: bigint): Uint8Array => Uint8Array.from([...good.subarray(0, 32), ...littleEndian(s)]);
    expect(isWellFormedSignature(good)).toBe(true);
    expect(isWellFormedSignature(withS(0n))).toBe(true);
    expect(isWellFormedSignature(withS(L - 1n))).toBe(true);
    for (const s of [L, L + 1n, toNumber(good.subarray(32)) + L, 2n ** 253n, 2n ** 256n - 1n])
      expect(isWellFormedSignature(withS(s))).toBe(false);
    for (const y of [P, P + 1n, P + 18n, P + 2n ** 255n, P + 3n + 2n ** 255n])
      expect(isWellFormedSignature(withR(littleEndian(y)))).toBe(false);
    for (const r of smallOrderEncodings()) expect(isWellFormedSignature(withR(r))).toBe(false);
    expect(isWellFormedSignature(withR(littleEndian(P - 2n)))).toBe(true);
    expect(isWellFormedSignature(good.subarray(1))).toBe(false);
    expect(isWellFormedSignature(Uint8Array.from([...good, 0]))).toBe(false);
    expect(isWellFormedSignature(new Uint8Array())).toBe(false);
  });
});

describe('a key', () => {
  test('that was made from a seed is strong', () => {
    fc.assert(
      fc.property(seed, (bytes) => {
        expect(isStrongPublicKey(keyPairFromSeed(bytes).publicKey)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('of small order is not, in none of its 14 spellings', () => {
    const encodings = smallOrderEncodings();
    expect(new Set(encodings.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(14);
    for (const key of encodings) expect(isStrongPublicKey(key)).toBe(false);
  });

  test('with y from p on is not, nor one off the curve, nor one of another length', () => {
    for (let y = P; y < 2n ** 255n; y++) {
      expect(isStrongPublicKey(littleEndian(y))).toBe(false);
      expect(isStrongPublicKey(littleEndian(y + 2n ** 255n))).toBe(false);
    }
    expect(isStrongPublicKey(littleEndian(2n))).toBe(false);
    expect(isStrongPublicKey(new Uint8Array(31))).toBe(false);
    expect(isStrongPublicKey(new Uint8Array(33))).toBe(false);
  });

  test('has the same verdict when it is asked again, and one for each key', () => {
    const good = keyPairFromSeed(new Uint8Array(32).fill(8)).publicKey;
    const bad = good.slice();
    bad[31] = (bad[31] ?? 0) ^ 0x80;
    const off = littleEndian(2n);
    // The negative of a strong key is strong as well; a key off the curve stays refused.
    for (let round = 0; round < 3; round++)
      expect([good, bad, off].map(isStrongPublicKey)).toEqual([true, true, false]);
  });
});

describe('what is no bytes of the right kind', () => {
  const { publicKey, secretKey } = keyPairFromSeed(new Uint8Array(32).fill(9));
  const text = new Uint8Array(4);
  const signature = sign(text, secretKey);

  test('never verifies and never throws', () => {
    fc.assert(
      fc.property(fc.anything({ withTypedArray: true }), fc.nat(2), (anything, position) => {
        const given: [unknown, unknown, unknown] = [publicKey, text, signature];
        given[position] = anything;
        expect(verifySignature(...(given as [Uint8Array, Uint8Array, Uint8Array]))).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(verifySignature([...publicKey] as unknown as Uint8Array, text, signature)).toBe(false);
    expect(verifySignature(publicKey, 'text' as unknown as Uint8Array, signature)).toBe(false);
  });

  test('a seed or secret key of another length is refused with a code', () => {
    expect(() => keyPairFromSeed(new Uint8Array(31))).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }) as Error,
    );
    expect(() => sign(text, new Uint8Array(32))).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
  });

  test('a Buffer counts as bytes, and is left as it was', () => {
    // Buffer.slice() shares memory where Uint8Array.slice() copies; half of all keys and signatures have the bit that shows it.
    fc.assert(
      fc.property(seed, message, (bytes, said) => {
        const pair = keyPairFromSeed(bytes);
        const given = [pair.publicKey, said, sign(said, pair.secretKey)].map((part) => Buffer.from(part));
        const before = given.map((part) => part.toString('hex'));
        expect(verifySignature(...(given as [Buffer, Buffer, Buffer]))).toBe(true);
        expect(given.map((part) => part.toString('hex'))).toEqual(before);
      }),
      { numRuns: 20 },
    );
  });
});
