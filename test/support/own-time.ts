import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished, vi } from 'vitest';

const { setImmediate: nextTurn, setTimeout: realTimeout } = globalThis;

/** How often {@link until} looks, in milliseconds. */
const EVERY = 100;

/**
 * Gives the test that is running a time of its own, which passes by a millisecond a turn of the event loop: however long the machine
 * takes for a step, or stands still, no limit is over before what keeps within it has come. For what happens in this process alone;
 * where it waits for a disk too, `pace` is how many real milliseconds a turn takes at least.
 */
export function ownTime({ pace = 0 } = {}): void {
  if (vi.isFakeTimers()) return;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
  // `timers/promises` too, for those who import its functions by their names.
  syncBuiltinESMExports();
  let passes = true;
  const pass = (): void => {
    if (!passes) return;
    if (pace === 0) nextTurn(pass);
    else realTimeout(pass, pace);
    vi.advanceTimersByTime(1);
  };
  nextTurn(pass);
  onTestFinished(() => {
    passes = false;
    vi.useRealTimers();
    syncBuiltinESMExports();
  });
}

/** Waits until what is asserted holds, by the test's own time where it has one. @throws what `check` threw last, after `limit` ms */
export async function until(check: () => unknown, limit = 60_000): Promise<void> {
  for (let waited = 0; ; waited += EVERY) {
    try {
      await check();
      return;
    } catch (error) {
      if (waited >= limit) throw error;
    }
    await wait(EVERY);
  }
}

/** Lets so many milliseconds pass, of the test's own time where it has one. */
export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
