import { NiagaError } from '../../protocol/errors.js';
import type { SignedRecord } from '../../protocol/record.js';
import type { DelegationBook, Identity } from '../identity/index.js';
import type { Devices } from './index.js';

export interface RestoredDeviceDeps {
  readonly identity: Identity;
  readonly devices: Pick<Devices, 'submit'>;
  readonly delegations: Pick<DelegationBook, 'find' | 'met'>;
}

/**
 * Makes the device known that signed an own record, by the delegation that came with it. Nodes near tell nothing of one that was lost
 * soon after its first start, and of none the delegations from before the newest.
 * @throws NiagaError DELEGATION_MISSING while nobody else has told of it either
 */
export async function learnDevice(
  { delegation: named }: Pick<SignedRecord, 'delegation'>,
  { identity, devices, delegations }: RestoredDeviceDeps,
): Promise<void> {
  if (named === undefined || identity.delegationOf(named) !== undefined) return;
  const delegation = delegations.met(named) ?? delegations.find(named);
  if (delegation !== undefined) await devices.submit([delegation.bytes]);
  if (identity.delegationOf(named) !== undefined) return;
  throw new NiagaError('DELEGATION_MISSING', 'The device that signed an own record is not known here.');
}
