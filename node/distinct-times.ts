/** A clock that was set back is followed; a burst of records runs ahead of it by less. */
const MAX_LEAD = 1_000;

/**
 * A clock that does not give the same millisecond twice. The id of a record is the hash of what it says: of two that say the same
 * and name the same time, the second would be the first.
 */
export function distinctTimes(now: () => number): () => number {
  let last = 0;
  return () => {
    const time = now();
    last = time > last || last - time > MAX_LEAD ? time : last + 1;
    return last;
  };
}
