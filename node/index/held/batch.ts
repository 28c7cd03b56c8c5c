import { equalBytes, peerIdToDevice } from '../../../protocol/ids.js';
import type { Grant } from './grants.js';

/** Who brought a batch of cards, and what came with it. */
export interface Batch {
  /** The key of the device that sent it, as the connection's handshake has shown; undefined for a peer id of another kind. */
  readonly device: Uint8Array | undefined;
  /** The delegations that hold, by the digest of their id, a byte a character. */
  readonly offered: ReadonlyMap<string, Grant>;
}

/** For what was kept before: nobody brings it. */
export const NOBODY: Batch = { device: undefined, offered: new Map() };

/**
 * Nothing is kept of its delegations before something that is taken names them.
 * @param read gives undefined for one that does not hold
 */
export function openBatch(
  peer: string,
  delegations: readonly Uint8Array[],
  read: (bytes: Uint8Array) => Grant | undefined,
): Batch {
  const grants = delegations.flatMap((bytes) => read(bytes) ?? []);
  return { device: deviceOf(peer), offered: new Map(grants.map((grant) => [grant.digest, grant])) };
}

/** Whether the record's own device sent it. */
export function isFrom({ device }: Batch, payload: { readonly device: Uint8Array }): boolean {
  return device !== undefined && equalBytes(device, payload.device);
}

function deviceOf(peer: string): Uint8Array | undefined {
  try {
    return peerIdToDevice(peer);
  } catch {
    return undefined;
  }
}
