import { NiagaError } from '../../protocol/errors.js';
import { eventTypes, type Events, type NodeEvent } from '../events/index.js';
import { onAbort } from '../signals.js';
import { toNiagaError } from './problem.js';

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
  /** Called once, when nothing more will be sent; with what went wrong, if something did. */
  readonly onEnd: (error?: unknown) => void;
}

/**
 * Events as they come, as server-sent events: `id` is the event's number, `data` the event as JSON. A listener that comes back with
 * `Last-Event-ID` goes on after that number and misses nothing; one that comes for the first time is told at once where the log
 * stands, so that it misses nothing either when it loses the connection before the first event.
 *
 * Query: `after` (as the header, which comes first), `type` (any number of times).
 * @throws NiagaError USAGE
 */
export function listen(request: Request, { events, signal, onEnd }: ListenOptions): Response {
  const query = new URL(request.url).searchParams;
  const given = request.headers.get('last-event-id') ?? query.get('after');
  // A browser that has not seen an id yet sends none or an empty one.
  const after = given === null || given === '' ? events.newest : numberOf(given);
  const types = eventTypes(query.getAll('type'));
  const reading = new AbortController();
  const released = onAbort(signal, (reason) => reading.abort(reason));
  const iterator = events.read({ after, follow: true, types, signal: reading.signal })[Symbol.asyncIterator]();
  let heart: NodeJS.Timeout | undefined;
  let ended = false;
  const end = (error?: unknown): void => {
    if (ended) return;
    ended = true;
    clearInterval(heart);
    released();
    reading.abort();
    onEnd(error);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(utf8(`retry: ${RETRY}\nid: ${after}\n\n`));
        // Not for a reader that does not take what is there already.
        heart = setInterval(() => controller.desiredSize === 0 && controller.enqueue(BEAT), HEARTBEAT);
      },
      async pull(controller) {
        try {
          const result = await iterator.next();
          if (result.done !== true) return controller.enqueue(frame(result.value));
          if (signal.aborted) throw signal.reason;
          end();
        } catch (error) {
          end(error);
          controller.enqueue(utf8(`event: error\ndata: ${JSON.stringify(toNiagaError(error))}\n\n`));
        }
        controller.close();
      },
      cancel: () => end(),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

const encoder = new TextEncoder();
const utf8 = (text: string): Uint8Array => encoder.encode(text);
const BEAT = utf8(':\n\n');

/** Those of the newest events, which all who follow are given the same of. */
const frames = new WeakMap<NodeEvent, Uint8Array>();

/** An event as it is sent; JSON has no line breaks in it. */
function frame(event: NodeEvent): Uint8Array {
  let bytes = frames.get(event);
  if (bytes === undefined) frames.set(event, (bytes = utf8(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`)));
  return bytes;
}

function numberOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new NiagaError('USAGE', 'The last event is named by its number.', { where: 'Last-Event-ID' });
}
