import { createPrivateKey, sign as opensslSign, randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { entropyToMnemonic, mnemonicToSeed } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { keyPairFromSeed, sign } from '../../protocol/ed25519.js';
import { NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes, traderToText } from '../../protocol/ids.js';
import { CAPABILITIES, type Delegation } from '../../protocol/identity/delegation.js';
import { CLOCK_SKEW, openRecord, signRecord, type SignedRecord, type Signer } from '../../protocol/record.js';
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
  /** This machine's clock, for renewing the delegation in time. Left out, it is used as it is. */
  readonly now?: number;
}

/** An opened identity: signs as the device. Its secrets never leave the object but as libp2p's key. */
export interface Identity extends Signer {
  /** The newest: everything is signed under it. */
  readonly delegation: SignedRecord<Delegation>;
  /** All that this device ever had, the newest first: own records of earlier times name the earlier ones. */
  readonly delegations: readonly SignedRecord<Delegation>[];
  /** An own delegation by its id. */
  delegationOf(id: CID): SignedRecord<Delegation> | undefined;
  readonly network: string;
  readonly name: string;
  readonly traderText: string;
  readonly peerId: string;
  /** The device's Ed25519 seed, for libp2p. */
  readonly deviceSeed: Uint8Array;
}

const rootFile = z.object({ entropy: secretSchema });
const deviceFile = z.object({
  name: z.string(),
  trader: z.string(),
  seed: secretSchema,
  delegation: z.string(),
  /** Those that were renewed, the newest first. */
  earlier: z.array(z.string()).default([]),
});

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
  const delegation = delegate(root, device.publicKey, { network, now });
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

/**
 * Opens the identity; where the root key is at hand and the delegation's time is half over, it is renewed.
 * @throws NiagaError IDENTITY_MISSING, IDENTITY_SEALED, HOME_UNUSABLE, RECORD_… and DELEGATION_MISMATCH where the stored
 *   delegation does not hold
 */
export async function openIdentity(options: OpenIdentityOptions): Promise<Identity> {
  const { home, network, passphrase, now } = options;
  const stored = await readJson(join(home.identityFolder, DEVICE_FILE), deviceFile);
  if (stored === undefined) {
    throw new NiagaError('IDENTITY_MISSING', `There is no identity in ${home.identityFolder}.`, {
      next: 'Make one with: niaga init',
    });
  }
  const deviceSeed = await readSecret(stored.seed, passphrase);
  const keys = keyPairFromSeed(deviceSeed);
  const open = (text: string): SignedRecord<Delegation> => {
    const delegation = openRecord(fromBase64(text), { network, kinds: ['delegation'] });
    const { delegate: device, trader } = delegation.payload;
    if (!equalBytes(device, keys.publicKey) || traderToText(trader) !== stored.trader) {
      throw new NiagaError('DELEGATION_MISMATCH', 'The stored delegation is for another device or trader.', {
        next: `Restore ${home.identityFolder} from a backup.`,
      });
    }
    return delegation;
  };
  const kept = open(stored.delegation);
  const delegations = [kept, ...stored.earlier.map(open)];
  if (now !== undefined && mustRenew(kept.payload, now)) {
    const root = await readRoot(home, stored.trader, passphrase);
    if (root !== undefined) {
      const renewed = delegate(root, keys.publicKey, { network, now });
      delegations.unshift(renewed);
      const [delegation, ...earlier] = delegations.map(({ bytes }) => toBase64(bytes));
      await writeJson(join(home.identityFolder, DEVICE_FILE), { ...stored, delegation, earlier });
    }
  }
  const delegation = delegations[0] ?? kept;
  return {
    trader: delegation.payload.trader,
    device: keys.publicKey,
    delegation,
    delegations,
    delegationOf: (id) => delegations.find((one) => one.id.equals(id)),
    network,
    name: stored.name,
    traderText: stored.trader,
    peerId: deviceToPeerId(keys.publicKey),
    deviceSeed,
    sign: deviceSign(deviceSeed, keys.publicKey),
  };
}

function delegate(
  root: Signer,
  device: Uint8Array,
  { network, now }: { network: string; now: number },
): SignedRecord<Delegation> {
  const draft = { delegate: device, may: [...CAPABILITIES], expires: now + DELEGATION_LIFETIME };
  return signRecord('delegation', draft, root, { network, created: now });
}

/** One that a clock gone wrong dated ahead is renewed too: nothing that is signed now would lie within it. */
function mustRenew({ created, expires }: Delegation, now: number): boolean {
  return now > expires - DELEGATION_LIFETIME / 2 || created > now + CLOCK_SKEW;
}

/** The root that stands beside the device key; undefined where its owner keeps it elsewhere. */
async function readRoot(
  home: IdentityHome,
  trader: string,
  passphrase: string | undefined,
): Promise<Signer | undefined> {
  const path = join(home.identityFolder, ROOT_FILE);
  const stored = await readJson(path, rootFile);
  if (stored === undefined) return undefined;
  const root = await rootSigner(await readSecret(stored.entropy, passphrase));
  if (traderToText(root.trader) !== trader) {
    throw new NiagaError('DELEGATION_MISMATCH', `The root key in ${path} is that of another trader.`, {
      next: 'Put the right file there, or none: without it the node runs until its delegation ends.',
    });
  }
  return root;
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
