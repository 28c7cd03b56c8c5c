import { useCallback, useEffect, useState } from 'preact/hooks';
import { refusalOf, type Refusal } from './refusal.js';

/** What a view asked the node for: the last answer stays while it is asked again. */
export interface Answered<T> {
  readonly value: T | undefined;
  readonly refusal: Refusal | undefined;
  readonly loading: boolean;
  /** Asks again. */
  readonly reload: () => void;
}

/** Asks when the view appears and whenever `keys` change; an answer that comes too late for its question is dropped. */
export function useAnswer<T>(ask: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[]): Answered<T> {
  const [asked, setAsked] = useState(0);
  const [answer, setAnswer] = useState<Omit<Answered<T>, 'reload'>>({
    value: undefined,
    refusal: undefined,
    loading: true,
  });
  useEffect(() => {
    const ended = new AbortController();
    setAnswer((before) => ({ ...before, loading: true }));
    ask(ended.signal).then(
      (value) => {
        if (!ended.signal.aborted) setAnswer({ value, refusal: undefined, loading: false });
      },
      (thrown: unknown) => {
        if (!ended.signal.aborted) setAnswer((before) => ({ ...before, refusal: refusalOf(thrown), loading: false }));
      },
    );
    return () => ended.abort();
  }, [asked, ...keys]);
  const reload = useCallback(() => setAsked((count) => count + 1), []);
  return { ...answer, reload };
}
