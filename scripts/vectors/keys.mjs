import { createPrivateKey, sign } from 'node:crypto';
import { keyPairFromSeed, signRecord } from '../../dist/protocol/index.js';

/** Who signs in the vectors, on which network, and when. Nothing here is secret or random. */

export const NETWORK = 'vectors';
export const OTHER_NETWORK = 'elsewhere';

const minute = 60 * 1000;
const hour = 60 * minute;
export const day = 24 * hour;

/** When the records were made: 2027-01-15T08:00:00Z. */
export const CREATED = 1_800_000_000_000;
/** The reader's clock. */
export const NOW = CREATED + hour;
/** As far as a record may lie ahead of it. */
export const CLOCK_SKEW = 10 * minute;

const NAMES = {
  sari: 'Sari’s root: the trader of every record, unless said otherwise',
  sariShop: 'the device in Sari’s shop',
  budi: 'Budi’s root: the other trader',
  budiPhone: 'Budi’s device',
  oldDevice: 'a device of the record’s trader whose delegation has run out',
  endedDevice: 'a device of the record’s trader whose delegation ran out between the record and the reader’s clock',
  newDevice: 'a device of the record’s trader whose delegation begins after the record',
  till: 'a device of the record’s trader that may do everything but what the record needs',
  stranger: 'a root that nobody knows',
  strangerDevice: 'the stranger’s device; also a device that nobody delegated to',
};

/** What stands before an Ed25519 seed in PKCS #8 (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Key pairs by name; a seed is one byte 32 times. OpenSSL signs: the protocol, which does not use it, then verifies. */
export const KEYS = Object.fromEntries(
  Object.entries(NAMES).map(([name, what], place) => {
    const seed = new Uint8Array(32).fill(place + 1);
    const { publicKey } = keyPairFromSeed(seed);
    const secret = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
    return [name, { name, what, seed, publicKey, sign: (message) => new Uint8Array(sign(null, message, secret)) }];
  }),
);

export function signerOf(trader, device = trader, delegation = undefined) {
  return {
    trader: trader.publicKey,
    device: device.publicKey,
    sign: device.sign,
    ...(delegation === undefined ? {} : { delegation }),
  };
}

export const ALL = ['profile', 'publish', 'trade'];

/** A delegation by `trader`'s root. */
export function delegate(
  trader,
  device,
  { may = ALL, created = CREATED - day, expires = CREATED + 365 * day, network = NETWORK } = {},
) {
  const draft = { delegate: device.publicKey, may, expires, label: device.name };
  return signRecord('delegation', draft, signerOf(trader), { network, created });
}

export const SHOP = delegate(KEYS.sari, KEYS.sariShop);
export const PHONE = delegate(KEYS.budi, KEYS.budiPhone);

/** Sari, on the device in her shop. */
export const sari = signerOf(KEYS.sari, KEYS.sariShop, SHOP);
/** Budi, on his phone. */
export const budi = signerOf(KEYS.budi, KEYS.budiPhone, PHONE);
