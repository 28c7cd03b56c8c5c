import { expect, it } from 'vitest';
import { distinctTimes } from '../../node/distinct-times.js';

it('never gives a time twice, and follows a clock that was set back', () => {
  let clock = 10_000;
  const times = distinctTimes(() => clock);
  expect([times(), times(), times()]).toEqual([10_000, 10_001, 10_002]);
  clock = 10_001;
  expect(times()).toBe(10_003);
  clock = 20_000;
  expect(times()).toBe(20_000);
  clock = 5_000;
  expect([times(), times()]).toEqual([5_000, 5_001]);
});
