// The dials of one node: so many at once, the others wait, as in libp2p's queue.

/** As `MAX_PARALLEL_DIALS` of node/network/libp2p.ts. */
const AT_ONCE = 32;
/** Milliseconds in which dials are counted together. */
const STEP = 20;
const KEPT_STEPS = 2_000;

export class Dials {
  /** Dials under way, by step of time. */
  #busy = new Map();

  /**
   * Takes the first free place from a time on.
   * @param now milliseconds; at when the dial is wanted; took what it takes; patience how long it is waited for a place
   * @returns milliseconds from `at` until it has ended; undefined where there is no place in time, and none is taken
   */
  take({ now, at, took, patience }) {
    this.#forget(Math.floor(now / STEP));
    const wanted = Math.floor(at / STEP);
    const steps = Math.max(1, Math.ceil(took / STEP));
    let first = wanted;
    for (let step = first; step < first + steps; step++) {
      if ((this.#busy.get(step) ?? 0) >= AT_ONCE) first = step + 1;
      if ((first - wanted) * STEP > patience) return undefined;
    }
    for (let step = first; step < first + steps; step++) this.#busy.set(step, (this.#busy.get(step) ?? 0) + 1);
    return (first - wanted) * STEP + took;
  }

  #forget(now) {
    if (this.#busy.size < KEPT_STEPS) return;
    for (const step of this.#busy.keys()) if (step < now) this.#busy.delete(step);
  }
}
