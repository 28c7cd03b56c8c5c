import { Level } from 'level';
import { decodeHead, HEAD_KEY } from './digest.js';
import { openError } from './errors.js';
import { unseal } from './rows.js';
import type { StoredRow } from './scan.js';
import { openWitness } from './witness.js';

/** Rows are written in batches of so many bytes. */
const BATCH_BYTES = 1024 * 1024;

/**
 * Makes a database of the rows of another one, as {@link Store.dump} gave them out; afterwards they are on disk.
 * @throws NiagaError STORE_FAILED, and what the rows throw: the folder is then to be removed
 */
export async function fillStore(path: string, rows: AsyncIterable<StoredRow>): Promise<void> {
  const db = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false,
    errorIfExists: true,
  });
  let newest = 0;
  try {
    await db.open();
    let batch = db.batch();
    let size = 0;
    for await (const [key, row] of rows) {
      if (key.toString('latin1') === HEAD_KEY) newest = decodeHead(unseal(key, row) ?? new Uint8Array())?.batch ?? 0;
      batch.put(key, row);
      size += key.length + row.length;
      if (size < BATCH_BYTES) continue;
      await batch.write();
      batch = db.batch();
      size = 0;
    }
    await batch.write({ sync: true });
  } catch (error) {
    throw openError(error, path);
  } finally {
    await db.close();
  }
  (await openWitness(path, newest)).close();
}
