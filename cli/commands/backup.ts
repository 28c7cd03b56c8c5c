import { access, constants } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { askWords } from '../ask.js';
import { connect } from '../connect.js';
import { typeNext, type Context } from '../context.js';
import type { backupCheckInput, backupInput, Command, restoreInput } from '../forms.js';
import { note, printOne } from '../output.js';
import { askPassphrase } from '../passphrase.js';
import { fileError } from './evidence-file.js';
import { refuseToOverwrite } from './export.js';

type Rows = AsyncIterable<{ readonly rows: Uint8Array; readonly count: number }>;

/** Exit code 1 where the store itself is damaged: the file then holds what there is. */
export const backup: Command<z.output<typeof backupInput>> = async ({ file, passphraseFile, force }, context) => {
  await refuseToOverwrite(file, force);
  const { checkPassphrase, writeBackup } = await import('../../node/backup/index.js');
  const { partsOf, resolveHome } = await import('../../node/home/index.js');
  const { readKeyFile } = await import('../../node/identity/key-folder.js');
  const home = partsOf(join(resolveHome({ home: context.home, env: context.env }), context.network));
  const device = await readKeyFile(home, 'device');
  if (device === undefined) {
    throw new NiagaError('IDENTITY_MISSING', `There is no identity in ${home.identityFolder}.`, {
      next: 'Name the home to back up with --home.',
    });
  }
  const passphrase = await askPassphrase(passphraseFile, context, { twice: true });
  checkPassphrase(passphrase);
  const { problems, ...contents } = await writeBackup({
    file: resolve(file),
    passphrase,
    folder: home.folder,
    network: context.network,
    trader: device.trader,
    rows: rowsOf(context, home.storeFolder),
    now: Date.now(),
    signal: context.signal,
  });
  await printOne('backup', { file, ...contents, problems }, context);
  note(context, 'It holds the keys and all that is private. Without the passphrase nobody can open it, you included.');
  note(context, `To see whether a copy of it is whole: ${typeNext(context, 'backup check FILE')}`);
  return problems.length === 0 ? 0 : 1;
};

/** From the node that runs, else from the store itself. */
async function* rowsOf(context: Context, storeFolder: string): Rows {
  let client;
  try {
    client = connect(context);
  } catch (error) {
    if (!isNiagaError(error, 'NODE_UNREACHABLE')) throw error;
  }
  if (client !== undefined) {
    for await (const { rows, count } of client.stream('backup', {}, { signal: context.signal }))
      yield { rows: Buffer.from(rows, 'base64'), count };
    return;
  }
  const { createStore } = await import('../../node/store/index.js');
  const { rowEntries } = await import('../../node/backup/index.js');
  // What is damaged is found when the backup is read again.
  await using store = createStore({ path: storeFolder, options: { checkOnStart: false } });
  await store.start();
  for await (const rows of store.dump()) yield { rows: rowEntries(rows), count: rows.length };
}

/** Nobody is asked for the passphrase of a file that is not there. @throws NiagaError FILE_NOT_FOUND, INPUT_FILE */
async function mustBeThere(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
  } catch (error) {
    throw fileError(error, file);
  }
}

/** Exit code 1 where the store was damaged when the backup was made. */
export const check: Command<z.output<typeof backupCheckInput>> = async ({ file, passphraseFile }, context) => {
  await mustBeThere(file);
  const { checkBackup } = await import('../../node/backup/index.js');
  const contents = await checkBackup(file, await askPassphrase(passphraseFile, context, { twice: false }));
  await printOne('backupCheck', { file, ...contents }, context);
  note(
    context,
    contents.problems.length === 0 ? 'The backup is whole.' : 'The backup is whole; its store was damaged.',
  );
  return contents.problems.length === 0 ? 0 : 1;
};

/** @throws NiagaError HOME_EXISTS, BACKUP_…, IDENTITY_SEALED, WORDS_…, ROOT_MISSING */
export const restore: Command<z.output<typeof restoreInput>> = async ({ file, passphraseFile, label }, context) => {
  await mustBeThere(file);
  const { restoreBackup } = await import('../../node/backup/index.js');
  const { resolveHome } = await import('../../node/home/index.js');
  const passphrase = await askPassphrase(passphraseFile, context, { twice: false });
  const { folder, ...restored } = await restoreBackup({
    file,
    passphrase,
    home: resolveHome({ home: context.home, env: context.env }),
    keyPassphrase: context.env['NIAGA_PASSPHRASE'] || undefined,
    label,
    now: Date.now(),
    askWords: () => askWords(context),
  });
  const { network, before } = restored;
  const there = { ...context, network };
  const view = { file, home: folder, ...restored, next: typeNext(there, 'start') };
  await printOne('restore', view, context);
  note(context, 'This machine is a new device of the trader, and the one that writes from now on.');
  note(context, 'Open trades can be read only until the other sides were asked for what came after the backup.');
  note(context, 'If the machine before still runs, stop it: it may read, and nobody takes what it still signs.');
  note(context, `If it is lost, once this one has joined the network: ${typeNext(there, `identity revoke ${before}`)}`);
  return 0;
};
