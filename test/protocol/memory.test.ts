import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemory } from '../../protocol/memory.js';

test('a memory keeps what was asked for since half of its capacity came anew', () => {
  const memory = createMemory<number>(8);
  memory.set('kept', 1);
  for (let at = 0; at < 100; at++) {
    memory.set(`other ${at}`, at);
    if (at % 3 === 0) expect(memory.get('kept')).toBe(1);
  }
  expect(memory.get('other 0')).toBeUndefined();
});

test('a memory gives the last value set or none, and keeps no more than its capacity', () => {
  const step = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 30 }).map(String), fc.nat());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const memory = createMemory<number>(10);
      const set = new Map<string, number>();
      for (const [isSet, key, value] of steps) {
        if (isSet) memory.set(key, value);
        if (isSet) set.set(key, value);
        const found = memory.get(key);
        if (found !== undefined) expect(found).toBe(set.get(key));
        if (isSet) expect(found).toBe(value);
      }
      expect([...set.keys()].filter((key) => memory.get(key) !== undefined).length).toBeLessThanOrEqual(10);
    }),
  );
});
