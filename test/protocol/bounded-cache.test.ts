import { expect, test } from 'vitest';
import { createBoundedCache } from '../../protocol/bounded-cache.js';

test('a full cache forgets what was used longest ago', () => {
  const cache = createBoundedCache<number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.size]).toEqual([1, undefined, 3, 2]);
});

test('a cache never holds more than its capacity, and gives the last value set', () => {
  const cache = createBoundedCache<number>(16);
  for (let index = 0; index < 1_000; index++) {
    cache.set(`k${index % 40}`, index);
    expect(cache.get(`k${index % 40}`)).toBe(index);
    expect(cache.size).toBeLessThanOrEqual(16);
  }
});

test('a false value is remembered like any other', () => {
  const cache = createBoundedCache<boolean>(1);
  cache.set('a', false);
  expect(cache.get('a')).toBe(false);
});
