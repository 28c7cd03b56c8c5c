/** A set of whole numbers from 0, one bit each. Made once, never changed: logs share them. */
export type IndexSet = Readonly<Uint32Array>;

export function hasIndex(set: IndexSet, index: number): boolean {
  return ((set[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;
}

/** The union of `sets`, and `indexes`. */
export function unionOf(sets: readonly IndexSet[], indexes: readonly number[]): IndexSet {
  const words = Math.max(0, ...sets.map((set) => set.length), ...indexes.map((index) => (index >>> 5) + 1));
  const union = new Uint32Array(words);
  for (const set of sets) {
    for (let word = 0; word < set.length; word++) union[word] = (union[word] ?? 0) | (set[word] ?? 0);
  }
  for (const index of indexes) union[index >>> 5] = (union[index >>> 5] ?? 0) | (1 << (index & 31));
  return union;
}
