import { NiagaError } from '../../protocol/errors.js';
import { limited } from '../network/time-limit.js';
import { orAborted } from './abort.js';

const MiB = 1024 * 1024;
/** Of one request. A batch of listings from the command line has a quarter of it. */
export const DEFAULT_MAX_BODY = 16 * MiB;

const second = 1_000;
/** For a body to come whole: a slow road of 1 Mbit/s brings the largest one in. */
export const DEFAULT_BODY_TIME = 150 * second;

export interface BodyLimits {
  readonly maxBytes: number;
  /** Milliseconds until it must have come: whoever sends a byte now and then holds a place that others need. */
  readonly maxTime: number;
}

/**
 * The JSON value in the body of a request; an empty body stands for `{}`.
 * @throws NiagaError API_MEDIA_TYPE, INPUT_TOO_LARGE, INPUT_ENCODING, INPUT_SYNTAX, TIMED_OUT
 */
export async function readJson(request: Request, { maxBytes, maxTime }: BodyLimits): Promise<unknown> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const bytes = await limited(maxTime, [], (signal) => orAborted(readBytes(request, maxBytes, signal), signal)).catch(
    (error: unknown) => {
      throw error instanceof DOMException && error.name === 'TimeoutError' ? tooSlow(maxTime) : error;
    },
  );
  if (bytes.length === 0) return {};
  // A form of another site can send text, but not this type without asking first.
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new NiagaError('API_MEDIA_TYPE', 'The body must be JSON and say so.', {
      where: 'Content-Type',
      next: 'Send "Content-Type: application/json".',
    });
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new NiagaError('INPUT_ENCODING', 'The body is not UTF-8.', { where: 'body', cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NiagaError('INPUT_SYNTAX', 'The body is not JSON.', { where: 'body', cause: error });
  }
}

async function readBytes(request: Request, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const body: AsyncIterable<Uint8Array> | null = request.body;
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Counted while it arrives: a chunked body announces no length.
  for await (const chunk of body) {
    // It was answered already: what still comes is not kept.
    signal.throwIfAborted();
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  return Buffer.concat(chunks, size);
}

function tooSlow(maxTime: number): NiagaError {
  return new NiagaError('TIMED_OUT', `The body of the request did not come within ${maxTime / second} s.`, {
    where: 'body',
    next: 'Send it again, in one go.',
  });
}

function tooLarge(maxBytes: number): NiagaError {
  return new NiagaError('INPUT_TOO_LARGE', `The body of a request may have at most ${maxBytes} bytes.`, {
    where: 'body',
    next: 'Send less at a time.',
    details: { maxBytes },
  });
}
