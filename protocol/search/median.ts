/** The middle one; of an even number the upper of the two, since a copy that has just joined has too few; 0 for none. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
