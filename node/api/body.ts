import type { IncomingMessage } from 'node:http';
import { NiagaError } from '../../protocol/errors.js';

const MiB = 1024 * 1024;
/** Of one request. A batch of listings from the command line has a quarter of it. */
export const DEFAULT_MAX_BODY = 16 * MiB;

const second = 1_000;
/** For a body to come whole: a slow road of 1 Mbit/s brings the largest one in. */
export const DEFAULT_BODY_TIME = 150 * second;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

export interface BodyLimits {
  readonly maxBytes: number;
  /** Milliseconds until it must have come: whoever sends a byte now and then holds a place that others need. */
  readonly maxTime: number;
}

/**
 * The JSON value in the body of a request; an empty body stands for `{}`.
 * @throws NiagaError API_MEDIA_TYPE, INPUT_TOO_LARGE, INPUT_ENCODING, INPUT_SYNTAX, TIMED_OUT, STOPPED
 */
export async function readJson(request: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  const { maxBytes } = limits;
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const bytes = await readBytes(request, limits);
  if (bytes.length === 0) return {};
  // A form of another site can send text, but not this type without asking first.
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new NiagaError('API_MEDIA_TYPE', 'The body must be JSON and say so.', {
      where: 'Content-Type',
      next: 'Send "Content-Type: application/json".',
    });
  }
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch (error) {
    throw new NiagaError('INPUT_ENCODING', 'The body is not UTF-8.', { where: 'body', cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NiagaError('INPUT_SYNTAX', 'The body is not JSON.', { where: 'body', cause: error });
  }
}

/** Not by the request of the Fetch API: to make a stream of one costs more than all else that most requests need. */
function readBytes(request: IncomingMessage, { maxBytes, maxTime }: BodyLimits): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
    };
    const fail = (error: NiagaError): void => {
      settle();
      // It is answered now: what still comes is not kept.
      request.resume();
      reject(error);
    };
    // Counted while it arrives: a chunked body announces no length.
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) fail(tooLarge(maxBytes));
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      settle();
      resolve(Buffer.concat(chunks, size));
    };
    const onGone = (): void => fail(new NiagaError('STOPPED', 'The caller has gone away.'));
    const timer = setTimeout(() => fail(tooSlow(maxTime)), maxTime);
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    if (request.destroyed) onGone();
  });
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
