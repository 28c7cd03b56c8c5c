import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Counters } from '../../../node/network/counters.js';
import {
  BLOCK_TIME,
  ConcurrencyLimit,
  Conduct,
  MALFORMED_SPACING,
  OFFENCE_BUDGET,
  OFFENCE_WINDOW,
  TokenBucket,
} from '../../../node/network/limits.js';
import { Methods } from '../../../node/network/methods.js';
import { NiagaError } from '../../../protocol/errors.js';

describe('a token bucket', () => {
  test('lets through the burst and then the rate, however the takers hurry', () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(
        amounts,
        fc.integer({ min: 10, max: 1000 }),
        fc.integer({ min: 50, max: 500 }),
        (takes, rate, burst) => {
          const bucket = new TokenBucket(rate, burst, 0);
          let now = 0;
          let taken = 0;
          for (const amount of takes) {
            taken += amount;
            now += bucket.take(amount, now);
            // What was taken beyond the burst has been waited for, to the millisecond of each wait.
            expect(taken).toBeLessThanOrEqual(burst + ((now + 1) / 1000) * rate + 1e-6);
          }
          expect(now).toBeLessThanOrEqual((Math.max(0, taken - burst) / rate) * 1000 + takes.length);
        },
      ),
    );
  });

  test('survives a clock that goes backwards', () => {
    const bucket = new TokenBucket(10, 10, 1000);
    expect(bucket.take(10, 1000)).toBe(0);
    expect(bucket.take(1, 0)).toBe(100);
    expect(bucket.isFull(10_000)).toBe(true);
  });
});

describe('a concurrency limit', () => {
  test('runs so many at a time, in order, and turns away beyond its queue', async () => {
    const limit = new ConcurrencyLimit(2, { requests: 3 });
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const run = (number: number): Promise<number> =>
      limit.run(() => {
        started.push(number);
        return new Promise((resolve) => ends.push(() => resolve(number)));
      });
    const running = [0, 1, 2, 3, 4].map(run);
    await expect(run(5)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(started).toEqual([0, 1]);
    for (let number = 0; number < 5; number++) {
      ends[number]?.();
      await running[number];
      await new Promise(setImmediate);
      expect(started).toEqual([0, 1, 2, 3, 4].slice(0, number + 3));
    }
  });

  test('gives its place free when the task fails', async () => {
    const limit = new ConcurrencyLimit(1, { requests: 1 });
    await expect(limit.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(limit.run(() => Promise.resolve(1))).resolves.toBe(1);
  });
});

describe('what waits for its turn', () => {
  test('is bounded in bytes, in all and of one peer, and room again as soon as it runs', async () => {
    const limit = new ConcurrencyLimit(1, { requests: 100, bytes: 10, bytesOfPeer: 6 });
    const ends: (() => void)[] = [];
    const run = (peer: string, bytes: number): Promise<void> =>
      limit.run(() => new Promise<void>((resolve) => ends.push(resolve)), { peer, bytes });
    const refused = expect.objectContaining({ code: 'RATE_LIMITED' }) as unknown;
    // What runs has its place already.
    const first = run('a', 100);
    const second = run('a', 6);
    await expect(run('a', 1)).rejects.toEqual(refused);
    const third = run('b', 4);
    await expect(run('c', 1)).rejects.toEqual(refused);
    ends[0]?.();
    await first;
    await new Promise(setImmediate);
    const fourth = run('a', 6);
    for (const [at, done] of [second, third, fourth].entries()) {
      ends[at + 1]?.();
      await done;
      await new Promise(setImmediate);
    }
  });

  test('was admitted before it waits', async () => {
    const methods = new Methods(new Counters(), undefined);
    let admitted = 0;
    let begun = 0;
    const handler = (): Promise<Uint8Array> => {
      begun++;
      return new Promise(() => undefined);
    };
    const admit = (peer: string, bytes: number): void => {
      admitted += bytes;
      if (admitted > 20) throw new NiagaError('RATE_LIMITED', `too much of ${peer}`);
    };
    methods.add('slow', handler, { maxConcurrent: 1, admit });
    const context = { peer: 'a', signal: new AbortController().signal, maxResponse: 10 };
    void methods.answer('slow', new Uint8Array(10), context);
    void methods.answer('slow', new Uint8Array(10), context);
    await expect(methods.answer('slow', new Uint8Array(10), context)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(begun).toBe(1);
  });
});

describe('conduct', () => {
  test('blocks after the budget, once, and for its time', () => {
    let now = 0;
    const conduct = new Conduct(() => now);
    for (let count = 1; count < OFFENCE_BUDGET; count++) expect(conduct.offence('a')).toBe(false);
    expect(conduct.isBlocked('a')).toBe(false);
    expect(conduct.offence('a')).toBe(true);
    expect(conduct.offence('a')).toBe(false);
    expect([conduct.isBlocked('a'), conduct.isBlocked('b'), conduct.blocked]).toEqual([true, false, 1]);
    now += BLOCK_TIME;
    expect([conduct.isBlocked('a'), conduct.blocked]).toEqual([false, 0]);
    expect(conduct.offence('a')).toBe(false);
  });

  test('forgets offences with time', () => {
    let now = 0;
    const conduct = new Conduct(() => now);
    for (let count = 0; count < 10 * OFFENCE_BUDGET; count++) {
      if (count % (OFFENCE_BUDGET - 1) === 0) now += OFFENCE_WINDOW;
      expect(conduct.offence('a')).toBe(false);
    }
  });

  test('counts what is not of its form once a second, so that a search that asks often blocks nobody', () => {
    let now = 0;
    const conduct = new Conduct(() => now);
    const counted = (): boolean => conduct.countsMalformed('a') && conduct.offence('a');
    for (let question = 0; question < 1_000; question++) expect(counted()).toBe(false);
    const blocked = Array.from({ length: OFFENCE_BUDGET - 1 }, () => {
      now += MALFORMED_SPACING;
      return counted();
    });
    expect(blocked).toEqual([...new Array<boolean>(OFFENCE_BUDGET - 2).fill(false), true]);
    expect(conduct.countsMalformed('b')).toBe(true);
  });

  test('keeps the blocked when thousands of others come', () => {
    const conduct = new Conduct(() => 0);
    for (let count = 0; count < OFFENCE_BUDGET; count++) conduct.offence('bad');
    for (let number = 0; number < 10_000; number++) conduct.offence(`other ${number}`);
    expect(conduct.isBlocked('bad')).toBe(true);
  });
});
