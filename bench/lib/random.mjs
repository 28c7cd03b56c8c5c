// Seeded randomness, so that two runs ask the same questions of the same listings.

/**
 * A generator of numbers from 0 up to 1 (mulberry32: 32 bits of state, good enough to choose test data by).
 * @param {number} seed any whole number
 * @returns {() => number}
 */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of a list, each as likely as the next. */
export function oneOf(list, next) {
  return list[Math.floor(next() * list.length)];
}

/** A copy of the list in random order (Fisher and Yates). */
export function shuffled(list, next) {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at--) {
    const other = Math.floor(next() * (at + 1));
    [copy[at], copy[other]] = [copy[other], copy[at]];
  }
  return copy;
}

/** `count` different ones of the list, in random order; all of them where there are fewer. */
export function sample(list, count, next) {
  return shuffled(list, next).slice(0, count);
}
