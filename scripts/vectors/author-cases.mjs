import { encode, recordId, signRecord } from '../../dist/protocol/index.js';
import {
  CLOCK_SKEW,
  CREATED,
  day,
  delegate,
  ALL,
  KEYS,
  NOW,
  NETWORK,
  OTHER_NETWORK,
  PHONE,
  SHOP,
  signerOf,
} from './keys.mjs';
import { flipped, placeOfPart, seal } from './seal.mjs';

/** Who may sign: the cases about devices, delegations and clocks that every kind has. */

/** The delegations that a reader of a kind's file knows, by the name of the device; the traders' usual ones among them. */
export function knownDelegations({ trader, capability }) {
  const by = KEYS[trader];
  const others = ALL.filter((one) => one !== capability);
  return {
    sariShop: SHOP,
    budiPhone: PHONE,
    oldDevice: delegate(by, KEYS.oldDevice, { created: CREATED - 90 * day, expires: CREATED - day }),
    endedDevice: delegate(by, KEYS.endedDevice, { expires: CREATED + 1 }),
    newDevice: delegate(by, KEYS.newDevice, { created: NOW }),
    till: delegate(by, KEYS.till, { may: others }),
  };
}

export function authorCases(bench) {
  return bench.capability === 'root' ? rootCases(bench) : deviceCases(bench);
}

function rootCases({ kind, payload, trader, seal: sealed }) {
  const by = (key, more) => ({ ...payload, device: KEYS[key].publicKey, ...more });
  return [
    [
      `a device signs: a ${kind} needs the root`,
      'DELEGATION_MISMATCH',
      seal(by('sariShop'), 'sariShop', { delegation: SHOP.id }),
    ],
    ['a device signs and carries no delegation', 'DELEGATION_MISMATCH', seal(by('sariShop'), 'sariShop')],
    ['another root signs for the trader', 'DELEGATION_MISMATCH', seal(by('budi'), 'budi')],
    ['the root signs and names a delegation', 'DELEGATION_MISMATCH', sealed(payload, { delegation: SHOP.id })],
    ['the root signs and carries a delegation', 'DELEGATION_MISMATCH', sealed(payload, { delegation: SHOP.bytes })],
    [
      'the root’s signature under the name of a device',
      'RECORD_SIGNATURE',
      seal(by('sariShop'), trader, { delegation: SHOP.id }),
    ],
  ];
}

function deviceCases({ kind, payload, trader, key, delegation, capability, known, orRoot, seal: sealed }) {
  const by = (name, more) => ({ ...payload, device: KEYS[name].publicKey, ...more });
  const as = (name) => seal(by(name), name, { delegation: known[name].id });
  const other = trader === 'sari' ? 'budi' : 'sari';
  const theirs = trader === 'sari' ? PHONE : SHOP;
  const theirKey = trader === 'sari' ? 'budiPhone' : 'sariShop';
  const root = KEYS[trader];
  const foreign = delegate(root, KEYS[key], { network: OTHER_NETWORK });
  const selfMade = signRecord(
    'profile',
    { slot: 'profile', seq: 0, item: { name: '' } },
    signerOf(root, KEYS[key], delegation),
    {
      network: NETWORK,
      created: CREATED,
    },
  );
  const forged = flipped(delegation.bytes, placeOfPart(delegation.bytes, encode(delegation.payload.created)) + 8);
  return [
    ['no delegation', 'DELEGATION_MISSING', seal(payload, key)],
    [
      'a delegation that is not known',
      'DELEGATION_MISSING',
      sealed(payload, { delegation: recordId(Uint8Array.of(0xa0)) }),
    ],
    ...(orRoot ? [] : [['the root signs, without a delegation', 'DELEGATION_MISSING', seal(by(trader), trader)]]),
    [
      'the root signs under its device’s delegation',
      'DELEGATION_MISMATCH',
      seal(by(trader), trader, { delegation: delegation.id }),
    ],
    ['the delegation of another trader', 'DELEGATION_MISMATCH', sealed(payload, { delegation: theirs.id })],
    [
      'the delegation of another device of the trader',
      'DELEGATION_MISMATCH',
      sealed(payload, { delegation: known.till.id }),
    ],
    ['a device signs for another trader', 'DELEGATION_MISMATCH', sealed({ ...payload, trader: KEYS[other].publicKey })],
    [
      'the device of another trader signs for this one',
      'DELEGATION_MISMATCH',
      seal(by(theirKey), theirKey, { delegation: theirs.id }),
    ],
    [`a delegation that does not allow "${capability}"`, 'DELEGATION_CAPABILITY', as('till')],
    ['the delegation ended before the record was made', 'DELEGATION_EXPIRED', as('oldDevice')],
    ['the delegation ended between the record and the reader’s clock', 'DELEGATION_EXPIRED', as('endedDevice')],
    ['the delegation was made an hour after the record', 'DELEGATION_EXPIRED', as('newDevice')],
    [
      'a carried delegation that ended before the record was made',
      'DELEGATION_EXPIRED',
      seal(by('oldDevice'), 'oldDevice', { delegation: known.oldDevice.bytes }),
    ],
    ['a carried delegation with a changed bit', 'RECORD_SIGNATURE', sealed(payload, { delegation: forged })],
    ['a carried delegation for another network', 'RECORD_NETWORK', sealed(payload, { delegation: foreign.bytes })],
    ['a carried delegation that is a profile', 'RECORD_KIND', sealed(payload, { delegation: selfMade.bytes })],
    ['a carried delegation of no bytes', 'RECORD_MALFORMED', sealed(payload, { delegation: new Uint8Array() })],
    [
      `a ${kind} of a device that nobody delegated to`,
      'DELEGATION_MISSING',
      seal(by('strangerDevice'), 'strangerDevice'),
    ],
  ];
}

/** What a record claims about time. */
export function clockCases({ payload, seal: sealed }) {
  return [
    [
      'made more than 10 minutes after the reader’s clock',
      'RECORD_TIME',
      sealed({ ...payload, created: NOW + CLOCK_SKEW + 1 }),
    ],
  ];
}
