import { createHash } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import type { Table, Write } from '../store/index.js';

/** At about 400 B each: 8 MB. The oldest is forgotten first; whoever sends a record sends its delegation again. */
const MAX_DELEGATIONS = 20_000;
/** Checked ones that nobody asked to keep: enough for the sellers of many searches. */
const CHECKED = 4_000;

/** The delegations that this node keeps for good, by id: those of the records that it or its user chose to have. */
export interface DelegationBook {
  find(id: CID): SignedRecord<Delegation> | undefined;
  /** The same, or one that was read not long ago and is not kept; not one of a device that was revoked. */
  met(id: CID): SignedRecord<Delegation> | undefined;
  /**
   * Verifies and keeps nothing, for what strangers bring unasked.
   * @throws NiagaError RECORD_… where the envelope does not hold, DELEGATION_REVOKED
   */
  read(bytes: Uint8Array): SignedRecord<Delegation>;
  /**
   * Verifies and remembers; gives it with the write that keeps it, undefined only where it is on disk for certain.
   * @throws NiagaError RECORD_… where the envelope does not hold
   */
  learn(bytes: Uint8Array): { delegation: SignedRecord<Delegation>; write?: Write };
  /** Reads what was kept. */
  load(): Promise<void>;
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

export function createDelegationBook(options: {
  table: Table<Uint8Array>;
  network: string;
  verify: Verify;
  /** Whether a device was revoked: its delegations open nothing new. Default: none was. */
  isRevoked?: (trader: Uint8Array, device: Uint8Array) => boolean;
}): DelegationBook {
  const { table, network, verify, isRevoked } = options;
  const known = new Map<string, SignedRecord<Delegation>>();
  const onDisk = new Set<string>();
  // Every answer brings the same few delegations: those met before are known by their bytes, without another check.
  const checked = createBoundedCache<SignedRecord<Delegation>>(CHECKED);
  const met = createBoundedCache<SignedRecord<Delegation>>(CHECKED);

  const isGone = ({ payload }: SignedRecord<Delegation>): boolean =>
    isRevoked?.(payload.trader, payload.delegate) === true;

  function read(bytes: Uint8Array): SignedRecord<Delegation> {
    const delegation = open(bytes);
    if (!isGone(delegation)) return delegation;
    throw new NiagaError('DELEGATION_REVOKED', 'The device that the delegation is for was revoked.');
  }

  function open(bytes: Uint8Array): SignedRecord<Delegation> {
    const hash = hashOf(bytes);
    const before = checked.get(hash);
    if (before !== undefined) {
      met.set(before.id.toString(), before);
      return before;
    }
    // A copy of its own: what came is a view of a frame of a megabyte.
    const delegation = openRecord(bytes.slice(), { network, kinds: ['delegation'], verify });
    checked.set(hash, delegation);
    met.set(delegation.id.toString(), delegation);
    return delegation;
  }

  function remember(delegation: SignedRecord<Delegation>): void {
    known.set(delegation.id.toString(), delegation);
    const oldest = known.size > MAX_DELEGATIONS ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
  }

  return {
    find: (id) => known.get(id.toString()),
    met(id) {
      const delegation = known.get(id.toString()) ?? met.get(id.toString());
      return delegation === undefined || isGone(delegation) ? undefined : delegation;
    },
    read,
    learn(bytes) {
      // For good also of a device that was revoked: what it signed before for finished trades stands.
      const delegation = open(bytes);
      const key = delegation.id.toString();
      remember(delegation);
      // Whether the caller's batch reached the disk is not known here, and a second put changes nothing.
      return onDisk.has(key) ? { delegation } : { delegation, write: table.put(key, delegation.bytes) };
    },
    async load() {
      for await (const [key, bytes] of table.range({ limit: MAX_DELEGATIONS })) {
        try {
          remember(open(bytes));
          onDisk.add(key);
        } catch (error) {
          // Whoever needs it will bring it again: one bad row is no reason not to start.
          if (!isNiagaError(error)) throw error;
        }
      }
    },
  };
}
