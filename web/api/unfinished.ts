import { OFFLINE, Refusal, refusalOf } from './refusal.js';
import { storedToken } from './session.js';

/**
 * Requests that change something, and of which it is not known whether the node did them: the connection broke before the answer.
 * Each has a key (`Idempotency-Key`), under which the node does it once. The same request again has the same key, after a reload too:
 * an offer is not made twice because somebody tapped twice.
 */
const UNFINISHED = 'niaga.unfinished';
/** What is not known after so many is forgotten, the oldest first: a person looks after the last few. */
const MOST = 50;
const KEY_BYTES = 16;

/** Pauses between tries, milliseconds: together longer than a node takes to start again. */
const PAUSES_MS = [300, 1_000, 3_000];
/** How often it is asked, each second, whether what was begun before has ended. */
const BUSY_TRIES = 60;
const BUSY_PAUSE_MS = 1_000;

const BUSY = 'IDEMPOTENCY_BUSY';
/** Refusals that do not say whether it was done. */
const UNKNOWN_AFTER: ReadonlySet<string> = new Set([OFFLINE, BUSY, 'STOPPED', 'API_TOKEN']);

/** A token's keys mean nothing in the name of another one. */
interface Unfinished {
  readonly token: string;
  readonly key: string;
}

/**
 * Sends a request until an answer has come, with the same key each time.
 * @throws Refusal OFFLINE: not known whether it was done, the same request again is safe; IDEMPOTENCY_UNKNOWN: not known either, and
 * the same request again does it anew; else the node's own
 */
export async function doneOnce<Output>(
  name: string,
  input: unknown,
  send: (key: string) => Promise<Output>,
): Promise<Output> {
  const what = await printOf(`${name} ${JSON.stringify(input)}`);
  const { key, isNew } = begin(what);
  let isOpen = !isNew;
  let tries = 0;
  let busy = 0;
  for (;;) {
    try {
      const output = await send(key);
      end(what);
      return output;
    } catch (thrown) {
      const { code } = refusalOf(thrown);
      isOpen ||= code !== 'API_TOKEN' && UNKNOWN_AFTER.has(code);
      const pause =
        code === OFFLINE ? PAUSES_MS[tries++] : code === BUSY && busy++ < BUSY_TRIES ? BUSY_PAUSE_MS : undefined;
      if (pause === undefined) {
        // Who is not let in has done nothing, unless an earlier try was not answered.
        if (!UNKNOWN_AFTER.has(code) || (code === 'API_TOKEN' && !isOpen)) end(what);
        throw thrown;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** The key of a request: a new one, unless the same was sent before and its end is not known. */
function begin(what: string): { readonly key: string; readonly isNew: boolean } {
  const all = read();
  const before = all.get(what);
  const token = storedToken() ?? '';
  if (before?.token === token) return { key: before.key, isNew: false };
  all.delete(what);
  if (before !== undefined) {
    write(all);
    throw new Refusal(
      'IDEMPOTENCY_UNKNOWN',
      'This was sent before the page signed in anew; how it ended is not known.',
    );
  }
  const key = hex(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
  all.set(what, { token, key });
  for (const oldest of [...all.keys()].slice(0, Math.max(0, all.size - MOST))) all.delete(oldest);
  write(all);
  return { key, isNew: true };
}

function end(what: string): void {
  const all = read();
  if (all.delete(what)) write(all);
}

function read(): Map<string, Unfinished> {
  return new Map(JSON.parse(sessionStorage.getItem(UNFINISHED) ?? '[]') as [string, Unfinished][]);
}

function write(all: ReadonlyMap<string, Unfinished>): void {
  sessionStorage.setItem(UNFINISHED, JSON.stringify([...all]));
}

/** Of a request only its SHA-256 is kept: it may be an address, or a file of some MB. */
async function printOf(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
