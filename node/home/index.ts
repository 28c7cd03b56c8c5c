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
export { openHome, type Home } from './open.js';
export { platformDataFolder, resolveHome } from './locate.js';
export { writeFileAtomic } from './write-file-atomic.js';
