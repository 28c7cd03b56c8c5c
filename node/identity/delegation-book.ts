import { createHash } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { isNiagaError } from '../../protocol/errors.js';
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
  /** The same, or one that was read not long ago and is not kept. */
  met(id: CID): SignedRecord<Delegation> | undefined;
  /**
   * Verifies and keeps nothing, for what strangers bring unasked.
   * @throws NiagaError RECORD_… where the envelope does not hold
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
}): DelegationBook {
  const { table, network, verify } = options;
  const known = new Map<string, SignedRecord<Delegation>>();
  const onDisk = new Set<string>();
  // Every answer brings the same few delegations: those met before are known by their bytes, without another check.
  const checked = createBoundedCache<SignedRecord<Delegation>>(CHECKED);
  const met = createBoundedCache<SignedRecord<Delegation>>(CHECKED);

  function read(bytes: Uint8Array): SignedRecord<Delegation> {
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
    met: (id) => known.get(id.toString()) ?? met.get(id.toString()),
    read,
    learn(bytes) {
      const delegation = read(bytes);
      const key = delegation.id.toString();
      remember(delegation);
      // Whether the caller's batch reached the disk is not known here, and a second put changes nothing.
      return onDisk.has(key) ? { delegation } : { delegation, write: table.put(key, delegation.bytes) };
    },
    async load() {
      for await (const [key, bytes] of table.range({ limit: MAX_DELEGATIONS })) {
        try {
          remember(read(bytes));
          onDisk.add(key);
        } catch (error) {
          // Whoever needs it will bring it again: one bad row is no reason not to start.
          if (!isNiagaError(error)) throw error;
        }
      }
    },
  };
}
