import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type DeviceBook, type Identity } from '../../../node/identity/index.js';
import { createMail, type Mail, type MailOptions } from '../../../node/mail/index.js';
import { DELIVER_METHOD, deliverAnswerSchema } from '../../../node/mail/wire.js';
import type { Network } from '../../../node/network/index.js';
import { type Store } from '../../../node/store/index.js';
import { decode } from '../../../protocol/cbor.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { deviceToPeerId } from '../../../protocol/ids.js';
import {
  depositBytes,
  findWork,
  dayOf,
  letterHash,
  seal,
  sealingKey,
  workBits,
  workPrefix,
} from '../../../protocol/mail/index.js';
import { signRecord, type Draft, type Signer } from '../../../protocol/record.js';
import { DAY, NETWORK, openDeviceBook, openTrader } from '../trader-records/support.js';

export { DAY, NETWORK };

/** Somebody with a root key, and a device that may do everything. */
export interface Trader extends Signer {
  readonly peer: string;
  readonly root: Signer;
}

function createRoot(): Signer {
  const { publicKey: trader, secretKey } = keyPairFromSeed(new Uint8Array(randomBytes(32)));
  return { trader, device: trader, sign: (message) => sign(message, secretKey) };
}

/** @param root of a trader who has a device already. Default: a new one */
export function createTrader(now: number, root: Signer = createRoot()): Trader {
  const keys = keyPairFromSeed(new Uint8Array(randomBytes(32)));
  const draft = { delegate: keys.publicKey, may: ['profile', 'publish', 'trade'], expires: now + 300 * DAY };
  const delegation = signRecord('delegation', draft, root, { network: NETWORK, created: now });
  return {
    trader: root.trader,
    root,
    device: keys.publicKey,
    delegation,
    peer: deviceToPeerId(keys.publicKey),
    sign: (message) => sign(message, keys.secretKey),
  };
}

/** The word of its trader that a device counts no more. */
export function revocationOf({ device, root }: Trader, now: number): Uint8Array {
  return signRecord('revocation', { revoked: device, stands: [] }, root, { network: NETWORK, created: now }).bytes;
}

export function signed<K extends 'letter' | 'receipt' | 'mailbox-token' | 'mailbox-request'>(
  kind: K,
  draft: Draft<K>,
  by: Signer,
  created: number,
): Uint8Array {
  return signRecord(kind, draft, by, { network: NETWORK, created, inlineDelegation: true }).bytes;
}

/** A sealed letter of a size in KiB, to nobody in particular. */
export function sealedLetter(kib = 1): Uint8Array {
  const key = sealingKey(new Uint8Array(randomBytes(32)));
  return seal(new Uint8Array((kib - 1) * 1024 + 100), key, new Uint8Array(randomBytes(32)));
}

/** A letter to the trader of a node. */
export function letterTo(
  to: MailNode,
  by: Signer,
  parcels: Draft<'letter'>['parcels'],
  created = Date.now(),
): Uint8Array {
  return signed('letter', { to: to.identity.trader, parcels }, by, created);
}

/** What a node says to each parcel of a letter that is brought to it. */
export async function deliver(from: MailNode, to: MailNode, letter: Uint8Array) {
  const answer = await from.network.request(to.network.peerId, DELIVER_METHOD, letter);
  return deliverAnswerSchema.parse(decode(answer)).results;
}

export function tokenOf(owner: Signer, now: number, quota: number, expires = now + 60 * DAY) {
  const keys = keyPairFromSeed(new Uint8Array(randomBytes(32)));
  const draft = { id: new Uint8Array(randomBytes(16)), key: keys.publicKey, expires, quota };
  const record = signed('mailbox-token', draft, owner, now);
  return {
    record,
    deposit: (letter: Uint8Array, mailbox: string) => ({
      to: owner.trader,
      letter,
      token: { record, signature: sign(depositBytes(mailbox, letterHash(letter)), keys.secretKey) },
    }),
  };
}

export function workedDeposit(to: Uint8Array, letter: Uint8Array, mailbox: string, now: number) {
  const day = dayOf(now);
  const prefix = workPrefix(mailbox, letterHash(letter), day);
  for (let from = 0; ; from += 10_000) {
    const nonce = findWork(prefix, workBits(letter.length), from, 10_000);
    if (nonce !== undefined) return { to, letter, work: { day, nonce } };
  }
}

/** A node that has mail and nothing else, over real TCP and a real disk. */
export interface MailNode {
  readonly mail: Mail;
  readonly network: Network;
  readonly store: Store;
  readonly identity: Identity;
  readonly devices: DeviceBook;
  readonly folder: string;
  readonly refused: string[];
  stop(): Promise<void>;
}

/** @param prepare registers the handlers */
export async function openMailNode(
  prepare: (node: Omit<MailNode, 'stop'>) => void,
  options: {
    folder?: string;
    bootstrap?: readonly string[];
    mail?: Partial<MailOptions>;
    now?: () => number;
    isStranger?: (trader: Uint8Array) => boolean;
  } = {},
): Promise<MailNode> {
  const { folder: before, bootstrap = [], now = Date.now, isStranger = () => false } = options;
  const { deps, records, network, store, identity, folder, refused, ...trader } = await openTrader({
    folder: before,
    bootstrap,
    now,
  });
  const devices = await openDeviceBook({ deps, store, identity });
  const mail = createMail({
    ...deps,
    devices,
    home: { identityFolder: join(folder, 'identity') },
    traderRecords: records,
    isStranger: (trader) => Promise.resolve(isStranger(trader)),
    options: options.mail,
  });
  const node = { mail, network, store, identity, devices, folder, refused };
  prepare(node);
  await mail.start();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopped ??= (async () => {
      await mail.stop();
      await trader.stop();
    })());
  onTestFinished(stop);
  return { ...node, stop };
}
