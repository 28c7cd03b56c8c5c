import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../../node/api/limits.js';

const second = 1_000;

describe('the limiter', () => {
  it('lets no more in than the burst and the rate allow, however they come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 * second }), { minLength: 1, maxLength: 200 }), (waits) => {
        const limiter = createLimiter({ rate: 5, burst: 10, maxConcurrent: Infinity });
        let now = 0;
        let entered = 0;
        for (const wait of waits) {
          now += wait;
          try {
            limiter.enter(now)();
            entered += 1;
          } catch {
            // Refused: counts for nothing.
          }
        }
        expect(entered).toBeLessThanOrEqual(10 + Math.floor((now / second) * 5) + 1);
      }),
    );
  });

  it('lets in again when time has passed', () => {
    const limiter = createLimiter({ rate: 2, burst: 1 });
    limiter.enter(0)();
    expect(() => limiter.enter(100)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }) as Error);
    limiter.enter(600)();
  });

  it('counts what runs, and an end that is told twice once', () => {
    const limiter = createLimiter({ maxConcurrent: 2 });
    const leave = limiter.enter(0);
    limiter.enter(0);
    expect(() => limiter.enter(0)).toThrow();
    leave();
    leave();
    limiter.enter(0);
    expect(() => limiter.enter(0)).toThrow();
  });
});
