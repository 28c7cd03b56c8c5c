const minute = 60 * 1000;

/** A peer that did not answer so often in a row … */
const TIMES = 3;
/** … is not asked for so long, twice as long after each further time, … */
const FIRST_REST = 10 * minute;
/** … and at most so long. */
const LONGEST_REST = 120 * minute;
/** Peers remembered; those that failed longest ago are forgotten first. */
const MAX_REMEMBERED = 10_000;

/** Peers that are left alone for a while because they do not answer. */
export class Resting {
  readonly #silent = new Map<string, { readonly times: number; readonly until: number }>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  has(peer: string): boolean {
    return (this.#silent.get(peer)?.until ?? 0) > this.#now();
  }

  /** A peer was asked. @param answered whether it did */
  heard(peer: string, answered: boolean): void {
    const times = (this.#silent.get(peer)?.times ?? 0) + 1;
    this.#silent.delete(peer);
    if (answered) return;
    const rest = times < TIMES ? 0 : Math.min(LONGEST_REST, FIRST_REST * 2 ** (times - TIMES));
    this.#silent.set(peer, { times, until: this.#now() + rest });
    if (this.#silent.size <= MAX_REMEMBERED) return;
    for (const [first] of this.#silent) {
      this.#silent.delete(first);
      break;
    }
  }
}
