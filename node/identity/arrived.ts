import { NiagaError } from '../../protocol/errors.js';
import type { Header } from '../../protocol/header.js';
import type { Kind, PayloadOf } from '../../protocol/kinds.js';
import { equalBytes } from '../../protocol/ids.js';
import {
  checkNotAhead,
  delegationEnded,
  hasEnded,
  openRecord,
  type SignedRecord,
  type Verify,
} from '../../protocol/record.js';
import type { DeviceBook } from './device-book.js';

/** What it takes to judge a record that has just come. */
interface ArrivedDeps {
  readonly networkName: string;
  readonly verify: Verify;
  /** This node's clock: milliseconds UTC. */
  readonly now: () => number;
  readonly devices: Pick<DeviceBook, 'isRevoked'>;
}

/**
 * Opens a record that has just come from somebody and counts from now on: verified, in time by this node's clock, and of a device
 * that was not revoked (DESIGN section 4). Of a stolen phone nothing counts from the moment on in which this node has heard so.
 * @param from the trader in whose letter it came, if in any: see {@link vouches}
 * @throws NiagaError DELEGATION_REVOKED, and as `openRecord`
 */
export function openArrived<K extends Kind>(
  bytes: Uint8Array,
  kind: K,
  deps: ArrivedDeps,
  from?: Uint8Array,
): SignedRecord<PayloadOf<K>> {
  const { networkName: network, verify, now, devices } = deps;
  const record = openRecord(bytes, { network, kinds: [kind], verify });
  const header: Header = record.payload;
  checkNotAhead(header, now());
  if (record.until !== undefined && hasEnded(record, now()) && !vouches(from, header))
    throw delegationEnded(kind, record.until);
  checkNotRevoked(header, devices);
  return record;
}

/**
 * Whether a letter's sender says with it that a record was signed in time: by the time at which both sides are there its delegation may
 * have ended. The letter is of a device of its author that may sign now, which could sign this anew.
 */
export function vouches(from: Uint8Array | undefined, { trader }: { readonly trader: Uint8Array }): boolean {
  return from !== undefined && equalBytes(from, trader);
}

/** @throws NiagaError DELEGATION_REVOKED */
export function checkNotRevoked(
  { kind, trader, device }: { readonly kind: string; readonly trader: Uint8Array; readonly device: Uint8Array },
  devices: Pick<DeviceBook, 'isRevoked'>,
): void {
  if (devices.isRevoked(trader, device))
    throw new NiagaError('DELEGATION_REVOKED', `The device that signed the ${kind} was revoked.`);
}
