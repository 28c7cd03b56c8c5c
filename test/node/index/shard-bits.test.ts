import { describe, expect, it } from 'vitest';
import { BITS_LIFETIME, ShardBits } from '../../../node/index/shard-bits.js';

const KEY = 'term:kopi';

describe('into how many bits a key is split', () => {
  it('is what enough nodes say: fewer of them change nothing, whatever they say and however late the others are', () => {
    const bits = new ShardBits(() => 0);
    for (const liar of ['a', 'b']) bits.heard(KEY, liar, 8, 3);
    expect(bits.of(KEY)).toBe(0);
    for (let honest = 0; honest < 9; honest++) bits.heard(KEY, `honest ${honest}`, undefined, 3);
    expect(bits.of(KEY)).toBe(0);
    for (let honest = 0; honest < 3; honest++) bits.heard(KEY, `honest ${honest}`, 1, 3);
    expect(bits.of(KEY)).toBe(1);
  });

  it('is taken back by those who said it, and ends when nobody says it any more', () => {
    let now = 0;
    const bits = new ShardBits(() => now);
    for (const node of ['a', 'b', 'c']) bits.heard(KEY, node, 1, 3);
    expect(bits.of(KEY)).toBe(1);
    bits.heard(`0/${KEY}`, 'd', undefined, 3);
    expect(bits.of(KEY)).toBe(1);
    bits.heard(KEY, 'a', undefined, 3);
    expect(bits.of(KEY)).toBe(0);
    bits.heard(KEY, 'a', 1, 3);
    now += BITS_LIFETIME;
    bits.heard(KEY, 'd', 1, 3);
    expect(bits.of(KEY)).toBe(0);
  });
});
