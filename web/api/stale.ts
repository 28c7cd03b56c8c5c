import { useEffect, useState } from 'preact/hooks';

/** How old what is shown is: each view tells of its answers here, and the head of the page says it once for all. */
const shown = new Map<object, number>();
const listeners = new Set<() => void>();

/** @param who one question of a view; @param asOf when its answer came, milliseconds UTC; undefined: just now, or it is gone */
export function tellAge(who: object, asOf: number | undefined): void {
  if (asOf === undefined ? !shown.delete(who) : shown.get(who) === asOf) return;
  if (asOf !== undefined) shown.set(who, asOf);
  for (const listener of listeners) listener();
}

export function isOld(who: object): boolean {
  return shown.has(who);
}

/** When the oldest of what is shown came; undefined: all of it just now. */
export function useAge(): number | undefined {
  const [age, setAge] = useState(oldest);
  useEffect(() => {
    const listener = (): void => setAge(oldest());
    listeners.add(listener);
    listener();
    return () => void listeners.delete(listener);
  }, []);
  return age;
}

function oldest(): number | undefined {
  return shown.size === 0 ? undefined : Math.min(...shown.values());
}
