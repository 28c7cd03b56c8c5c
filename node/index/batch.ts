import { equalBytes, peerIdToDevice } from '../../protocol/ids.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import type { SignedRecord } from '../../protocol/record.js';

/** Who brought a batch of cards, and what came with it. */
export interface Batch {
  /** The key of the device that sent it, as the connection's handshake has shown; undefined for a peer id of another kind. */
  readonly device: Uint8Array | undefined;
  /** The delegations that hold, by id. */
  readonly offered: ReadonlyMap<string, SignedRecord<Delegation>>;
}

/** For what was kept before: nobody brings it. */
export const NOBODY: Batch = { device: undefined, offered: new Map() };

/** Whether the record's own device sent it. */
export function isFrom({ device }: Batch, payload: { readonly device: Uint8Array }): boolean {
  return device !== undefined && equalBytes(device, payload.device);
}

export function deviceOf(peer: string): Uint8Array | undefined {
  try {
    return peerIdToDevice(peer);
  } catch {
    return undefined;
  }
}
