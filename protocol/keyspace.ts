/**
 * Arithmetic of the Kademlia key space: ids are byte strings of one length (32 for kad-dht), most significant bit first,
 * and the distance of two ids is their bitwise exclusive or read as an unsigned integer (Maymounkov and Mazières,
 * "Kademlia", 2002, section 2.1). How an id is made of a peer or a key is the network's business, not said here.
 */

/** {@link leadingBits} answers with a number that 32-bit operators can work on. */
const MAX_LEADING_BITS = 32;

/**
 * Which of `a` and `b` is nearer to `target`: negative for `a`, positive for `b`, 0 for equal ids. Fits `sort`.
 * @throws RangeError when the three are not equally long
 */
export function compareDistance(a: Uint8Array, b: Uint8Array, target: Uint8Array): number {
  const length = target.length;
  if (a.length !== length || b.length !== length) throw new RangeError('ids of different lengths have no distance');
  for (let index = 0; index < length; index++) {
    const left = a[index] ?? 0;
    const right = b[index] ?? 0;
    // The first byte in which they differ decides, whatever the target has after it.
    if (left !== right) return (left ^ (target[index] ?? 0)) - (right ^ (target[index] ?? 0));
  }
  return 0;
}

/** How many leading bits `a` and `b` have in common; all of them when they are equal. */
export function commonPrefixLength(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) ^ (b[index] ?? 0);
    if (difference !== 0) return index * 8 + Math.clz32(difference) - 24;
  }
  return length * 8;
}

/**
 * Whether the first `bits` bits of `a` and `b` are the same. Always true for 0.
 * @throws RangeError when `bits` is not an integer between 0 and the length of the shorter id
 */
export function sharesPrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  if (!Number.isInteger(bits) || bits < 0 || bits > Math.min(a.length, b.length) * 8) {
    throw new RangeError(`ids of ${a.length} and ${b.length} bytes do not have ${bits} bits to compare`);
  }
  return commonPrefixLength(a, b) >= bits;
}

/**
 * The first `bits` bits of `id` as an unsigned integer, 0 for none: with 4 bits, `0xa5…` gives 10.
 * @throws RangeError when `bits` is not an integer between 0 and the smaller of 32 and the length of the id
 */
export function leadingBits(id: Uint8Array, bits: number): number {
  if (!Number.isInteger(bits) || bits < 0 || bits > Math.min(MAX_LEADING_BITS, id.length * 8)) {
    throw new RangeError(`an id of ${id.length} bytes does not have ${bits} bits to give as a number`);
  }
  if (bits === 0) return 0;
  let word = 0;
  for (let index = 0; index < 4; index++) word = (word << 8) | (id[index] ?? 0);
  return word >>> (32 - bits);
}

/**
 * The id that differs from `id` in bit `bit` alone, 0 being the most significant: with 0, `0xa5…` gives `0x25…`. Of the ids that differ
 * from `id` in that bit, and in none before it, those nearest to `id` are those nearest to this one, in the same order.
 * @throws RangeError when the id has no such bit
 */
export function withBitFlipped(id: Uint8Array, bit: number): Uint8Array {
  if (!Number.isInteger(bit) || bit < 0 || bit >= id.length * 8) {
    throw new RangeError(`an id of ${id.length} bytes has no bit ${bit}`);
  }
  const flipped = id.slice();
  const index = bit >> 3;
  flipped[index] = (flipped[index] ?? 0) ^ (0x80 >> (bit & 7));
  return flipped;
}
