import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { concat, encode, recordId, signedBytes } from '../../dist/protocol/index.js';
import { hex } from '../lib/bytes.mjs';
import { BYTES, canonicalEntries, head, item, map, Raw } from '../lib/raw-cbor.mjs';
import { edit, without } from './edit.mjs';
import { CLOCK_SKEW, CREATED, day, delegate, KEYS, NETWORK, NOW, SHOP } from './keys.mjs';
import { payloadBytesOf, seal } from './seal.mjs';

/** The envelope, what is signed in it, and the header: the same for all kinds, shown with a profile. */

const HEADER = {
  kind: 'profile',
  network: NETWORK,
  trader: KEYS.sari.publicKey,
  device: KEYS.sariShop.publicKey,
  created: CREATED,
};
const PROFILE = { ...HEADER, slot: 'profile', seq: 0, item: { name: 'Sari' } };
const PAYLOAD = payloadBytesOf(PROFILE);
const SIGNATURE = KEYS.sariShop.sign(signedBytes(PAYLOAD));
const ENVELOPE = { payload: PAYLOAD, signature: SIGNATURE, delegation: SHOP.id };

/** Devices whose delegations stand at the very edge. */
const EDGE = {
  /** A reader may be ten minutes late. */
  oldDevice: delegate(KEYS.sari, KEYS.oldDevice, { expires: NOW - CLOCK_SKEW }),
  endedDevice: delegate(KEYS.sari, KEYS.endedDevice, { expires: NOW - CLOCK_SKEW - 1 }),
  /** So may be the clock of the device. */
  newDevice: delegate(KEYS.sari, KEYS.newDevice, { created: CREATED + CLOCK_SKEW }),
  till: delegate(KEYS.sari, KEYS.till, { created: CREATED + CLOCK_SKEW + 1 }),
  strangerDevice: delegate(KEYS.sari, KEYS.strangerDevice, { created: CREATED - day, expires: CREATED - 1 }),
};

const sealed = (payload, options) => seal(payload, 'sariShop', { delegation: SHOP.id, ...options });
const by = (name) => seal({ ...PROFILE, device: KEYS[name].publicKey }, name, { delegation: EDGE[name].id });
const signedAs = (signature) => encode({ ...ENVELOPE, signature });
const rawEnvelope = (fields) => map(canonicalEntries({ ...ENVELOPE, ...fields })).bytes;

const VALID = [
  ['an envelope that names its delegation', sealed(PROFILE)],
  ['an envelope that carries its delegation', sealed(PROFILE, { delegation: SHOP.bytes })],
  ['a delegation that ended ten minutes ago: clocks differ', by('oldDevice')],
  ['a delegation made ten minutes after the record: clocks differ', by('newDevice')],
];

const header = [
  ['no kind', 'RECORD_SCHEMA', without('kind')],
  ['no network', 'RECORD_SCHEMA', without('network')],
  ['no trader', 'RECORD_SCHEMA', without('trader')],
  ['no device', 'RECORD_SCHEMA', without('device')],
  ['no time', 'RECORD_SCHEMA', without('created')],
  ['a kind in capitals', 'RECORD_SCHEMA', edit('kind', 'Profile')],
  ['a kind of 33 characters', 'RECORD_SCHEMA', edit('kind', 'p'.repeat(33))],
  ['a network with a space', 'RECORD_SCHEMA', edit('network', 'my network')],
  ['a network of 33 characters', 'RECORD_SCHEMA', edit('network', 'n'.repeat(33))],
  ['a trader as text', 'RECORD_SCHEMA', edit('trader', 'z6Mk')],
  ['a trader of 31 bytes', 'RECORD_SCHEMA', edit('trader', KEYS.sari.publicKey.slice(1))],
  ['a device of 33 bytes', 'RECORD_SCHEMA', edit('device', concat(KEYS.sariShop.publicKey, Uint8Array.of(0)))],
  ['a time before 1970', 'RECORD_SCHEMA', edit('created', -1)],
  ['a time that no calendar shows', 'RECORD_SCHEMA', edit('created', 8_640_000_000_000_001)],
  ['a time of 2^53', 'RECORD_SCHEMA', edit('created', 2n ** 53n)],
  ['a time as text', 'RECORD_SCHEMA', edit('created', '2027-01-15')],
  ['33 critical fields', 'RECORD_SCHEMA', edit('crit', Array(33).fill('created'))],
  ['a critical field with a hyphen in its name', 'RECORD_SCHEMA', edit('crit', ['moon-phase'])],
  ['a critical field that an object has from its language', 'RECORD_CRITICAL', edit('crit', ['constructor'])],
].map(([description, code, change]) => [description, code, sealed(change(PROFILE))]);

const shape = [
  ['no bytes', 'RECORD_MALFORMED', new Uint8Array()],
  ['a payload without its envelope', 'RECORD_MALFORMED', PAYLOAD],
  ['a list', 'RECORD_MALFORMED', encode([PAYLOAD, SIGNATURE, SHOP.id])],
  ['bytes', 'RECORD_MALFORMED', encode(PAYLOAD)],
  ['null', 'RECORD_MALFORMED', encode(null)],
  ['no payload', 'RECORD_MALFORMED', encode({ signature: SIGNATURE, delegation: SHOP.id })],
  ['no signature', 'RECORD_MALFORMED', encode({ payload: PAYLOAD, delegation: SHOP.id })],
  ['a payload that is no byte string', 'RECORD_MALFORMED', encode({ ...ENVELOPE, payload: PROFILE })],
  ['a payload as text', 'RECORD_MALFORMED', encode({ ...ENVELOPE, payload: 'profile' })],
  ['a signature as text', 'RECORD_MALFORMED', encode({ ...ENVELOPE, signature: hex(SIGNATURE) })],
  ['one field more', 'RECORD_MALFORMED', encode({ ...ENVELOPE, time: 1 })],
  ['a delegation as text', 'RECORD_MALFORMED', encode({ ...ENVELOPE, delegation: SHOP.id.toString() })],
  ['a delegation as a map', 'RECORD_MALFORMED', encode({ ...ENVELOPE, delegation: { payload: SHOP.payloadBytes } })],
  ['a delegation that is null', 'RECORD_MALFORMED', encode({ ...ENVELOPE, delegation: null })],
  ['a byte after the envelope', 'RECORD_MALFORMED', concat(encode(ENVELOPE), Uint8Array.of(0))],
  ['an envelope that ends early', 'RECORD_MALFORMED', encode(ENVELOPE).slice(0, -1)],
  ['fields out of order', 'RECORD_MALFORMED', map(Object.entries(ENVELOPE).reverse()).bytes],
  [
    'a payload in a longer head than it needs',
    'RECORD_MALFORMED',
    rawEnvelope({ payload: new Raw(concat(head(BYTES, PAYLOAD.length, 4), PAYLOAD)) }),
  ],
  [
    'a payload in pieces',
    'RECORD_MALFORMED',
    rawEnvelope({ payload: new Raw(concat(Uint8Array.of(0x5f), item(PAYLOAD), Uint8Array.of(0xff))) }),
  ],
  ['an envelope in an envelope', 'RECORD_SCHEMA', sealed(encode(ENVELOPE))],
  ['an empty payload', 'RECORD_MALFORMED', sealed(new Uint8Array())],
  ['a payload that is text', 'RECORD_SCHEMA', sealed(encode('profile'))],
  ['a payload that is bytes', 'RECORD_SCHEMA', sealed(encode(PAYLOAD))],
  [
    'a delegation whose id has another hash than sha2-256',
    'DELEGATION_MISSING',
    encode({ ...ENVELOPE, delegation: CID.createV1(0x71, Digest.create(0x13, new Uint8Array(64))) }),
  ],
];

const prefix = (domain, payload) => concat(Uint8Array.of(domain.length), new TextEncoder().encode(domain), payload);
const length = Uint8Array.of((PAYLOAD.length & 0x7f) | 0x80, PAYLOAD.length >> 7);
const signed = [
  ['signed: the payload alone', PAYLOAD],
  ['signed: the whole envelope', encode({ payload: PAYLOAD })],
  ['signed: the id', recordId(PAYLOAD).bytes],
  ['signed: no length before the payload', prefix('niaga/1', PAYLOAD)],
  ['signed: no length before the domain', concat(new TextEncoder().encode('niaga/1'), length, PAYLOAD)],
  [
    'signed: a length of four bytes, the most significant first',
    prefix('niaga/1', concat(Uint8Array.of(0, 0, 0, PAYLOAD.length), PAYLOAD)),
  ],
  ['signed: another domain', prefix('niaga/2', concat(length, PAYLOAD))],
  ['signed: the domain in capitals', prefix('NIAGA/1', concat(length, PAYLOAD))],
].map(([description, bytes]) => [description, 'RECORD_SIGNATURE', signedAs(KEYS.sariShop.sign(bytes))]);

const signatures = [
  ['no signature at all', new Uint8Array()],
  ['a signature of zeros', new Uint8Array(64)],
  ['a signature of 65 bytes', concat(SIGNATURE, Uint8Array.of(0))],
  ['the root’s signature', KEYS.sari.sign(signedBytes(PAYLOAD))],
].map(([description, signature]) => [description, 'RECORD_SIGNATURE', signedAs(signature)]);

const time = [
  ['a delegation that ended ten minutes and a millisecond ago', 'DELEGATION_EXPIRED', by('endedDevice')],
  ['a delegation made ten minutes and a millisecond after the record', 'DELEGATION_EXPIRED', by('till')],
  ['a record made a millisecond after its delegation ended', 'DELEGATION_EXPIRED', by('strangerDevice')],
];

export function envelopeVectors() {
  return {
    about: 'envelope',
    kind: 'profile',
    network: NETWORK,
    now: NOW,
    delegations: Object.fromEntries(
      [['sariShop', SHOP], ...Object.entries(EDGE)].map(([name, { bytes }]) => [name, hex(bytes)]),
    ),
    signed: [
      {
        description: 'what is signed: 0x07, "niaga/1", the length of the payload as an unsigned varint, the payload',
        payload: hex(PAYLOAD),
        bytes: hex(signedBytes(PAYLOAD)),
      },
      { description: 'an empty payload', payload: '', bytes: hex(signedBytes(new Uint8Array())) },
      {
        description: 'a payload of 128 bytes: two bytes of length',
        payload: '61'.repeat(128),
        bytes: hex(signedBytes(new Uint8Array(128).fill(0x61))),
      },
    ],
    cases: [
      ...VALID.map(([description, bytes]) => ({ description, valid: true, bytes: hex(bytes) })),
      ...[...shape, ...header, ...signed, ...signatures, ...time].map(([description, code, bytes]) => {
        return { description, valid: false, code, bytes: hex(bytes) };
      }),
    ],
  };
}
