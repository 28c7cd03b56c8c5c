import type { z } from 'zod';
import { encode } from '../../protocol/cbor.js';
import { readCbor } from '../../protocol/cbor-reader.js';
import { NiagaError } from '../../protocol/errors.js';
import { MAX_BODY } from './frames.js';
import type { Network } from './index.js';

/** Bodies of requests and answers, whatever the method. */

const DEPTH = 16;

export function writeBody(value: unknown): Uint8Array {
  return encode(value);
}

/** @throws NiagaError PEER_PROTOCOL where the bytes are not of the schema; RECORD_MALFORMED, RECORD_TOO_LARGE */
export function readBody<S extends z.ZodType>(schema: S, body: Uint8Array, what: string): z.output<S> {
  // No frame holds more; what letters bring is read here too.
  if (body.length > MAX_BODY) throw new NiagaError('RECORD_TOO_LARGE', `The ${what} has more than ${MAX_BODY} bytes.`);
  // Nobody signs bodies, so they are not encoded again to compare: that would cost as much as reading them.
  const parsed = schema.safeParse(readCbor(body, DEPTH));
  if (parsed.success) return parsed.data;
  throw new NiagaError('PEER_PROTOCOL', `The ${what} is not of its form.`);
}

/** Who was asked what, and what may come of it. */
export interface Expected<S extends z.ZodType> {
  readonly peer: string;
  readonly method: string;
  readonly schema: S;
  /** Whether it can be an answer to what was asked: to each of so many records, say. Default: whatever is of the schema can. */
  readonly fits?: ((answer: z.output<S>) => boolean) | undefined;
}

/**
 * Reads what an index node or keeper has answered. An answer that is not of its form costs its reader as much as an honest one: whoever
 * sends several is blocked for a while. For mail, and between a trader's devices, it is {@link readBody} that reads: a later version
 * that cannot be read must not cut traders off from each other.
 * @throws what {@link readBody} throws; PEER_PROTOCOL also where the answer does not fit
 */
export function readAnswer<S extends z.ZodType>(
  network: Pick<Network, 'misbehaved'>,
  { peer, method, schema, fits = () => true }: Expected<S>,
  bytes: Uint8Array,
): z.output<S> {
  try {
    const answer = readBody(schema, bytes, `answer to ${method}`);
    if (fits(answer)) return answer;
    throw new NiagaError('PEER_PROTOCOL', `The answer to ${method} does not fit what was asked.`);
  } catch (error) {
    network.misbehaved(peer);
    throw error;
  }
}
