/**
 * Who a node is: the trader's root key, made from 24 words (BIP-39), and this machine's device key, for which the root
 * has signed a delegation (DESIGN section 4). The device key signs everything else and is the libp2p identity.
 *
 * ```ts
 * const home = await openHome('./data', 'main');
 * await createIdentity({ home, network: 'main', name: 'Warung Sari', now: Date.now() });
 * const identity = await openIdentity({ home, network: 'main' });
 * console.log(identity.traderText, identity.peerId);
 * ```
 */
export { createIdentity, delegate, hasIdentity, isHalfOver, openIdentity, refuseSecondIdentity } from './identity.js';
export type { Identity } from './identity.js';
export type { IdentityHome } from './key-folder.js';
export type { Root } from './root.js';
export {
  acceptPairing,
  keptRecords,
  readRequest,
  refuseUnfinishedPairing,
  requestPairing,
  writeAnswer,
} from './pairing.js';
export { signDrafts } from './drafts.js';
export { fromBase64, toBase64 } from './key-file.js';
export { restoreIdentity } from './restore.js';
export { confirmWords, eraseRoot, ownWords, rootOrWords } from './words.js';
export { createDelegationBook } from './delegation-book.js';
export type { DelegationBook } from './delegation-book.js';
export { createDeviceBook } from './device-book.js';
export type { DeviceBook, DeviceRecord } from './device-book.js';
export { checkNotRevoked, openArrived, vouches } from './arrived.js';
export { createBulkVerifier } from './verifier.js';
