/**
 * How many single mistakes lie between two words: a letter too many, missing or wrong, or two neighbours in the wrong
 * order, no letter changed twice ("optimal string alignment", the restricted form of Damerau's distance).
 * @param most where the distance is above it, any number above it is the answer
 */
export function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= b.length; column++) {
      const wrong = a[row - 1] === b[column - 1] ? 0 : 1;
      let cost = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + wrong);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      current.push(cost);
      if (cost < least) least = cost;
    }
    // Later rows only grow from here; a swap reaches back one row further, whose least is at most one smaller.
    if (least > most) return most + 1;
    before = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
