import { orAborted } from './abort.js';
import { toNiagaError } from './problem.js';

const NDJSON = 'application/x-ndjson';

export interface StreamOptions {
  readonly signal: AbortSignal;
  /** Called once, when nothing more will be sent; with what went wrong, if something did. */
  readonly onEnd: (error?: unknown) => void;
  /** Called when the reader has gone away. */
  readonly onCancel: () => void;
}

/**
 * Outputs as lines of JSON, each sent when it is known and asked for no faster than the reader reads. What goes wrong
 * before the first output is thrown, so that it can be answered with its own status; what goes wrong later becomes the
 * last line, `{"error": {…}}`. No output is an object with `error` as its only field.
 */
export async function ndjsonResponse(outputs: AsyncIterable<unknown>, options: StreamOptions): Promise<Response> {
  const { signal, onEnd, onCancel } = options;
  const iterator = outputs[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const line = (value: unknown): Uint8Array => encoder.encode(`${JSON.stringify(value)}\n`);
  const giveUp = (): void => {
    // Not awaited: a generator that hangs returns only when it wakes up.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  };

  let ended = false;
  const end = (error?: unknown): void => {
    if (!ended) onEnd(error);
    ended = true;
  };

  let upcoming: IteratorResult<unknown> | undefined;
  try {
    upcoming = await orAborted(iterator.next(), signal);
  } catch (error) {
    giveUp();
    throw error;
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const result = upcoming ?? (await orAborted(iterator.next(), signal));
          upcoming = undefined;
          if (result.done !== true) {
            controller.enqueue(line(result.value));
            return;
          }
          end();
        } catch (error) {
          giveUp();
          if (ended) return;
          end(error);
          controller.enqueue(line({ error: toNiagaError(error) }));
        }
        controller.close();
      },
      cancel() {
        onCancel();
        giveUp();
        end();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': NDJSON } });
}
