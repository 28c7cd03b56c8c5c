import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSealed, MAX_CONTENT_BYTES, seal, sealingKey, SEALED_SIZES, unseal } from '../../../protocol/mail/index.js';

const random = (): Uint8Array => new Uint8Array(randomBytes(32));

describe('a sealed letter', () => {
  it('opens for its recipient to what was sealed, and for nobody else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), (content) => {
        const [recipient, other] = [random(), random()];
        const sealed = seal(content, sealingKey(recipient), random());
        expect(SEALED_SIZES).toContain(sealed.length);
        expect(unseal(sealed, [other, recipient])).toEqual(content);
        expect(unseal(sealed, [other])).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });

  it('has one of five sizes, whatever its length', () => {
    const key = sealingKey(random());
    const sizeOf = (length: number): number => seal(new Uint8Array(length), key, random()).length;
    expect([0, 900, 2_000, 4_000, 10_000, 60_000, MAX_CONTENT_BYTES].map(sizeOf)).toEqual(
      [1, 1, 4, 4, 16, 64, 256].map((size) => size * 1024),
    );
    expect(() => sizeOf(MAX_CONTENT_BYTES + 1)).toThrow(expect.objectContaining({ code: 'RECORD_TOO_LARGE' }) as Error);
  });

  it('does not open with a changed byte', () => {
    const recipient = random();
    const sealed = seal(new TextEncoder().encode('selamat pagi'), sealingKey(recipient), random());
    for (const at of [0, 1, 20, 33, 40, 500, 1_023]) {
      const changed = sealed.slice();
      changed[at] = (changed[at] ?? 0) ^ 4;
      expect(unseal(changed, [recipient])).toBeUndefined();
    }
    expect(isSealed(sealed.subarray(1))).toBe(false);
  });
});
