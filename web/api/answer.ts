import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ageOf } from './kept.js';
import { onOpened } from './live.js';
import { refusalOf, type Refusal } from './refusal.js';
import { isOld, tellAge } from './stale.js';

/** What a view asked the node for: the last answer stays while it is asked again. */
export interface Answered<T> {
  readonly value: T | undefined;
  readonly refusal: Refusal | undefined;
  readonly loading: boolean;
  /** Asks again. */
  readonly reload: () => void;
}

/**
 * Asks when the view appears and whenever `keys` change; an answer that comes too late for its question is dropped. An
 * old answer, kept from before, is asked for again when the node is back.
 */
export function useAnswer<T>(ask: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[]): Answered<T> {
  const [asked, setAsked] = useState(0);
  const [answer, setAnswer] = useState<Omit<Answered<T>, 'reload'>>({
    value: undefined,
    refusal: undefined,
    loading: true,
  });
  // Who tells of the age of this view's answer.
  const self = useRef({});
  useEffect(() => {
    const ended = new AbortController();
    setAnswer((before) => ({ ...before, loading: true }));
    ask(ended.signal).then(
      (value) => {
        if (ended.signal.aborted) return;
        tellAge(self.current, ageOf(ended.signal));
        setAnswer({ value, refusal: undefined, loading: false });
      },
      (thrown: unknown) => {
        if (!ended.signal.aborted) setAnswer((before) => ({ ...before, refusal: refusalOf(thrown), loading: false }));
      },
    );
    return () => ended.abort();
  }, [asked, ...keys]);
  useEffect(() => {
    const released = onOpened(() => isOld(self.current) && setAsked((count) => count + 1));
    return () => {
      released();
      tellAge(self.current, undefined);
    };
  }, []);
  const reload = useCallback(() => setAsked((count) => count + 1), []);
  return { ...answer, reload };
}
