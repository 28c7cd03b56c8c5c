import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, type Slice } from '../../../../node/index/held/arena.js';

describe('an arena', () => {
  it('gives every slice back as it came, whatever is added, freed and settled around it', () => {
    const step = fc.record({ length: fc.integer({ min: 0, max: 120_000 }), free: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const arena = new Arena();
        const held: { slice: Slice; mark: number; length: number }[] = [];
        steps.forEach(({ length, free }, at) => {
          const bytes = new Uint8Array(length).fill(at);
          held.push({ slice: arena.add(bytes), mark: at, length });
          bytes.fill(255);
          if (free) {
            const [gone] = held.splice(at % held.length, 1);
            if (gone !== undefined) arena.free(gone.slice);
            for (const one of held) one.slice = arena.settle(one.slice);
          }
        });
        for (const { slice, mark, length: size } of held) {
          expect(slice.bytes.length).toBe(size);
          expect(slice.bytes.every((byte) => byte === mark)).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('lets go of the memory of what is freed', () => {
    const arena = new Arena();
    const slices = Array.from({ length: 4_000 }, () => arena.add(new Uint8Array(1_000)));
    const kept = slices.filter((slice, at) => {
      if (at % 10 !== 0) arena.free(slice);
      return at % 10 === 0;
    });
    const slabs = new Set(kept.map((slice) => arena.settle(slice).bytes.buffer));
    expect(slabs.size).toBeLessThanOrEqual(3);
  });
});
