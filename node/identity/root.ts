import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeed } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { keyPairFromSeed, sign } from '../../protocol/ed25519.js';
import { NiagaError } from '../../protocol/errors.js';
import { recoveryKeys } from '../../protocol/identity/capsule.js';
import { traderToText } from '../../protocol/ids.js';
import type { Signer } from '../../protocol/record.js';
import { readSecret } from './key-file.js';
import { pathOf, readKeyFile, type IdentityHome } from './key-folder.js';

const SEED_BYTES = 32;
/** 24 words carry 256 bits. */
export const ENTROPY_BYTES = 32;
const WORD_COUNT = 24;

/** The root of a trader, while it is in memory: it signs delegations, revocations and lost leases. */
export interface Root extends Signer {
  readonly traderText: string;
  readonly words: readonly string[];
  /** Capsules are sealed to it. */
  readonly recovery: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };
}

/** HKDF-SHA256 of the BIP-39 seed (no BIP-39 passphrase), so that the words alone bring everything back. */
export async function rootOf(entropy: Uint8Array): Promise<Root> {
  const mnemonic = entropyToMnemonic(entropy, wordlist);
  const seed = await mnemonicToSeed(mnemonic);
  const derive = (purpose: string): Uint8Array =>
    hkdf(sha256, seed, undefined, new TextEncoder().encode(`niaga/1 ${purpose}`), SEED_BYTES);
  const keys = keyPairFromSeed(derive('root'));
  return {
    trader: keys.publicKey,
    device: keys.publicKey,
    sign: (message) => sign(message, keys.secretKey),
    traderText: traderToText(keys.publicKey),
    words: mnemonic.split(' '),
    recovery: recoveryKeys(derive('recovery')),
  };
}

/**
 * The root that the words make. Case, line ends, numbers and punctuation between them do not matter.
 * @throws NiagaError WORDS_INVALID; what was typed is not in it
 */
export function rootFromWords(text: string): Promise<Root> {
  const words = text
    .normalize('NFKD')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
  if (words.length !== WORD_COUNT) {
    throw invalid(`There are ${words.length} words, and a root key has ${WORD_COUNT}.`);
  }
  const wrong = words.flatMap((word, at) => (wordlist.includes(word) ? [] : [at + 1]));
  if (wrong.length > 0) {
    const which = wrong.length === 1 ? `Word ${wrong[0]} is` : `Words ${wrong.join(', ')} are`;
    throw invalid(`${which} not of the list of BIP-39.`);
  }
  let entropy: Uint8Array;
  try {
    entropy = mnemonicToEntropy(words.join(' '), wordlist);
  } catch {
    throw invalid('The words do not fit together: one is another of the list, or two have changed places.');
  }
  return rootOf(entropy);
}

function invalid(message: string): NiagaError {
  return new NiagaError('WORDS_INVALID', message, {
    next: 'Compare each word with what you wrote down when you typed: niaga identity words',
  });
}

/**
 * The root that stands beside the device key; undefined where it is not on this machine.
 * @throws NiagaError IDENTITY_SEALED, HOME_UNUSABLE; DELEGATION_MISMATCH where it is another trader's
 */
export async function rootAtHand(
  home: IdentityHome,
  trader: string,
  passphrase: string | undefined,
): Promise<Root | undefined> {
  const stored = await readKeyFile(home, 'root');
  if (stored === undefined) return undefined;
  const root = await rootOf(await readSecret(stored.entropy, passphrase));
  if (root.traderText !== trader) {
    throw new NiagaError('DELEGATION_MISMATCH', `The root key in ${pathOf(home, 'root')} is that of another trader.`, {
      next: 'Put the right file there, or none: without it the node runs until its delegation ends.',
    });
  }
  return root;
}
