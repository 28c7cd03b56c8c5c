import { useEffect, useState } from 'preact/hooks';

const TICK_MS = 15_000;

/** The time, renewed every quarter of a minute: countdowns count minutes. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
