import type { PeerRow } from './network/index.js';
import { cborCodec, type Store, type Table } from './store/index.js';

/** The peer directory in the store: one row a peer. */
export function peerStore(store: Store): { load(): Promise<PeerRow[]>; save(rows: readonly PeerRow[]): Promise<void> } {
  const table: Table<PeerRow> = store.table('peers', cborCodec<PeerRow>());
  return {
    async load() {
      const rows: PeerRow[] = [];
      for await (const [, row] of table.range()) rows.push(row);
      return rows;
    },
    async save(rows) {
      const kept = new Set(rows.map(({ id }) => id));
      const writes = rows.map((row) => table.put(row.id, row));
      for await (const [id] of table.range()) if (!kept.has(id)) writes.push(table.del(id));
      await store.write(writes, { sync: false });
    },
  };
}
