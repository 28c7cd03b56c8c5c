// Everything random in the simulation comes from here, from seeds, so that a run can be had again to the byte.

/** 32 well-mixed bits of up to four integers: the finaliser of MurmurHash3 (public domain), once an argument. */
export function mix(a, b = 0, c = 0, d = 0) {
  let h = scramble(a | 0);
  h = scramble(h ^ Math.imul(b | 0, 0x9e3779b1));
  h = scramble(h ^ Math.imul(c | 0, 0x85ebca77));
  return scramble(h ^ Math.imul(d | 0, 0xc2b2ae3d)) >>> 0;
}

function scramble(value) {
  let h = (value + 0x6d2b79f5) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Between 0 and 1, neither of them included. */
export function unit(a, b, c, d) {
  return (mix(a, b, c, d) + 0.5) / 2 ** 32;
}

/** A standard normal number of the same integers (Box and Muller, 1958). */
export function normal(a, b, c) {
  return Math.sqrt(-2 * Math.log(unit(a, b, c, 1))) * Math.cos(2 * Math.PI * unit(a, b, c, 2));
}

/** A stream of random numbers. */
export function createRandom(seed) {
  let drawn = 0;
  const next = () => unit(seed, ++drawn);
  const int = (below) => Math.floor(next() * below);
  return {
    next,
    int,
    pick: (list) => list[int(list.length)],
    /** `count` of the list, each once, in random order. */
    sample(list, count) {
      const rest = [...list];
      const most = Math.min(count, rest.length);
      for (let at = 0; at < most; at++) {
        const other = at + int(rest.length - at);
        [rest[at], rest[other]] = [rest[other], rest[at]];
      }
      return rest.slice(0, most);
    },
  };
}

/** Draws places 0 to count - 1 of a list by Zipf's law: place r has the weight 1 / (r + 1)^exponent. */
export function createZipf(count, exponent, random) {
  const sums = new Float64Array(count);
  for (let at = 0, sum = 0; at < count; at++) sums[at] = sum += 1 / (at + 1) ** exponent;
  return () => {
    const wanted = random.next() * sums[count - 1];
    let low = 0;
    for (let high = count - 1; low < high;) {
      const middle = (low + high) >> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
