/** Chooses the best of many without sorting them all: an answer has 50 of what may be 20,000. */

/** The numbers from 0 to `count`, the first in order first, each found when it is asked for (a binary heap). */
export function* inOrder(count: number, compare: (a: number, b: number) => number): Generator<number, void, undefined> {
  const heap = Uint32Array.from({ length: count }, (_, index) => index);
  const at = (place: number): number => heap[place] ?? 0;
  const sink = (from: number, size: number): void => {
    const moving = at(from);
    let place = from;
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && compare(at(child + 1), at(child)) < 0) child++;
      if (compare(moving, at(child)) <= 0) break;
      heap[place] = at(child);
      place = child;
    }
    heap[place] = moving;
  };
  for (let place = (count >> 1) - 1; place >= 0; place--) sink(place, count);
  for (let size = count; size > 0; size--) {
    const first = at(0);
    heap[0] = at(size - 1);
    sink(0, size - 1);
    yield first;
  }
}

/**
 * The first `limit` of an order, of one group at most `perGroup` while others are left to fill the list; the order is
 * kept.
 * @param perGroup 0: no cap
 * @param confirm asked of each that is to be taken, as late as possible: false leaves it out
 */
export function select(
  order: Iterable<number>,
  limit: number,
  groupOf: (item: number) => unknown,
  perGroup: number,
  confirm: (item: number) => boolean = () => true,
): number[] {
  const counts = new Map<unknown, number>();
  const chosen: { item: number; place: number }[] = [];
  const held: { item: number; place: number }[] = [];
  let place = 0;
  for (const item of order) {
    if (chosen.length === limit) break;
    place++;
    const group = perGroup === 0 ? undefined : groupOf(item);
    const count = counts.get(group) ?? 0;
    if (perGroup > 0 && count >= perGroup) {
      if (held.length < limit) held.push({ item, place });
    } else if (confirm(item)) {
      counts.set(group, count + 1);
      chosen.push({ item, place });
    }
  }
  for (const one of held) {
    if (chosen.length === limit) break;
    if (confirm(one.item)) chosen.push(one);
  }
  return chosen.sort((a, b) => a.place - b.place).map(({ item }) => item);
}
