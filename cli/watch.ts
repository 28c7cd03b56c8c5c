import type { Client } from '../node/api/client.js';
import type { Page } from '../node/api/handlers.js';
import type { OperationKey } from '../node/api/operations.js';
import { loosened } from './connect.js';
import type { Context } from './context.js';
import { printPage } from './output.js';
import { safeJson } from './safe-text.js';

/** Lists of which everything that changes them is an event; the others are also looked at again now and then. */
const TOLD: ReadonlySet<OperationKey> = new Set([
  'tradeList',
  'inbox',
  'chatList',
  'chatShow',
  'watchList',
  'evidenceList',
]);
const second = 1_000;
const LOOK_AGAIN = 2 * second;
/** Behind all events: a node that is asked for what follows it says at once how far it has counted, and so that it listens. */
const FROM_NOW = Number.MAX_SAFE_INTEGER;
/** Clears a terminal and begins at its top (ECMA-48: ED, CUP). */
const CLEAR = '\u001b[2J\u001b[H';

/**
 * Shows a list, and again whenever it has changed, until the signal: on a terminal in place of the one before, else one
 * after the other.
 * @throws the signal's reason; NiagaError when the node goes away
 */
export async function watchPage(key: OperationKey, input: unknown, client: Client, context: Context): Promise<void> {
  const { stdout } = context;
  const ending = new AbortController();
  const signal = AbortSignal.any([context.signal, ending.signal]);
  const changes = follow(client, signal);
  let shown: string | undefined;
  try {
    // Listened first, looked then: what happens in between is not lost.
    while (await changes.next(shown === undefined || TOLD.has(key) ? undefined : LOOK_AGAIN)) {
      const page = (await loosened(client).call(key, input, { signal })) as Page<unknown>;
      const text = safeJson(page);
      if (text === shown) continue;
      if (stdout.isTTY === true) stdout.write(CLEAR);
      else if (shown !== undefined && !context.json) stdout.write('\n');
      await printPage(key, page, context);
      shown = text;
    }
  } finally {
    ending.abort();
    await changes.ended;
  }
}

interface Changes {
  /** Waits for an event, if none came since the last call, no longer than `limit` ms; false: there will be no more. */
  next(limit: number | undefined): Promise<boolean>;
  /** Resolves when nothing is listened to any more; never rejects. */
  readonly ended: Promise<void>;
}

/** Events of the node, however many at once as one change. What ends them is thrown by `next`. */
function follow(client: Client, signal: AbortSignal): Changes {
  let state: 'listening' | 'ended' | { readonly failed: unknown } = 'listening';
  let came = false;
  let wake = (): void => undefined;
  const listen = async (): Promise<void> => {
    try {
      for await (const _ of client.stream('events', { after: FROM_NOW, follow: true }, { signal })) {
        came = true;
        wake();
      }
      state = 'ended';
    } catch (failed) {
      state = { failed };
    }
    wake();
  };
  const ended = listen();
  return {
    ended,
    async next(limit) {
      if (!came && state === 'listening') {
        await new Promise<void>((resolve) => {
          const timer = limit === undefined ? undefined : setTimeout(resolve, limit);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      came = false;
      if (typeof state === 'object') throw state.failed;
      return state === 'listening';
    },
  };
}
