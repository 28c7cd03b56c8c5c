import { createPrivateKey, sign as opensslSign, randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { entropyToMnemonic, mnemonicToSeed } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { z } from 'zod';
import { keyPairFromSeed, sign } from '../../protocol/ed25519.js';
import { NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, traderToText } from '../../protocol/ids.js';
import { CAPABILITIES, type Delegation } from '../../protocol/identity/delegation.js';
import { openRecord, signRecord, type SignedRecord, type Signer } from '../../protocol/record.js';
import { writeFileAtomic } from '../home/index.js';
import { fromBase64, readSecret, secretSchema, storeSecret, toBase64 } from './key-file.js';

const DAY = 24 * 60 * 60 * 1000;
/** A lost phone that nobody revokes ends by itself; a year is long enough not to surprise a stall holder. */
export const DELEGATION_LIFETIME = 365 * DAY;
const SEED_BYTES = 32;
/** 24 words carry 256 bits. */
const ENTROPY_BYTES = 32;
const PRIVATE_FILE = 0o600;
const ROOT_FILE = 'root.json';
const DEVICE_FILE = 'device.json';

/** What identity needs of a home. */
export interface IdentityHome {
  /** Folder of the key files, 0700. */
  readonly identityFolder: string;
}

export interface CreateIdentityOptions {
  readonly home: IdentityHome;
  readonly network: string;
  /** The name that others are shown; default none. */
  readonly name?: string;
  /** Seals the keys at rest. */
  readonly passphrase?: string;
  /** This machine's clock. */
  readonly now: number;
}

export interface OpenIdentityOptions {
  readonly home: IdentityHome;
  readonly network: string;
  readonly passphrase?: string;
}

/** An opened identity: signs as the device. Its secrets never leave the object but as libp2p's key. */
export interface Identity extends Signer {
  readonly delegation: SignedRecord<Delegation>;
  readonly network: string;
  readonly name: string;
  readonly traderText: string;
  readonly peerId: string;
  /** The device's Ed25519 seed, for libp2p. */
  readonly deviceSeed: Uint8Array;
}

const rootFile = z.object({ entropy: secretSchema });
const deviceFile = z.object({ name: z.string(), trader: z.string(), seed: secretSchema, delegation: z.string() });

export async function hasIdentity(home: IdentityHome): Promise<boolean> {
  return (await readJson(join(home.identityFolder, DEVICE_FILE), deviceFile)) !== undefined;
}

/**
 * Makes root and device keys. The device file is written last: an identity exists when it does, and a run that was cut
 * off before goes on with the root that it had written.
 * @throws NiagaError IDENTITY_EXISTS, HOME_UNUSABLE
 */
export async function createIdentity(options: CreateIdentityOptions): Promise<{ trader: string; peerId: string }> {
  const { home, network, passphrase, now } = options;
  if (await hasIdentity(home)) {
    throw new NiagaError('IDENTITY_EXISTS', `There is an identity in ${home.identityFolder} already.`, {
      next: 'Use it with niaga start, or name another folder with --home.',
    });
  }
  await makePrivate(home.identityFolder);
  const rootPath = join(home.identityFolder, ROOT_FILE);
  const left = await readJson(rootPath, rootFile);
  const entropy =
    left === undefined ? new Uint8Array(randomBytes(ENTROPY_BYTES)) : await readSecret(left.entropy, passphrase);
  if (left === undefined) await writeJson(rootPath, { entropy: await storeSecret(entropy, passphrase) });
  const root = await rootSigner(entropy);
  const seed = new Uint8Array(randomBytes(SEED_BYTES));
  const device = keyPairFromSeed(seed);
  const delegation = signRecord(
    'delegation',
    { delegate: device.publicKey, may: [...CAPABILITIES], expires: now + DELEGATION_LIFETIME },
    root,
    { network, created: now },
  );
  const trader = traderToText(root.trader);
  const stored = {
    name: options.name ?? '',
    trader,
    seed: await storeSecret(seed, passphrase),
    delegation: toBase64(delegation.bytes),
  };
  await writeJson(join(home.identityFolder, DEVICE_FILE), stored);
  return { trader, peerId: deviceToPeerId(device.publicKey) };
}

/** @throws NiagaError IDENTITY_MISSING, IDENTITY_SEALED, RECORD_… where the stored delegation does not hold */
export async function openIdentity(options: OpenIdentityOptions): Promise<Identity> {
  const stored = await readJson(join(options.home.identityFolder, DEVICE_FILE), deviceFile);
  if (stored === undefined) {
    throw new NiagaError('IDENTITY_MISSING', `There is no identity in ${options.home.identityFolder}.`, {
      next: 'Make one with: niaga init',
    });
  }
  const deviceSeed = await readSecret(stored.seed, options.passphrase);
  const delegation = openRecord(fromBase64(stored.delegation), { network: options.network, kinds: ['delegation'] });
  const keys = keyPairFromSeed(deviceSeed);
  return {
    trader: delegation.payload.trader,
    device: keys.publicKey,
    delegation,
    network: options.network,
    name: stored.name,
    traderText: traderToText(delegation.payload.trader),
    peerId: deviceToPeerId(keys.publicKey),
    deviceSeed,
    sign: deviceSign(deviceSeed, keys.publicKey),
  };
}

/** Ed25519 is deterministic: OpenSSL gives the signature that tweetnacl would, a hundred times faster (publishing signs twice a listing). */
function deviceSign(seed: Uint8Array, publicKey: Uint8Array): (message: Uint8Array) => Uint8Array {
  const part = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  const key = createPrivateKey({
    key: { kty: 'OKP', crv: 'Ed25519', d: part(seed), x: part(publicKey) },
    format: 'jwk',
  });
  return (message) => new Uint8Array(opensslSign(null, message, key));
}

/** The root key: HKDF-SHA256 of the BIP-39 seed (no BIP-39 passphrase), so that the words alone bring it back. */
async function rootSigner(entropy: Uint8Array): Promise<Signer> {
  const seed = await mnemonicToSeed(entropyToMnemonic(entropy, wordlist));
  const keys = keyPairFromSeed(hkdf(sha256, seed, undefined, new TextEncoder().encode('niaga/1 root'), SEED_BYTES));
  return { trader: keys.publicKey, device: keys.publicKey, sign: (message) => sign(message, keys.secretKey) };
}

async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S> | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new NiagaError('HOME_UNUSABLE', `The key file ${path} cannot be read.`, {
      cause: error,
      next: 'Check who owns it and its permissions.',
    });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // The parse error is not kept: it could quote the secret.
    throw new NiagaError('HOME_UNUSABLE', `The key file ${path} is damaged.`, { next: 'Restore it from a backup.' });
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value)}\n`, PRIVATE_FILE);
}

async function makePrivate(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new NiagaError('HOME_UNUSABLE', `The folder ${folder} cannot be made.`, {
      cause: error,
      next: 'Name another folder with --home.',
    });
  }
}
