import type { CID } from 'multiformats/cid';
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

export function createDelegationBook(options: {
  table: Table<Uint8Array>;
  network: string;
  verify: Verify;
}): DelegationBook {
  const { table, network, verify } = options;
  const known = new Map<string, SignedRecord<Delegation>>();

  function remember(delegation: SignedRecord<Delegation>): void {
    known.set(delegation.id.toString(), delegation);
    const oldest = known.size > MAX_DELEGATIONS ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
  }

  return {
    find: (id) => known.get(id.toString()),
    learn(bytes) {
      const delegation = openRecord(bytes, { network, kinds: ['delegation'], verify });
      const key = delegation.id.toString();
      const before = known.get(key);
      if (before !== undefined) return { delegation: before };
      remember(delegation);
      return { delegation, write: table.put(key, bytes) };
    },
    async load() {
      for await (const [, bytes] of table.range({ limit: MAX_DELEGATIONS })) {
        remember(openRecord(bytes, { network, kinds: ['delegation'], verify }));
      }
    },
  };
}
