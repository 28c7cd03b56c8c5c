import fc from 'fast-check';
import { createPublicKey, verify as opensslVerify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createBulkVerifier } from '../../../node/identity/verifier.js';
import { keyPairFromSeed, sign, verifySignature } from '../../../protocol/ed25519.js';
import { forgeries, smallOrderEncodings, speccheck, wycheproof } from '../../support/ed25519-vectors.js';

const pairs = Array.from({ length: 6 }, (_, index) => keyPairFromSeed(new Uint8Array(32).fill(index + 1)));

/** What OpenSSL says when it is asked alone. */
function opensslAlone(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  return opensslVerify(
    null,
    message,
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
    signature,
  );
}

describe('the bulk verifier and the one of the protocol say the same', () => {
  const verify = createBulkVerifier();
  const outside = wycheproof();
  const corners = speccheck();

  test.skipIf(outside === undefined)(
    'on wycheproof, of which they accept exactly the 88 valid (skipped without ../shared)',
    () => {
      const vectors = outside ?? [];
      for (const { name, publicKey, message, signature, valid } of vectors) {
        expect([name, verify(publicKey, message, signature)]).toEqual([name, valid]);
        expect([name, verifySignature(publicKey, message, signature)]).toEqual([name, valid]);
      }
      expect(vectors.filter(({ valid }) => valid)).toHaveLength(88);
    },
  );

  test.skipIf(corners === undefined)(
    'on ed25519-speccheck, of which they refuse all 12 (skipped without ../shared)',
    () => {
      const vectors = corners ?? [];
      expect(vectors).toHaveLength(12);
      for (const { publicKey, message, signature } of vectors) {
        expect(verify(publicKey, message, signature)).toBe(false);
        expect(verifySignature(publicKey, message, signature)).toBe(false);
      }
    },
  );

  test.each(forgeries())('on a forgery: $name', ({ publicKey, message, signature, naive }) => {
    // What OpenSSL alone takes depends on its version (3.5, in Node 24, refuses more); never more than is stated.
    expect(opensslAlone(publicKey, message, signature) && !naive.includes('openssl')).toBe(false);
    expect(verify(publicKey, message, signature)).toBe(false);
  });

  test('on small-order keys and R in every spelling, with S = 0', () => {
    const message = new Uint8Array(5);
    for (const key of smallOrderEncodings()) {
      for (const r of smallOrderEncodings()) {
        const signature = Uint8Array.from([...r, ...new Uint8Array(32)]);
        expect(verify(key, message, signature)).toBe(false);
        expect(verifySignature(key, message, signature)).toBe(false);
      }
    }
  });

  test('on right signatures and on random changes of them', () => {
    const mutation = fc.record({
      part: fc.constantFrom('key', 'message', 'signature'),
      at: fc.nat(),
      mask: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(
        fc.nat(pairs.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 80 }),
        fc.array(mutation, { maxLength: 2 }),
        (who, text, mutations) => {
          const { publicKey, secretKey } = pairs[who] ?? keyPairFromSeed(new Uint8Array(32));
          const parts = { key: publicKey.slice(), message: text.slice(), signature: sign(text, secretKey) };
          for (const { part, at, mask } of mutations) {
            const bytes = parts[part];
            bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ mask;
          }
          const verdict = verify(parts.key, parts.message, parts.signature);
          expect(verdict).toBe(verifySignature(parts.key, parts.message, parts.signature));
          if (mutations.length === 0) expect(verdict).toBe(true);
          if (mutations.length === 1) expect(verdict).toBe(false);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('the bulk verifier', () => {
  test('refuses every single bit changed in key, message and signature', () => {
    const verify = createBulkVerifier();
    const [pair = keyPairFromSeed(new Uint8Array(32))] = pairs;
    const message = new TextEncoder().encode('150000 IDR');
    const parts = [pair.publicKey, message, sign(message, pair.secretKey)] as const;
    expect(verify(...parts)).toBe(true);
    for (const part of [0, 1, 2] as const) {
      for (let bit = 0; bit < parts[part].length * 8; bit++) {
        const changed: [Uint8Array, Uint8Array, Uint8Array] = [...parts];
        const bytes = parts[part].slice();
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        changed[part] = bytes;
        expect(verify(...changed)).toBe(false);
      }
    }
  });

  test('stays right when it has forgotten keys', () => {
    const verify = createBulkVerifier({ capacity: 2 });
    const message = new Uint8Array(9);
    for (let round = 0; round < 3; round++) {
      for (const { publicKey, secretKey } of pairs) {
        const signature = sign(message, secretKey);
        expect(verify(publicKey, message, signature)).toBe(true);
        expect(
          verify(pairs.find((other) => other.publicKey !== publicKey)?.publicKey ?? publicKey, message, signature),
        ).toBe(false);
      }
    }
  });

  test('does not confuse a key with its memory when that is used again for another', () => {
    const verify = createBulkVerifier();
    const message = new Uint8Array(2);
    const memory = Buffer.alloc(32);
    for (const { publicKey, secretKey } of [...pairs, ...pairs]) {
      memory.set(publicKey);
      expect(verify(memory, message, sign(message, secretKey))).toBe(true);
    }
  });

  test('never throws, whatever it is given', () => {
    const verify = createBulkVerifier();
    const [pair = keyPairFromSeed(new Uint8Array(32))] = pairs;
    const message = new Uint8Array(4);
    const right: readonly unknown[] = [pair.publicKey, message, sign(message, pair.secretKey)];
    fc.assert(
      fc.property(fc.anything({ withTypedArray: true }), fc.nat(2), (anything, position) => {
        const given = right.with(position, anything) as [Uint8Array, Uint8Array, Uint8Array];
        expect(verify(...given)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('cannot be made without room for a key', () => {
    expect(() => createBulkVerifier({ capacity: 0 })).toThrow(RangeError);
    expect(() => createBulkVerifier({ capacity: Number.NaN })).toThrow(RangeError);
  });
});
