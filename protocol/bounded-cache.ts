/** A map that forgets what was used longest ago once it is full. */
export interface BoundedCache<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  readonly size: number;
}

/** @param capacity how many entries it keeps, at least 1 */
export function createBoundedCache<V>(capacity: number): BoundedCache<V> {
  if (!Number.isSafeInteger(capacity) || capacity < 1)
    throw new RangeError(`a cache cannot have the capacity ${capacity}`);
  // A Map keeps the order of insertion: the first key is the one used longest ago, since get() inserts anew.
  const entries = new Map<string, V>();
  return {
    get(key) {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size > capacity) for (const oldest of entries.keys()) return void entries.delete(oldest);
    },
    get size() {
      return entries.size;
    },
  };
}
