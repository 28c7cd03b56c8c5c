import { compareDistance, leadingBits } from '../../protocol/keyspace.js';

/** What has a place in the key space. */
export interface Placed {
  readonly kadId: Uint8Array;
  /** As of {@link headOf}. */
  readonly head: number;
}

/** The first 32 bits of an id. */
export function headOf(kadId: Uint8Array): number {
  return leadingBits(kadId, 32);
}

/**
 * The `count` nearest to `kadId` of those that pass, nearest first. Searches ask this a hundred times each, so distances are compared
 * by their first 32 bits, and in full only where those are the same.
 * @param size how many there are to choose from
 */
export function nearestOf<T extends Placed>(
  all: Iterable<T>,
  kadId: Uint8Array,
  options: { readonly count: number; readonly size: number; readonly passes: (one: T) => boolean },
): T[] {
  const { count, size, passes } = options;
  const target = headOf(kadId);
  const nearest: { readonly one: T; readonly distance: number }[] = [];
  const compare = (a: (typeof nearest)[number], b: (typeof nearest)[number]): number =>
    a.distance - b.distance || compareDistance(a.one.kadId, b.one.kadId, kadId);
  // Where all are wanted they are sorted at once; a few are kept in order while the others are passed by.
  const keepsAll = count >= size;
  for (const one of all) {
    const distance = (one.head ^ target) >>> 0;
    if (nearest.length >= count && distance > (nearest[nearest.length - 1]?.distance ?? 0)) continue;
    if (!passes(one)) continue;
    const found = { one, distance };
    let place = nearest.length;
    while (!keepsAll && place > 0) {
      const before = nearest[place - 1];
      if (before === undefined || compare(before, found) < 0) break;
      place--;
    }
    nearest.splice(place, 0, found);
    if (nearest.length > count) nearest.pop();
  }
  if (keepsAll) nearest.sort(compare);
  return nearest.map(({ one }) => one);
}
