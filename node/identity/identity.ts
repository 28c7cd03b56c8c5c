import { createPrivateKey, sign as opensslSign, randomBytes } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { keyPairFromSeed } from '../../protocol/ed25519.js';
import { NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes, traderToText } from '../../protocol/ids.js';
import { CAPABILITIES, type Delegation } from '../../protocol/identity/delegation.js';
import { CLOCK_SKEW, openRecord, signRecord, type SignedRecord, type Signer } from '../../protocol/record.js';
import { fromBase64, readSecret, storeSecret, toBase64 } from './key-file.js';
import { readKeyFile, writeKeyFile, type IdentityHome, type KeyFileOf } from './key-folder.js';
import { ENTROPY_BYTES, rootAtHand, rootOf, type Root } from './root.js';

const DAY = 24 * 60 * 60 * 1000;
/** A lost phone that nobody revokes ends by itself; a year is long enough not to surprise a stall holder. */
export const DELEGATION_LIFETIME = 365 * DAY;
const SEED_BYTES = 32;

export type { IdentityHome };

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
  /** The newest: everything is signed under it. It changes while the node runs, when it is renewed. */
  readonly delegation: SignedRecord<Delegation>;
  /** All that this device ever had, the newest first: own records of earlier times name the earlier ones. */
  readonly delegations: readonly SignedRecord<Delegation>[];
  /** A delegation of this device, or of another of the trader's that is known here, by its id. */
  delegationOf(id: CID): SignedRecord<Delegation> | undefined;
  readonly network: string;
  readonly name: string;
  readonly traderText: string;
  readonly peerId: string;
  /** The device's Ed25519 seed, for libp2p. */
  readonly deviceSeed: Uint8Array;
  /** The root key where it is on this machine, read from disk: it is in memory only while it is used. */
  root(): Promise<Root | undefined>;
  /** Signs under this delegation from now on, where it is for this device, made later, and not dated ahead. Whether it does. */
  adopt(delegation: SignedRecord<Delegation>, now: number): Promise<boolean>;
  /** Makes the delegation of another own device known to `delegationOf`. */
  addSibling(delegation: SignedRecord<Delegation>): void;
}

export async function hasIdentity(home: IdentityHome): Promise<boolean> {
  return (await readKeyFile(home, 'device')) !== undefined;
}

/**
 * Makes root and device keys. The device file is written last: an identity exists when it does, and a run that was cut
 * off before goes on with the root that it had written.
 * @throws NiagaError IDENTITY_EXISTS, HOME_UNUSABLE
 */
export async function createIdentity(options: CreateIdentityOptions): Promise<{ trader: string; peerId: string }> {
  const { home, network, passphrase, now } = options;
  await refuseSecondIdentity(home);
  const left = await readKeyFile(home, 'root');
  const entropy =
    left === undefined ? new Uint8Array(randomBytes(ENTROPY_BYTES)) : await readSecret(left.entropy, passphrase);
  if (left === undefined) await writeKeyFile(home, 'root', { entropy: await storeSecret(entropy, passphrase) });
  const root = await rootOf(entropy);
  return storeDevice(home, root, { network, now, passphrase, name: options.name ?? '' });
}

/** @throws NiagaError IDENTITY_EXISTS */
export async function refuseSecondIdentity(home: IdentityHome): Promise<void> {
  if (!(await hasIdentity(home))) return;
  throw new NiagaError('IDENTITY_EXISTS', `There is an identity in ${home.identityFolder} already.`, {
    next: 'Use it with niaga start, or name another folder with --home.',
  });
}

interface NewDevice {
  readonly network: string;
  readonly now: number;
  readonly passphrase: string | undefined;
  readonly name: string;
  readonly label?: string | undefined;
}

/** Makes a device key, delegates to it, and keeps both. */
export async function storeDevice(
  home: IdentityHome,
  root: Root,
  { network, now, passphrase, name, label }: NewDevice,
): Promise<{ trader: string; peerId: string; delegation: SignedRecord<Delegation> }> {
  const seed = new Uint8Array(randomBytes(SEED_BYTES));
  const device = keyPairFromSeed(seed).publicKey;
  const delegation = delegate(root, device, { network, now, label });
  await writeKeyFile(home, 'device', {
    name,
    trader: root.traderText,
    seed: await storeSecret(seed, passphrase),
    delegation: toBase64(delegation.bytes),
  });
  return { trader: root.traderText, peerId: deviceToPeerId(device), delegation };
}

/**
 * Opens the identity; where the root key is at hand and the delegation's time is half over, it is renewed.
 * @throws NiagaError IDENTITY_MISSING, IDENTITY_SEALED, HOME_UNUSABLE, RECORD_… and DELEGATION_MISMATCH where the stored
 *   delegation does not hold
 */
export async function openIdentity(options: OpenIdentityOptions): Promise<Identity> {
  const { home, network, passphrase, now } = options;
  const stored = await readKeyFile(home, 'device');
  if (stored === undefined) {
    throw new NiagaError('IDENTITY_MISSING', `There is no identity in ${home.identityFolder}.`, {
      next: 'Make one with: niaga init',
    });
  }
  const identity = new DeviceIdentity(home, { network, passphrase, stored }, await readSecret(stored.seed, passphrase));
  if (now !== undefined && isHalfOver(identity.delegation.payload, now)) {
    const root = await identity.root();
    const { label } = identity.delegation.payload;
    if (root !== undefined) await identity.adopt(delegate(root, identity.device, { network, now, label }), now);
  }
  return identity;
}

class DeviceIdentity implements Identity {
  readonly network: string;
  readonly name: string;
  readonly traderText: string;
  readonly peerId: string;
  readonly trader: Uint8Array;
  readonly device: Uint8Array;
  readonly deviceSeed: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
  readonly #home: IdentityHome;
  readonly #passphrase: string | undefined;
  readonly #siblings = new Map<string, SignedRecord<Delegation>>();
  #stored: KeyFileOf<'device'>;
  #delegations: readonly [SignedRecord<Delegation>, ...SignedRecord<Delegation>[]];

  constructor(
    home: IdentityHome,
    given: { network: string; passphrase: string | undefined; stored: KeyFileOf<'device'> },
    seed: Uint8Array,
  ) {
    const { network, passphrase, stored } = given;
    const { publicKey } = keyPairFromSeed(seed);
    const open = (text: string): SignedRecord<Delegation> => {
      const delegation = openRecord(fromBase64(text), { network, kinds: ['delegation'] });
      const { delegate: device, trader } = delegation.payload;
      if (!equalBytes(device, publicKey) || traderToText(trader) !== stored.trader) {
        throw new NiagaError('DELEGATION_MISMATCH', 'The stored delegation is for another device or trader.', {
          next: `Restore ${home.identityFolder} from a backup.`,
        });
      }
      return delegation;
    };
    this.#home = home;
    this.#passphrase = passphrase;
    this.#stored = stored;
    this.#delegations = [open(stored.delegation), ...stored.earlier.map(open)];
    this.network = network;
    this.name = stored.name;
    this.traderText = stored.trader;
    this.peerId = deviceToPeerId(publicKey);
    this.trader = this.delegation.payload.trader;
    this.device = publicKey;
    this.deviceSeed = seed;
    this.sign = deviceSign(seed, publicKey);
  }

  get delegation(): SignedRecord<Delegation> {
    return this.#delegations[0];
  }

  get delegations(): readonly SignedRecord<Delegation>[] {
    return this.#delegations;
  }

  delegationOf(id: CID): SignedRecord<Delegation> | undefined {
    return this.#delegations.find((one) => one.id.equals(id)) ?? this.#siblings.get(id.toString());
  }

  root(): Promise<Root | undefined> {
    return rootAtHand(this.#home, this.traderText, this.#passphrase);
  }

  async adopt(delegation: SignedRecord<Delegation>, now: number): Promise<boolean> {
    const { trader, delegate: device, created } = delegation.payload;
    const before = this.delegation.payload;
    if (!equalBytes(device, this.device) || !equalBytes(trader, this.trader)) return false;
    // One that a clock gone wrong dated ahead gives way to whatever is made now, and does not come back.
    if (created > now + CLOCK_SKEW) return false;
    if (created <= before.created && before.created <= now + CLOCK_SKEW) return false;
    const earlier = this.#delegations.filter(({ id }) => !id.equals(delegation.id));
    const stored = {
      ...this.#stored,
      delegation: toBase64(delegation.bytes),
      earlier: earlier.map(({ bytes }) => toBase64(bytes)),
    };
    await writeKeyFile(this.#home, 'device', stored);
    this.#stored = stored;
    this.#delegations = [delegation, ...earlier];
    return true;
  }

  addSibling(delegation: SignedRecord<Delegation>): void {
    if (equalBytes(delegation.payload.trader, this.trader)) this.#siblings.set(delegation.id.toString(), delegation);
  }
}

/** What a new delegation of this trader's root says. */
export function delegate(
  root: Root,
  device: Uint8Array,
  { network, now, label }: { network: string; now: number; label?: string | undefined },
): SignedRecord<Delegation> {
  const draft = {
    delegate: device,
    may: [...CAPABILITIES],
    expires: now + DELEGATION_LIFETIME,
    recovery: root.recovery.publicKey,
    ...(label === undefined || label === '' ? {} : { label }),
  };
  return signRecord('delegation', draft, root, { network, created: now });
}

/** Whether it is time to renew; one that a clock gone wrong dated ahead is renewed too: nothing signed now would lie within it. */
export function isHalfOver({ created, expires }: Delegation, now: number): boolean {
  return now > expires - DELEGATION_LIFETIME / 2 || created > now + CLOCK_SKEW;
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
