import { NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId } from '../../protocol/ids.js';
import { CLOCK_SKEW } from '../../protocol/record.js';
import type { DelegationBook } from '../identity/index.js';

/**
 * For which trader a connected peer asks: the connection proves its device key, the delegation whose device that is.
 * @throws NiagaError PEER_REFUSED, DELEGATION_REVOKED, DELEGATION_EXPIRED, DELEGATION_CAPABILITY, RECORD_…
 */
export function traderAsking(
  delegation: Uint8Array,
  peer: string,
  { delegations, now }: { readonly delegations: DelegationBook; readonly now: () => number },
): Uint8Array {
  const { payload } = delegations.read(delegation);
  if (deviceToPeerId(payload.delegate) !== peer)
    throw new NiagaError('PEER_REFUSED', 'The delegation is for another device than the one that asks.');
  if (now() > payload.expires + CLOCK_SKEW)
    throw new NiagaError('DELEGATION_EXPIRED', 'The delegation of the device that asks has expired.');
  if (!payload.may.includes('trade'))
    throw new NiagaError('DELEGATION_CAPABILITY', 'The delegation of the device that asks does not allow "trade".');
  return payload.trader;
}
