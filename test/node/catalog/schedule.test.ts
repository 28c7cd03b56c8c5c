import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Schedule } from '../../../node/catalog/schedule.js';

const minute = 60 * 1000;
const day = 24 * 60 * minute;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start({ isThin = false, peers = 0, left = 0 } = {}) {
  const clock = { ahead: 0 };
  const network = { peers };
  let meet: (peer?: string) => void = () => undefined;
  const refresh = vi.fn(() => Promise.resolve());
  const resume = vi.fn(() => Promise.resolve(left));
  const schedule = new Schedule({
    resume,
    refresh,
    isThin: () => isThin,
    joined: () => Promise.resolve(),
    onPeer: (listener) => {
      meet = listener;
      return () => undefined;
    },
    peers: () => network.peers,
    now: () => Date.now() + clock.ahead,
  });
  schedule.start();
  return { clock, network, refresh, resume, schedule, meet: (peer: string) => meet(peer) };
}

describe('the daily lease', () => {
  it('comes daily, also where the clock was set back by a month', async () => {
    const { clock, refresh, schedule } = start();
    await vi.advanceTimersByTimeAsync(minute);
    expect(refresh).toHaveBeenCalledTimes(1);
    clock.ahead = -30 * day;
    await vi.advanceTimersByTimeAsync(day);
    expect(refresh).toHaveBeenCalledTimes(2);
    // And where a laptop slept for a day, which only the clock knows.
    clock.ahead += day;
    await vi.advanceTimersByTimeAsync(11 * minute);
    expect(refresh).toHaveBeenCalledTimes(3);
    schedule.stop();
  });
});

describe('in a network with few nodes', () => {
  it('a lease brings cards to new nodes, soon, but not one for each that connects', async () => {
    const { network, refresh, schedule, meet } = start({ isThin: true, peers: 2 });
    await vi.advanceTimersByTimeAsync(minute);
    const before = refresh.mock.calls.length;
    for (let at = 0; at < 200; at++) {
      network.peers++;
      meet(`stranger-${at}`);
      await vi.advanceTimersByTimeAsync(minute / 5);
    }
    // Forty minutes.
    expect(refresh.mock.calls.length - before).toBeGreaterThanOrEqual(3);
    expect(refresh.mock.calls.length - before).toBeLessThanOrEqual(4);
    await vi.advanceTimersByTimeAsync(20 * minute);
    const after = refresh.mock.calls.length;
    // Ids that are new, and no more nodes than there were.
    for (let at = 0; at < 100; at++) {
      meet(`another-${at}`);
      await vi.advanceTimersByTimeAsync(minute / 5);
    }
    expect(refresh).toHaveBeenCalledTimes(after);
    schedule.stop();
  });
});

describe('what was published and found no quorum', () => {
  it('is brought out again within seconds, and seldomer each time that nothing comes of it', async () => {
    const { resume, schedule } = start({ left: 1 });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(resume).toHaveBeenCalledTimes(1);
    schedule.lacks();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(resume).toHaveBeenCalledTimes(2);
    // After 10, 20, 40 and 80 seconds more.
    await vi.advanceTimersByTimeAsync(150_000);
    expect(resume).toHaveBeenCalledTimes(6);
    schedule.stop();
  });

  it('is brought out again within seconds after others came, also where they were not known at once', async () => {
    const { resume, schedule, meet } = start({ left: 1 });
    await vi.advanceTimersByTimeAsync(minute);
    const before = resume.mock.calls.length;
    meet('another');
    await vi.advanceTimersByTimeAsync(12_000);
    expect(resume).toHaveBeenCalledTimes(before + 2);
    schedule.stop();
  });

  it('does not wait longer because more is published meanwhile', async () => {
    const { resume, schedule } = start({ left: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    for (let second = 0; second < 5; second++) {
      schedule.lacks();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(resume).toHaveBeenCalledTimes(2);
    schedule.stop();
  });
});
