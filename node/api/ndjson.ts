import { orAborted } from './abort.js';
import { toNiagaError } from './problem.js';

export const NDJSON = 'application/x-ndjson';

export interface StreamOptions {
  readonly signal: AbortSignal;
  /** Called once, when nothing more will be sent; with what went wrong, if something did. */
  readonly onEnd: (error?: unknown) => void;
  /** Called when the reader has gone away. */
  readonly onCancel: () => void;
}

/** An output that takes longer is not waited for with the answer's head: a reader that follows must know that it was let in. */
const HEAD_AFTER = 1_000;

/**
 * Outputs as lines of JSON, each sent when it is known and asked for no faster than the reader reads. What goes wrong
 * before the first output, or within a second, is thrown, so that it can be answered with its own status; what goes wrong
 * later becomes the last line, `{"error": {…}}`. No output is an object with `error` as its only field.
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

  let upcoming: Promise<IteratorResult<unknown>> | undefined = orAborted(iterator.next(), signal);
  try {
    await within(HEAD_AFTER, upcoming);
  } catch (error) {
    giveUp();
    throw error;
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const result = await (upcoming ?? orAborted(iterator.next(), signal));
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

/** The same lines as one text, once all are known. @throws what goes wrong before the first output */
export async function ndjsonText(outputs: AsyncIterable<unknown>): Promise<string> {
  const lines: string[] = [];
  try {
    for await (const output of outputs) lines.push(JSON.stringify(output));
  } catch (error) {
    if (lines.length === 0) throw error;
    lines.push(JSON.stringify({ error: toNiagaError(error) }));
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Settles as the promise does, or resolves after so many milliseconds. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  // Where it comes late, whoever waits for it then gets the failure.
  promise.catch(() => undefined);
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
