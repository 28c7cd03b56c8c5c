import { NiagaError } from '../../protocol/errors.js';

const second = 1_000;

export interface LimitOptions {
  /** Operations that may run at the same moment. Default {@link DEFAULT_MAX_CONCURRENT}. */
  readonly maxConcurrent?: number;
  /** Operations a second over a longer time. Default {@link DEFAULT_RATE}. */
  readonly rate?: number;
  /** Operations that may come at once after a quiet time. Default {@link DEFAULT_BURST}. */
  readonly burst?: number;
}

/** @public */
export const DEFAULT_MAX_CONCURRENT = 128;
/** Far above what a person or a page needs; it stops a program that runs in circles. @public */
export const DEFAULT_RATE = 2_000;
/** @public */
export const DEFAULT_BURST = 5_000;

export interface Limiter {
  /**
   * Lets one operation in; call what it returns when the operation has ended.
   * @param now milliseconds of a clock that never goes back
   * @throws NiagaError RATE_LIMITED
   */
  enter(now: number): () => void;
}

/** One limiter a caller, by name: a program that runs in circles takes nothing from the others. */
export interface Limiters {
  of(caller: string): Limiter;
}

/** Names are few: a node keeps a hundred tokens. A name of a token that was made anew goes on where the old one was. */
export function createLimiters(options: LimitOptions = {}): Limiters {
  const limiters = new Map<string, Limiter>();
  return {
    of(caller) {
      let limiter = limiters.get(caller);
      if (limiter === undefined) limiters.set(caller, (limiter = createLimiter(options)));
      return limiter;
    },
  };
}

/** A token bucket (rate and burst) and a count of what runs. */
export function createLimiter(options: LimitOptions = {}): Limiter {
  const maxConcurrent = options.maxConcurrent ?? DEFAULT_MAX_CONCURRENT;
  const rate = options.rate ?? DEFAULT_RATE;
  const burst = options.burst ?? DEFAULT_BURST;
  let running = 0;
  let left = burst;
  let filled = -Infinity;

  return {
    enter(now) {
      if (now > filled) {
        left = Math.min(burst, left + ((now - filled) / second) * rate);
        filled = now;
      }
      if (left < 1) throw refusal(`more than ${rate} requests a second`);
      if (running >= maxConcurrent) throw refusal(`${running} operations run already`);
      left -= 1;
      running += 1;
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        running -= 1;
      };
    },
  };
}

function refusal(why: string): NiagaError {
  return new NiagaError('RATE_LIMITED', `Too many requests: ${why}.`, { next: 'Wait a second and try again.' });
}
