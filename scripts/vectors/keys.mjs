import { keyPairFromSeed, sign, signRecord } from '../../dist/protocol/index.js';

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
  sariOld: 'a device of Sari’s whose delegation has run out',
  sariTill: 'a device of Sari’s that may do everything but what the record needs',
  sariNew: 'a device of Sari’s whose delegation begins after the record',
  stranger: 'a key that nobody delegated to',
};

/** Key pairs by name; a seed is one byte 32 times. */
export const KEYS = Object.fromEntries(
  Object.entries(NAMES).map(([name, what], place) => {
    const seed = new Uint8Array(32).fill(place + 1);
    return [name, { name, what, seed, ...keyPairFromSeed(seed) }];
  }),
);

export function signerOf(trader, device = trader, delegation = undefined) {
  return {
    trader: trader.publicKey,
    device: device.publicKey,
    sign: (message) => sign(message, device.secretKey),
    ...(delegation === undefined ? {} : { delegation }),
  };
}

export const ALL = ['profile', 'publish', 'trade'];

/** A delegation by `trader`'s root. */
export function delegate(trader, device, { may = ALL, created = CREATED - day, expires = CREATED + 365 * day, network = NETWORK } = {}) {
  const draft = { delegate: device.publicKey, may, expires, label: device.name };
  return signRecord('delegation', draft, signerOf(trader), { network, created });
}

export const SHOP = delegate(KEYS.sari, KEYS.sariShop);
export const PHONE = delegate(KEYS.budi, KEYS.budiPhone);

/** Sari, on the device in her shop. */
export const sari = signerOf(KEYS.sari, KEYS.sariShop, SHOP);
/** Budi, on his phone. */
export const budi = signerOf(KEYS.budi, KEYS.budiPhone, PHONE);
