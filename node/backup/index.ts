/**
 * Backups: one sealed file with all that a home holds, made while the node runs, and a new home made from one.
 *
 * ```ts
 * const rows = (async function* () {
 *   for await (const some of store.dump()) yield { rows: rowEntries(some), count: some.length };
 * })();
 * await writeBackup({ file: 'niaga.backup', passphrase, folder: home.folder, network: 'main', trader, rows, now: Date.now() });
 * console.log((await checkBackup('niaga.backup', passphrase)).rows);
 * ```
 *
 * @packageDocumentation
 */
export { checkBackup, rowEntries } from './content.js';
export { checkPassphrase, writeBackup } from './write.js';
export { restoreBackup } from './restore.js';
