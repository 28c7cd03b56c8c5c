import { once } from 'node:events';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { NiagaError } from '../../protocol/errors.js';
import { eventTypes, type Events, type NodeEvent } from '../events/index.js';
import { remembered } from '../remembered.js';
import { onAbort } from '../signals.js';
import type { AppContext } from './app.js';
import { toNiagaError } from './problem.js';

export const EVENT_STREAM = 'text/event-stream';

const second = 1_000;
/** A connection on which nothing moves is dropped by what lies between; a comment now and then also finds those who have gone. */
const HEARTBEAT = 15 * second;
/** How long a browser waits before it comes back. */
const RETRY = 1 * second;
/** Who listens at the same time, all callers together: each costs a connection, and a look at the disk for each event. */
export const MAX_LISTENERS = 2_000;

/** Those who listen, each with the id of the token that it came with. */
export type Listeners = Map<AbortController, string>;

/**
 * Whether one more may listen with a token: each has at most half of what the others leave, so that there is always room for a program
 * that comes for the first time.
 * @param most all together
 */
export function mayListen(listeners: Listeners, caller: string, most = MAX_LISTENERS): boolean {
  let own = 0;
  for (const each of listeners.values()) if (each === caller) own++;
  return own < Math.ceil((most - (listeners.size - own)) / 2);
}

export type EventSource = Pick<Events, 'read' | 'newest'>;

export interface ListenOptions {
  readonly events: EventSource;
  readonly signal: AbortSignal;
  /** Called once, when the connection is closed. */
  readonly onEnd: () => void;
}

/**
 * Events as they come, as server-sent events: `id` is the event's number, `data` the event as JSON. A listener that comes back with
 * `Last-Event-ID` goes on after that number and misses nothing; one that comes for the first time is told at once where the log
 * stands, so that it misses nothing either when it loses the connection before the first event.
 *
 * Query: `after` (as the header, which comes first), `type` (any number of times).
 *
 * Written to the connection itself: through a stream of the Fetch API an event costs each of a thousand listeners twice as much.
 * @throws NiagaError USAGE; nothing was sent then
 */
export function listen({ req, env }: AppContext, { events, signal, onEnd }: ListenOptions): Response {
  const query = new URL(req.url).searchParams;
  const given = req.header('last-event-id') ?? query.get('after');
  // A browser that has not seen an id yet sends none or an empty one.
  const after = given === null || given === '' ? events.newest : numberOf(given);
  const types = eventTypes(query.getAll('type'));
  const { outgoing } = env;
  const reading = new AbortController();
  const released = onAbort(signal, (reason) => reading.abort(reason));
  const tell = async (): Promise<void> => {
    try {
      for await (const event of events.read({ after, follow: true, types, signal: reading.signal }))
        if (!outgoing.write(frame(event))) await once(outgoing, 'drain', { signal: reading.signal });
      signal.throwIfAborted();
    } catch (error) {
      const why = toNiagaError(signal.aborted ? signal.reason : error);
      outgoing.write(`event: error\ndata: ${JSON.stringify(why)}\n\n`);
    }
    outgoing.end();
  };
  // Not for a reader that does not take what is there already.
  const heart = setInterval(() => outgoing.writableNeedDrain || outgoing.write(BEAT), HEARTBEAT);
  outgoing.once('close', () => {
    clearInterval(heart);
    released();
    reading.abort();
    onEnd();
  });
  outgoing.writeHead(200, { 'content-type': EVENT_STREAM });
  outgoing.write(`retry: ${RETRY}\nid: ${after}\n\n`);
  void tell();
  return RESPONSE_ALREADY_SENT;
}

const BEAT = ':\n\n';

/** An event as it is sent, the same to all who follow; JSON has no line breaks in it. */
const frame = remembered((event: NodeEvent) => Buffer.from(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`));

function numberOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new NiagaError('USAGE', 'The last event is named by its number.', { where: 'Last-Event-ID' });
}
