const minute = 60 * 1000;

/** A clock that is set, or a machine that slept, moves by less on an ordinary day. */
export const JUMP = 24 * 60 * minute;
/** A clock that is wrong for a moment, as some are after a start, is right again by then. */
export const BELIEVED_AFTER = 5 * minute;

/**
 * Whether the clock on the wall can be gone by for what cannot be undone. It cannot just after it has moved by more than a day
 * against the process's own: what is over by it may not be, and would be lost for good.
 */
export class ClockJumps {
  readonly #now: () => number;
  readonly #monotonic: () => number;
  /** By how much the one is ahead of the other. */
  #believed: number;
  #jump: { readonly ahead: number; readonly since: number } | undefined;

  constructor(now: () => number, monotonic: () => number = () => performance.now()) {
    this.#now = now;
    this.#monotonic = monotonic;
    this.#believed = now() - monotonic();
  }

  isBelieved(): boolean {
    const since = this.#monotonic();
    const ahead = this.#now() - since;
    const moved = Math.abs(ahead - this.#believed) > JUMP;
    if (moved && (this.#jump === undefined || Math.abs(ahead - this.#jump.ahead) > JUMP)) this.#jump = { ahead, since };
    if (moved && this.#jump !== undefined && since - this.#jump.since < BELIEVED_AFTER) return false;
    this.#jump = undefined;
    this.#believed = ahead;
    return true;
  }
}
