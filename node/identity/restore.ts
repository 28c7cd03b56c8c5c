import { nextEpoch, WRITER_LIFETIME } from '../../protocol/identity/writer.js';
import { peerIdToDevice } from '../../protocol/ids.js';
import { signRecord } from '../../protocol/record.js';
import { refuseSecondIdentity, storeDevice } from './identity.js';
import { storeSecret } from './key-file.js';
import { writeKeyFile, type IdentityHome } from './key-folder.js';
import { keepRecords } from './pairing.js';
import { rootFromWords } from './root.js';

/**
 * Makes this machine a new device of the trader whose words these are, and the one that writes. The root itself is not kept; what
 * opens the capsule is, until the node has opened it.
 * @throws NiagaError IDENTITY_EXISTS, WORDS_INVALID, HOME_UNUSABLE
 */
export async function restoreIdentity(
  home: IdentityHome,
  words: string,
  given: {
    network: string;
    now: number;
    label?: string | undefined;
    passphrase?: string | undefined;
  },
): Promise<{ trader: string; peerId: string }> {
  const { network, now, passphrase, label } = given;
  await refuseSecondIdentity(home);
  const root = await rootFromWords(words);
  await writeKeyFile(home, 'restoring', {
    recovery: await storeSecret(root.recovery.secretKey, passphrase),
    since: now,
  });
  // The device file comes last but for the records, which name the device: without them the node asks the network who writes.
  const { trader, peerId, delegation } = await storeDevice(home, root, { network, now, passphrase, name: '', label });
  const lease = {
    epoch: nextEpoch(undefined, now),
    holder: peerIdToDevice(peerId),
    expires: now + WRITER_LIFETIME,
    stands: [],
  };
  const writer = signRecord('writer', lease, root, { network, created: now });
  await keepRecords(home, [delegation.bytes, writer.bytes]);
  return { trader, peerId };
}
