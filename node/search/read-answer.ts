import type { z } from 'zod';
import { readBody } from '../index/wire.js';
import type { Network } from '../network/index.js';

/**
 * Reads what a node has answered. One that is not of its form costs its reader as much as an honest one: whoever sends several is
 * blocked for a while.
 * @throws NiagaError PEER_PROTOCOL, RECORD_MALFORMED, RECORD_TOO_LARGE
 */
export function readAnswer<S extends z.ZodType>(
  network: Pick<Network, 'misbehaved'>,
  { peer, method, schema }: { readonly peer: string; readonly method: string; readonly schema: S },
  bytes: Uint8Array,
): z.output<S> {
  try {
    return readBody(schema, bytes, `answer to ${method}`);
  } catch (error) {
    network.misbehaved(peer);
    throw error;
  }
}
