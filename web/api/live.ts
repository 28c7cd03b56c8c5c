import { useEffect, useRef } from 'preact/hooks';
import { stream, type OutputOf } from './client.js';
import { OFFLINE, refusalOf } from './refusal.js';

/**
 * The node's events, followed once for the whole page. A connection that broke goes on after the last event that was seen; when
 * it (re)opens, every view reads again what it shows, so that nothing is missed between a read and the first event.
 */
type Told = OutputOf<'events'>;
type Listener = (event: Told | 'opened') => void;

const listeners = new Set<Listener>();
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** @param onConnection whether the node answers; called at each change */
export function useEvents(onConnection: (state: 'online' | 'offline' | 'signed-out') => void): void {
  useEffect(() => {
    const ended = new AbortController();
    void follow(ended.signal, onConnection);
    return () => ended.abort();
    // Once for the life of the page: the callback sets state only.
  }, []);
}

async function follow(signal: AbortSignal, onConnection: Parameters<typeof useEvents>[0]): Promise<void> {
  let last: number | undefined;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const opened = (): void => {
        pause = FIRST_PAUSE_MS;
        onConnection('online');
        for (const listener of listeners) listener('opened');
      };
      const input = { follow: true, ...(last === undefined ? {} : { after: last }) };
      for await (const event of stream('events', input, signal, opened)) {
        last = event.seq;
        for (const listener of listeners) listener(event);
      }
    } catch (thrown) {
      if (signal.aborted) return;
      const { code } = refusalOf(thrown);
      if (code === 'API_TOKEN') {
        onConnection('signed-out');
        return;
      }
      if (code === OFFLINE || code === 'STOPPED') onConnection('offline');
    }
    await soon(pause, signal);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}

/** Resolves after so long, or at once when the device comes back to its network or the page to the front. */
function soon(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      document.removeEventListener('visibilitychange', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener('online', done);
    document.addEventListener('visibilitychange', done);
    signal.addEventListener('abort', done);
  });
}

/** Calls `onChange` for each event of these types, and when the connection (re)opens. */
export function useChanges(types: readonly Told['type'][], onChange: () => void): void {
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    const listener: Listener = (event) => {
      if (event === 'opened' || types.includes(event.type)) latest.current();
    };
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
}
