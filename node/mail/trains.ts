import type { CID } from 'multiformats/cid';

/** These say something about one parcel that was sent, and build on none that came. */
const ALONE: ReadonlySet<string> = new Set(['receipt', 'refusal']);

interface Parcel {
  readonly kind: string;
  readonly about?: CID | undefined;
}

/**
 * Takes the parcels of a letter. Those about one trade follow each other, for messages come after those that they build on; trades
 * do not wait for each other's disk. What is about no trade comes after all before it, and all after it.
 * @returns the results in the order of the parcels
 * @throws what the first failing `take` throws, when nothing runs any more
 */
export async function inTrains<P extends Parcel, T>(
  parcels: readonly P[],
  take: (parcel: P) => Promise<T>,
): Promise<T[]> {
  let all: Promise<unknown> = Promise.resolve();
  let trains = new Map<string, Promise<unknown>>();
  const taken = parcels.map((parcel) => {
    if (ALONE.has(parcel.kind)) return take(parcel);
    const about = parcel.about?.toString();
    const before = about === undefined ? Promise.all([all, ...trains.values()]) : (trains.get(about) ?? all);
    const one = before.then(() => take(parcel));
    if (about === undefined) {
      all = one;
      trains = new Map();
    } else trains.set(about, one);
    return one;
  });
  const ends = await Promise.allSettled(taken);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
