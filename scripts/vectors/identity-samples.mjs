import { recordId, recoveryKeys, sealCapsule } from '../../dist/protocol/index.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { unhex } from '../lib/bytes.mjs';
import { ALL, CREATED, day, KEYS } from './keys.mjs';
import { changed, edit, without } from './edit.mjs';

/** What records of identity say, rightly and wrongly. */

/** A point of order 8, from which every key with a part of small order can be made. */
export const ORDER_8 = unhex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
const tainted = ed25519.Point.fromBytes(KEYS.sariShop.publicKey).add(ed25519.Point.fromBytes(ORDER_8)).toBytes();

const TRADE = recordId(Uint8Array.of(0xa0));
const LAST = recordId(Uint8Array.of(0xa1, 0x61, 0x61, 0x01));

/** The secret keys are 32 bytes of 7 (recovery) and of 9 (ephemeral). */
const RECOVERY = recoveryKeys(new Uint8Array(32).fill(7));
const sealed = (trades) =>
  sealCapsule({ counter: 12, as: CREATED, trades, omitted: 0 }, RECOVERY.publicKey, new Uint8Array(32).fill(9));
/** Bytes that stand for an envelope. */
const envelope = (byte) => Uint8Array.of(0xa1, 0x61, 0x70, 0x41, byte);
const openTrade = (trade, role) => ({ trade, counterparty: KEYS.budi.publicKey, role, heads: [LAST] });
const CAPSULE = sealed([openTrade(TRADE, 'seller'), openTrade(LAST, 'buyer')]);
const EMPTY_CAPSULE = sealed([]);

export const IDENTITY_SAMPLES = {
  delegation: {
    valid: [
      [
        'a delegation of all that there is',
        { delegate: KEYS.sariShop.publicKey, may: ALL, expires: CREATED + 365 * day, label: 'Toko' },
      ],
      ['a delegation of nothing', { delegate: KEYS.sariShop.publicKey, may: [], expires: CREATED + day }],
      [
        'a capability of a later version',
        { delegate: KEYS.sariShop.publicKey, may: ['trade', 'teleport'], expires: CREATED + day },
      ],
      [
        'the key to which capsules are sealed',
        {
          delegate: KEYS.sariShop.publicKey,
          may: ALL,
          expires: CREATED + day,
          recovery: recoveryKeys(new Uint8Array(32).fill(7)).publicKey,
        },
      ],
      [
        'an end in the past: the delegation itself holds',
        { delegate: KEYS.sariShop.publicKey, may: ALL, expires: CREATED - day },
      ],
    ],
    invalid: changed([
      ['a device key of 31 bytes', edit('delegate', KEYS.sariShop.publicKey.slice(1))],
      ['a device key of small order', edit('delegate', ORDER_8)],
      ['a device key with a part of small order', edit('delegate', tainted)],
      ['a device key that is no point', edit('delegate', new Uint8Array(32).fill(0xff))],
      ['a device key as text', edit('delegate', 'z6Mk')],
      ['capabilities as one text', edit('may', 'trade')],
      [
        '33 capabilities',
        edit(
          'may',
          Array.from({ length: 33 }, (_, number) => `may-${number}`),
        ),
      ],
      ['a capability without a name', edit('may', [''])],
      ['an end before 1970', edit('expires', -1)],
      ['a label with a bell', edit('label', 'Toko\u0007')],
      ['a recovery key of 31 bytes', edit('recovery', new Uint8Array(31).fill(7))],
    ]),
  },
  revocation: {
    valid: [
      [
        'a revocation with one open trade',
        { revoked: KEYS.sariShop.publicKey, stands: [{ trade: TRADE, last: LAST }], reason: 'Hilang.' },
      ],
      ['a revocation with no open trade', { revoked: KEYS.sariShop.publicKey, stands: [] }],
    ],
    invalid: changed([
      ['a device key of 33 bytes', edit('revoked', new Uint8Array(33).fill(1))],
      ['a trade by the text of its id', edit('stands', [{ trade: TRADE.toString(), last: LAST }])],
      ['an open trade without its last message', edit('stands', [{ trade: TRADE }])],
      ['a reason of 401 characters', edit('reason', 'a'.repeat(401))],
    ]),
  },
  writer: {
    valid: [
      [
        'a lease that names nothing that stands',
        { epoch: 1, holder: KEYS.sariShop.publicKey, expires: CREATED + 30 * day, stands: [] },
      ],
      [
        'a lease handed over, with one open trade',
        {
          epoch: 2,
          holder: KEYS.till.publicKey,
          expires: CREATED + 30 * day,
          previous: LAST,
          stands: [{ trade: TRADE, last: LAST }],
        },
      ],
    ],
    invalid: changed([
      ['a negative epoch', edit('epoch', -1)],
      ['an epoch with a fraction', edit('epoch', '1')],
      ['a holder of 31 bytes', edit('holder', KEYS.sariShop.publicKey.slice(1))],
      ['nobody holds it', without('holder')],
      ['an end before 1970', edit('expires', -1)],
      ['the lease before it by the text of its id', edit('previous', LAST.toString())],
      ['no list of what stands', without('stands')],
      ['what stands without its trade', edit('stands', [{ last: LAST }])],
    ]),
  },
  capsule: {
    valid: [
      ['two open trades', { slot: 'capsule', seq: 3, item: { sealed: CAPSULE } }],
      ['no open trade', { slot: 'capsule', seq: 0, item: { sealed: EMPTY_CAPSULE } }],
    ],
    invalid: changed([
      ['a slot of another kind', edit('slot', 'profile')],
      ['a negative seq', edit('seq', -1)],
      ['nothing sealed', without('item.sealed')],
      ['a size that no capsule has', edit('item.sealed', CAPSULE.slice(1))],
      ['what is sealed as text', edit('item.sealed', 'capsule')],
      ['an item that is a list', edit('item', [])],
    ]),
  },
  profile: {
    valid: [
      [
        'everything that a profile can say',
        {
          slot: 'profile',
          seq: 4,
          item: {
            name: 'Warung Sari',
            description: 'Kopi dan rempah.',
            inLanguage: 'id',
            addresses: ['/ip4/192.168.1.10/tcp/4101'],
            mailboxes: ['12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo'],
            sealing: new Uint8Array(32).fill(5),
          },
        },
      ],
      ['the least that a profile must say', { slot: 'profile', seq: 0, item: { name: '' } }],
    ],
    invalid: changed([
      ['a slot of another kind', edit('slot', 'listing/kopi')],
      ['a negative seq', edit('seq', -1)],
      ['a profile without a name', without('item.name')],
      ['a name of 121 characters', edit('item.name', 'a'.repeat(121))],
      ['a name that turns the reading direction', edit('item.name', '\u2067iraS')],
      [
        '17 addresses',
        edit(
          'item.addresses',
          Array.from({ length: 17 }, () => '/ip4/127.0.0.1/tcp/1'),
        ),
      ],
      ['a sealing key of 31 bytes', edit('item.sealing', new Uint8Array(31))],
    ]),
  },
  'arbiter-offer': {
    valid: [
      [
        'everything that an arbiter can say',
        {
          slot: 'arbiter-offer',
          seq: 3,
          item: {
            open: true,
            fees: [
              { amount: 5_000_000, currency: 'IDR' },
              { amount: 500, currency: 'USD' },
            ],
            share: 150,
            languages: ['id', 'en'],
            terms: 'Putusan dalam tujuh hari.',
          },
        },
      ],
      [
        'one that takes nothing, and no new contracts',
        { slot: 'arbiter-offer', seq: 0, item: { open: false, fees: [{ amount: 0, currency: 'IDR' }], languages: [] } },
      ],
    ],
    invalid: changed([
      ['a slot of another kind', edit('slot', 'profile')],
      ['a negative seq', edit('seq', -1)],
      ['not said whether it is open', without('item.open')],
      ['no fees', edit('item.fees', [])],
      [
        'two fees in one currency',
        edit('item.fees', [
          { amount: 1, currency: 'IDR' },
          { amount: 2, currency: 'IDR' },
        ]),
      ],
      ['a fee below zero', edit('item.fees', [{ amount: -1, currency: 'IDR' }])],
      ['a share of more than all', edit('item.share', 10_001)],
      ['a share that is no whole number', edit('item.share', 'half')],
      ['a language of one letter', edit('item.languages', ['i'])],
      ['terms of 4001 characters', edit('item.terms', 'a'.repeat(4_001))],
    ]),
  },
  ratings: {
    valid: [
      [
        'two ratings, one with a reply: what the envelopes hold is for whoever reads them to check',
        {
          slot: 'ratings',
          seq: 2,
          item: {
            ratings: [
              { rating: envelope(1), bond: envelope(2), reply: envelope(3) },
              { rating: envelope(4), bond: envelope(5) },
            ],
          },
        },
      ],
      ['none', { slot: 'ratings', seq: 0, item: { ratings: [] } }],
    ],
    invalid: changed([
      ['a slot of another kind', edit('slot', 'profile')],
      ['a negative seq', edit('seq', -1)],
      ['no list', without('item.ratings')],
      ['a rating without a bond', edit('item.ratings', [{ rating: envelope(1) }])],
      ['a rating as text', edit('item.ratings', [{ rating: 'abc', bond: envelope(2) }])],
      ['an empty envelope', edit('item.ratings', [{ rating: new Uint8Array(), bond: envelope(2) }])],
      ['an envelope of 12289 bytes', edit('item.ratings', [{ rating: new Uint8Array(12_289), bond: envelope(2) }])],
      [
        '101 ratings',
        edit(
          'item.ratings',
          Array.from({ length: 101 }, () => ({ rating: envelope(1), bond: envelope(2) })),
        ),
      ],
    ]),
  },
  'block-list': {
    valid: [
      [
        'two traders, one with a reason',
        {
          slot: 'block-list',
          seq: 2,
          item: {
            name: 'Koperasi Maju',
            traders: [
              { trader: KEYS.budi.publicKey, reason: 'Barang tidak sesuai.', since: CREATED - day },
              { trader: KEYS.sari.publicKey, since: CREATED },
            ],
          },
        },
      ],
      ['nobody', { slot: 'block-list', seq: 0, item: { traders: [] } }],
    ],
    invalid: changed([
      ['a slot of another kind', edit('slot', 'profile')],
      ['a negative seq', edit('seq', -1)],
      ['no list', without('item.traders')],
      ['a trader by the text of the key', edit('item.traders', [{ trader: 'z6Mk', since: CREATED }])],
      ['a trader’s key of 31 bytes', edit('item.traders', [{ trader: KEYS.budi.publicKey.slice(1), since: CREATED }])],
      ['a trader since never', edit('item.traders', [{ trader: KEYS.budi.publicKey }])],
      [
        'a reason of 401 characters',
        edit('item.traders', [{ trader: KEYS.budi.publicKey, since: CREATED, reason: 'a'.repeat(401) }]),
      ],
      ['a name of 121 characters', edit('item.name', 'a'.repeat(121))],
    ]),
  },
};
