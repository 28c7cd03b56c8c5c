import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  commonPrefixLength,
  compareDistance,
  leadingBits,
  sharesPrefix,
  withBitFlipped,
} from '../../protocol/keyspace.js';

const id = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Ids that agree for a while, which two random ones never do. */
const relatives = fc.tuple(id, id, fc.nat(255)).map(([a, b, bits]) => {
  const mixed = b.slice();
  for (let bit = 0; bit < bits; bit++) {
    const mask = 0x80 >> (bit % 8);
    const index = bit >> 3;
    mixed[index] = ((mixed[index] ?? 0) & ~mask) | ((a[index] ?? 0) & mask);
  }
  return [a, mixed] as const;
});

const asNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const asBits = (bytes: Uint8Array): string =>
  asNumber(bytes)
    .toString(2)
    .padStart(bytes.length * 8, '0');

describe('compareDistance', () => {
  test('orders as the exclusive or read as a number', () => {
    fc.assert(
      fc.property(relatives, id, ([a, b], target) => {
        const left = asNumber(a) ^ asNumber(target);
        const right = asNumber(b) ^ asNumber(target);
        expect(Math.sign(compareDistance(a, b, target))).toBe(left < right ? -1 : left > right ? 1 : 0);
      }),
    );
  });

  test('finds nothing nearer to an id than itself', () => {
    fc.assert(
      fc.property(relatives, ([a, b]) => {
        expect(compareDistance(a, a, b)).toBe(0);
        if (asNumber(a) !== asNumber(b)) expect(compareDistance(a, b, a)).toBeLessThan(0);
      }),
    );
  });

  test('refuses ids of different lengths', () => {
    expect(() => compareDistance(new Uint8Array(31), new Uint8Array(32), new Uint8Array(32))).toThrow(RangeError);
  });
});

describe('prefixes', () => {
  test('are as long as the bits in common', () => {
    fc.assert(
      fc.property(relatives, fc.nat(256), ([a, b], bits) => {
        const common = [...asBits(a)].findIndex((bit, index) => bit !== asBits(b)[index]);
        expect(commonPrefixLength(a, b)).toBe(common < 0 ? 256 : common);
        expect(sharesPrefix(a, b, bits)).toBe(asBits(a).slice(0, bits) === asBits(b).slice(0, bits));
      }),
    );
  });

  test('of more bits than there are cannot be asked for', () => {
    expect(() => sharesPrefix(new Uint8Array(2), new Uint8Array(3), 17)).toThrow(RangeError);
    expect(() => sharesPrefix(new Uint8Array(2), new Uint8Array(3), -1)).toThrow(RangeError);
  });
});

describe('leadingBits', () => {
  test('are the number that the first bits write', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 32 }), fc.nat(32), (bytes, bits) => {
        fc.pre(bits <= bytes.length * 8);
        expect(leadingBits(bytes, bits)).toBe(bits === 0 ? 0 : Number.parseInt(asBits(bytes).slice(0, bits), 2));
      }),
    );
  });

  test('of more bits than a number or the id holds cannot be asked for', () => {
    expect(() => leadingBits(new Uint8Array(32), 33)).toThrow(RangeError);
    expect(() => leadingBits(new Uint8Array(1), 9)).toThrow(RangeError);
    expect(() => leadingBits(new Uint8Array(1), 1.5)).toThrow(RangeError);
  });
});

describe('an id with one bit flipped', () => {
  test('differs in that bit alone, and leaves the given one as it is', () => {
    fc.assert(
      fc.property(id, fc.nat(255), (bytes, bit) => {
        const before = asBits(bytes);
        const flipped = asBits(withBitFlipped(bytes, bit));
        expect(asBits(bytes)).toBe(before);
        expect([...flipped].flatMap((value, at) => (value === before[at] ? [] : [at]))).toEqual([bit]);
      }),
    );
  });

  test('has the same nearest ids as the id itself, among those on its side of the bit', () => {
    fc.assert(
      fc.property(id, fc.nat(255), fc.array(id, { minLength: 2, maxLength: 9 }), (bytes, bit, others) => {
        const image = withBitFlipped(bytes, bit);
        const side = others.map((other) => {
          const near = image.slice();
          for (let at = bit + 1; at < 256; at++) {
            const mask = 0x80 >> (at % 8);
            near[at >> 3] = ((near[at >> 3] ?? 0) & ~mask) | ((other[at >> 3] ?? 0) & mask);
          }
          return near;
        });
        const byDistance = (to: Uint8Array): Uint8Array[] => [...side].sort((a, b) => compareDistance(a, b, to));
        expect(byDistance(image)).toEqual(byDistance(bytes));
      }),
    );
  });

  test('of a bit that there is not cannot be asked for', () => {
    expect(() => withBitFlipped(new Uint8Array(2), 16)).toThrow(RangeError);
    expect(() => withBitFlipped(new Uint8Array(2), -1)).toThrow(RangeError);
  });
});
