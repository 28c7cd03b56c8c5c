/**
 * The data folder: where it is, what it holds, and whether this version may open it.
 *
 * @example
 * ```ts
 * import { openHome, resolveHome } from './node/home/index.js';
 *
 * const home = await openHome(resolveHome({ home: process.argv[2] }), 'main');
 * console.log(home.storeFolder); // …/main/store
 * ```
 *
 * @packageDocumentation
 */
export { FORMAT_FILE, openFolder, openHome, partsOf, type Home } from './open.js';
export { platformDataFolder, resolveHome } from './locate.js';
export { syncFolder, temporaryBeside, TEMPORARY_SUFFIX, writeFileAtomic } from './write-file-atomic.js';
