import { nextEpoch, WRITER_LIFETIME } from '../../protocol/identity/writer.js';
import { deviceToPeerId, peerIdToDevice } from '../../protocol/ids.js';
import { openRecord, signRecord } from '../../protocol/record.js';
import type { Stands } from '../../protocol/identity/stands.js';
import { newestOf } from '../devices/stands.js';
import { createBulkVerifier, createDeviceBook, fromBase64, rootOrWords } from '../identity/index.js';
import { readSecret, storeSecret } from '../identity/key-file.js';
import { readKeyFile, writeKeyFile, type IdentityHome } from '../identity/key-folder.js';
import { storeDevice } from '../identity/identity.js';
import { keepRecords } from '../identity/pairing.js';
import { OutboxTables } from '../mail/outbox.js';
import { rawCodec, type Store } from '../store/index.js';
import { Journal } from '../trades/journal.js';
import { damaged } from './seal.js';

interface TakeOverOptions extends IdentityHome {
  readonly network: string;
  readonly keyPassphrase: string | undefined;
  readonly label: string | undefined;
  readonly now: number;
  readonly askWords: () => Promise<string>;
}

/**
 * Makes a restored home a new device of its trader, and the one that writes, as a restoring from the words does (DESIGN section 4): the
 * machine that the backup is of may still run, or may have signed more since. It gets no second voice: the device key of the backup is
 * never used again, the lease of the new one ends the other's, and trades are read only until their logs were compared with the other
 * sides'. What the backup has of them stands: it may not have been delivered yet.
 * @throws NiagaError IDENTITY_SEALED, ROOT_MISSING, WORDS_…
 */
export async function takeOver(options: TakeOverOptions, store: Store): Promise<{ device: string; before: string }> {
  const { network, keyPassphrase, now, label } = options;
  const stored = await readKeyFile(options, 'device');
  if (stored === undefined) throw damaged('has no device key');
  // Nobody types 24 words to be told that another passphrase is missing.
  await readSecret(stored.seed, keyPassphrase);
  const root = await rootOrWords(options, keyPassphrase, options.askWords);
  const before = openRecord(fromBase64(stored.delegation), { network, kinds: ['delegation'] });
  const stands = await standing(store, network);
  const book = createDeviceBook({
    now: () => now,
    table: store.table('devices', rawCodec),
    write: (writes) => store.write(writes),
    network,
    own: root.trader,
    verify: createBulkVerifier(),
  });
  await book.load();
  const lease = book.writerOf(root.trader);

  // Progress of a restoring that is over; who might use the API of the other machine: what was revoked there since may not come back;
  // and where its events go: both machines would send theirs under the same numbers, and the receiver would take one for the other.
  const gone = [];
  for (const name of ['restore', 'api-tokens', 'api-keys', 'api-answers', 'webhooks']) {
    const table = store.table(name, rawCodec);
    for await (const [key] of table.range()) gone.push(table.del(key));
  }
  await store.write(gone);
  const recovery = await storeSecret(root.recovery.secretKey, keyPassphrase);
  await writeKeyFile(options, 'restoring', { recovery, since: now });
  const { peerId, delegation } = await storeDevice(options, root, {
    network,
    now,
    passphrase: keyPassphrase,
    name: stored.name,
    label: label ?? before.payload.label,
  });
  const writer = signRecord(
    'writer',
    {
      epoch: nextEpoch(lease?.payload, now),
      holder: peerIdToDevice(peerId),
      expires: now + WRITER_LIFETIME,
      ...(lease === undefined ? {} : { previous: lease.id }),
      stands,
    },
    root,
    { network, created: now },
  );
  await keepRecords(options, [before.bytes, delegation.bytes, writer.bytes]);
  return { device: peerId, before: deviceToPeerId(before.payload.delegate) };
}

/** The newest messages of all trades that the backup has. */
async function standing(store: Store, network: string): Promise<Stands> {
  const underWay = new Set<string>();
  for await (const { waiting } of new OutboxTables(store).waiting())
    if (waiting.about !== undefined) underWay.add(waiting.about);
  const journal = new Journal(store, network, createBulkVerifier());
  return newestOf(
    (async function* () {
      for await (const [trade, { updated, ended }] of journal.rows()) {
        const records = [];
        for await (const record of journal.messages(trade)) records.push(record);
        const [offer] = records;
        if (offer !== undefined) yield { trade: offer.id, updated, ended, records };
      }
    })(),
    underWay,
  );
}
