import { createHash } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { isNiagaError } from '../../protocol/errors.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import type { Table, Write } from '../store/index.js';

/** At about 400 B each: 8 MB. The oldest is forgotten first; whoever sends a record sends its delegation again. */
export const MAX_DELEGATIONS = 20_000;

/** The delegations that this node has met, by id: cards name theirs instead of carrying it. */
export interface DelegationBook {
  find(id: CID): SignedRecord<Delegation> | undefined;
  /**
   * Verifies and remembers; gives it with the write that keeps it, undefined where it was known.
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
  const byBytes = new Map<string, SignedRecord<Delegation>>();

  function remember(delegation: SignedRecord<Delegation>): void {
    known.set(delegation.id.toString(), delegation);
    byBytes.set(hashOf(delegation.bytes), delegation);
    for (const map of [known, byBytes]) {
      const oldest = map.size > MAX_DELEGATIONS ? map.keys().next().value : undefined;
      if (oldest !== undefined) map.delete(oldest);
    }
  }

  return {
    find: (id) => known.get(id.toString()),
    learn(bytes) {
      // Every answer brings the same few delegations: those met before are known by their bytes, without another check.
      const before = byBytes.get(hashOf(bytes));
      if (before !== undefined) return { delegation: before };
      const delegation = openRecord(bytes, { network, kinds: ['delegation'], verify });
      const key = delegation.id.toString();
      remember(delegation);
      return { delegation, write: table.put(key, bytes) };
    },
    async load() {
      for await (const [, bytes] of table.range({ limit: MAX_DELEGATIONS })) {
        try {
          remember(openRecord(bytes, { network, kinds: ['delegation'], verify }));
        } catch (error) {
          // Whoever needs it will bring it again: one bad row is no reason not to start.
          if (!isNiagaError(error)) throw error;
        }
      }
    },
  };
}
