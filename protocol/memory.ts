/** What a pure function gave for some texts, so that it is not found again: forgetting changes nothing but the time. */
export interface Memory<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
}

/**
 * A memory that costs little to ask: what was not asked for while half of the capacity came anew is forgotten, all of it at once.
 * @param capacity how many entries it keeps, at most
 */
export function createMemory<V>(capacity: number): Memory<V> {
  let newer = new Map<string, V>();
  let older = new Map<string, V>();
  const set = (key: string, value: V): void => {
    if (newer.size >= capacity / 2) {
      older = newer;
      newer = new Map();
    }
    newer.set(key, value);
  };
  return {
    get(key) {
      const value = newer.get(key);
      if (value !== undefined) return value;
      const former = older.get(key);
      if (former !== undefined) set(key, former);
      return former;
    },
    set,
  };
}
