import { NiagaError } from '../../protocol/errors.js';
import { eraseKeyFile, readKeyFile, type IdentityHome } from './key-folder.js';
import { rootAtHand, rootFromWords, type Root } from './root.js';

/** The trader of a home. @throws NiagaError IDENTITY_MISSING */
async function traderOf(home: IdentityHome): Promise<string> {
  const device = await readKeyFile(home, 'device');
  if (device !== undefined) return device.trader;
  throw new NiagaError('IDENTITY_MISSING', `There is no identity in ${home.identityFolder}.`, {
    next: 'Make one with niaga init, or bring one back with niaga identity restore.',
  });
}

/**
 * The root to sign with: from this machine, else from the words that are asked for.
 * @throws NiagaError IDENTITY_MISSING, IDENTITY_SEALED, WORDS_INVALID, WORDS_OTHER; what `ask` throws
 */
export async function rootOrWords(
  home: IdentityHome,
  passphrase: string | undefined,
  ask: () => Promise<string>,
): Promise<Root> {
  const trader = await traderOf(home);
  return (await rootAtHand(home, trader, passphrase)) ?? ownRoot(await ask(), trader);
}

async function ownRoot(words: string, trader: string): Promise<Root> {
  const root = await rootFromWords(words);
  if (root.traderText === trader) return root;
  throw new NiagaError('WORDS_OTHER', `The words are those of ${root.traderText}; this home is that of ${trader}.`, {
    next: 'Type the words of this home’s trader, or choose the home of the other with --home.',
  });
}

/** The words of a root that is still on this machine. @throws NiagaError ROOT_MISSING */
export async function ownWords(home: IdentityHome, passphrase: string | undefined): Promise<Root> {
  const root = await rootAtHand(home, await traderOf(home), passphrase);
  if (root !== undefined) return root;
  throw new NiagaError('ROOT_MISSING', 'The root key is not on this machine any more: its words were confirmed.', {
    next: 'They are where you wrote them down. A machine that never had them was added with niaga identity add.',
  });
}

/**
 * Takes the root key off this machine, once its owner has shown to have the words.
 * @throws NiagaError WORDS_INVALID, WORDS_OTHER, ROOT_MISSING
 */
export async function confirmWords(home: IdentityHome, words: string, passphrase: string | undefined): Promise<void> {
  const { traderText } = await ownWords(home, passphrase);
  await ownRoot(words, traderText);
  await eraseRoot(home);
}

export function eraseRoot(home: IdentityHome): Promise<void> {
  return eraseKeyFile(home, 'root');
}
