import { useEffect, useRef } from 'preact/hooks';
import { openEvents, type OutputOf } from './client.js';
import { OFFLINE, refusalIn, refusalOf } from './refusal.js';
import { lastEvent, storeLastEvent } from './session.js';

/**
 * The node's events, followed once for the whole page (server-sent events; read by `fetch`, because a browser's own `EventSource`
 * cannot send the token). A connection that broke, and a page that was loaded anew, go on after the last event that was seen; when
 * the connection (re)opens, every view reads again what it shows, so that nothing is missed between a read and the first event.
 */
type Told = OutputOf<'events'>;
type Listener = (event: Told | 'opened') => void;

const listeners = new Set<Listener>();
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** The node says something each 15 s, if only that it is there: who hears nothing for so long has lost it. */
const SILENCE_MS = 40_000;

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
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    // Of this connection alone.
    const connection = new AbortController();
    const end = (): void => connection.abort();
    signal.addEventListener('abort', end);
    let silence = setTimeout(end, SILENCE_MS);
    try {
      const lines = await openEvents(lastEvent(), connection.signal);
      pause = FIRST_PAUSE_MS;
      onConnection('online');
      for (const listener of listeners) listener('opened');
      for await (const frame of framesOf(lines)) {
        clearTimeout(silence);
        silence = setTimeout(end, SILENCE_MS);
        if (frame.event === 'error') throw refusalIn(JSON.parse(frame.data ?? 'null'), 'events');
        if (frame.id !== undefined) storeLastEvent(frame.id);
        if (frame.data === undefined) continue;
        const event = JSON.parse(frame.data) as Told;
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
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', end);
    }
    await soon(pause, signal);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}

type Frame = Partial<Record<'id' | 'event' | 'data', string>>;

/** Server-sent events, as far as the node sends them: a field a line, an empty line after each event, comments as an empty frame. */
async function* framesOf(lines: AsyncIterable<string>): AsyncGenerator<Frame, void, undefined> {
  let frame: Frame = {};
  for await (const line of lines) {
    const [, name, value] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (name === 'id' || name === 'event' || name === 'data') frame[name] = value ?? '';
    if (line !== '') continue;
    yield frame;
    frame = {};
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

/** Calls back whenever the connection (re)opens. @returns what ends that */
export function onOpened(callback: () => void): () => void {
  const listener: Listener = (event) => {
    if (event === 'opened') callback();
  };
  listeners.add(listener);
  return () => void listeners.delete(listener);
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
