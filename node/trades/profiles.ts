import type { CID } from 'multiformats/cid';
import { isNiagaError } from '../../protocol/errors.js';
import { traderToText } from '../../protocol/ids.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import type { SignedRecord } from '../../protocol/record.js';
import { ROLES, type Role, type TradeState } from '../../protocol/trade/index.js';
import type { DelegationBook, DeviceBook, Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import { limited } from '../network/time-limit.js';
import type { TraderRecord, TraderRecords } from '../trader-records/index.js';

/** Names are good to have in evidence and in an invoice; nobody waits longer for them, and without them both are whole. */
const PROFILE_TIMEOUT = 3_000;

export interface ProfilesDeps {
  readonly identity: Identity;
  readonly delegations: DelegationBook;
  readonly devices: DeviceBook;
  readonly traderRecords: Pick<TraderRecords, 'get'>;
  readonly logger: Logger;
}

/** What somebody in a trade says of itself, with the delegation of the device that signed it. */
export interface KnownProfile {
  readonly role: Role;
  readonly record: TraderRecord<'profile'>;
  readonly delegation: SignedRecord<Delegation>;
}

/** The newest profiles of those who are in a trade, as far as the network gives them now. */
export async function profilesOf(state: TradeState, deps: ProfilesDeps): Promise<KnownProfile[]> {
  const found = await Promise.all(
    ROLES.map(async (role): Promise<KnownProfile[]> => {
      const trader = role === 'arbiter' ? state.agreement?.terms.arbiter?.trader : state.parties[role];
      const record = trader === undefined ? undefined : await profileOf(trader, deps);
      const delegation = record?.delegation && delegationOf(record.delegation, deps);
      // Of a device that was revoked since: a thief would like to be called otherwise.
      const isRevoked =
        record !== undefined && deps.devices.revocationsOf(record.payload.trader, record.payload.device).length > 0;
      return record === undefined || delegation === undefined || isRevoked ? [] : [{ role, record, delegation }];
    }),
  );
  return found.flat();
}

async function profileOf(
  trader: Uint8Array,
  { traderRecords, logger }: ProfilesDeps,
): Promise<TraderRecord<'profile'> | undefined> {
  try {
    return await limited(PROFILE_TIMEOUT, [], (signal) => traderRecords.get(trader, 'profile', { signal }));
  } catch (error) {
    if (!isNiagaError(error) && !(error instanceof DOMException)) throw error;
    logger.debug({ trader: traderToText(trader), error: String(error) }, 'a profile could not be had');
    return undefined;
  }
}

function delegationOf(
  id: CID,
  { identity, delegations }: Pick<ProfilesDeps, 'identity' | 'delegations'>,
): SignedRecord<Delegation> | undefined {
  return identity.delegationOf(id) ?? delegations.met(id);
}
