import { toBase64 } from '../identity/key-file.js';
import type { Store } from '../store/index.js';
import { rowEntries } from './content.js';

/** What a node does for a backup: it gives out the rows; keys and passphrase are the command's. */
export function backupHandlers({ store }: { readonly store: Pick<Store, 'dump'> }) {
  return {
    backup: async function* (): AsyncGenerator<{ rows: string; count: number }> {
      for await (const rows of store.dump()) yield { rows: toBase64(rowEntries(rows)), count: rows.length };
    },
  };
}
