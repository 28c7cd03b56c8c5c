import { DEFAULT_DURATIONS, recordId, signRecord } from '../../dist/protocol/index.js';
import { float64 } from '../lib/raw-cbor.mjs';
import { KOPI_LISTING } from './catalog-samples.mjs';
import { changed, edit, without } from './edit.mjs';
import { budi, CREATED, day, KEYS, NETWORK, sari } from './keys.mjs';

/** What the messages of a trade say, rightly and wrongly. Sari sells, Budi buys. */

const idr = (amount) => ({ amount, currency: 'IDR' });

const LINE = {
  listing: KOPI_LISTING.id,
  slot: 'listing/kopi-gayo-250',
  title: 'Kopi Gayo 250 g',
  quantity: 2,
  price: idr(8_500_000),
};

export const TERMS = {
  lines: [LINE],
  shipping: idr(2_000_000),
  total: idr(19_000_000),
  settlement: { method: 'direct' },
  delivery: { method: 'shipping' },
  deadlines: DEFAULT_DURATIONS,
  expires: CREATED + day,
};

const SELLERS_TERMS = { ...TERMS, stock: 'reserved' };
const offer = { heads: [], buyer: KEYS.budi.publicKey, seller: KEYS.sari.publicKey, terms: TERMS };
const OFFER = signRecord('offer', offer, budi, { network: NETWORK, created: CREATED - 1000 }).id;
const OTHER = recordId(Uint8Array.of(0xa0));
const heads = (count) => Array.from({ length: count }, (_, number) => recordId(Uint8Array.of(0x18, 24 + number)));

const step = (fields) => ({ trade: OFFER, heads: [OFFER], ...fields });
const answer = (fields = {}) => step({ answers: OFFER, ...fields });

/** What can be wrong with every message but the first. */
const STEP_EDITS = [
  ['a trade by the text of its id', edit('trade', OFFER.toString())],
  ['no heads', edit('heads', [])],
  ['65 heads', edit('heads', heads(65))],
  ['heads by the text of their ids', edit('heads', [OFFER.toString()])],
];
const ANSWER_EDITS = [...STEP_EDITS, ['what it answers by the text of its id', edit('answers', OFFER.toString())]];

const TERMS_EDITS = [
  ['terms without a line', edit('terms.lines', [])],
  [
    '101 lines',
    edit(
      'terms.lines',
      Array.from({ length: 101 }, () => LINE),
    ),
  ],
  ['a quantity of 0', edit('terms.lines', [{ ...LINE, quantity: 0 }])],
  ['a negative price', edit('terms.lines', [{ ...LINE, price: idr(-1) }])],
  ['a line with the slot of a card', edit('terms.lines', [{ ...LINE, slot: 'card/kopi-gayo-250' }])],
  ['a line without its slot', edit('terms.lines', [{ ...LINE, slot: 'listing/' }])],
  ['terms without a total', without('terms.total')],
  ['a total that is a float', edit('terms.total', float64(1.5)), 'RECORD_MALFORMED'],
  ['a way to settle that there is not', edit('terms.settlement', { method: 'faith' })],
  ['a way to deliver that there is not', edit('terms.delivery', { method: 'pigeon' })],
  ['a promise of stock that there is not', edit('terms.stock', 'maybe')],
  ['terms that never expire', without('terms.expires')],
  ['terms without deadlines', without('terms.deadlines')],
  ['a deadline of less than an hour', edit('terms.deadlines.payment', 60 * 60 * 1000 - 1)],
  ['a deadline of more than a year', edit('terms.deadlines.ruling', 366 * day)],
  ['an arbiter without a fee', edit('terms.arbiter', { trader: KEYS.stranger.publicKey, offer: OTHER })],
  ['an arbiter by the text of its key', edit('terms.arbiter', { trader: 'z6Mk', offer: OTHER, fee: idr(1) })],
  ['an address that is no commitment', edit('terms.delivery', { method: 'shipping', address: 'Jl. Merdeka 1' })],
  ['a list of milestones without one', edit('terms.delivery', { method: 'service', milestones: [] })],
  ['a note of 2001 characters', edit('terms.note', 'a'.repeat(2001))],
];

const AMOUNT_EDITS = [
  ...STEP_EDITS,
  ['a negative amount', edit('amount', idr(-1))],
  ['an amount that is a float', edit('amount', float64(1.5)), 'RECORD_MALFORMED'],
  ['an amount without a currency', edit('amount', { amount: 1 })],
  ['a currency that there is not', edit('amount', { amount: 1, currency: 'RP' })],
];
const COMMITMENT = new Uint8Array(32).fill(7);
const SALT = new Uint8Array(16).fill(8);
const PART = [{ line: 0, quantity: 1 }];
const PARTS_EDITS = [
  ...STEP_EDITS,
  ['parts without one', edit('parts', [])],
  ['a part of nothing', edit('parts', [{ line: 0, quantity: 0 }])],
  ['a part of a line below the first', edit('parts', [{ line: -1, quantity: 1 }])],
  ['a part of the 101st line', edit('parts', [{ line: 100, quantity: 1 }])],
];
const REMEDY_EDITS = [
  ...STEP_EDITS,
  ['no reason', without('reason')],
  ['an empty reason', edit('reason', '')],
  ['a negative refund', edit('refund', idr(-1))],
  ['a return without parts', edit('return', [])],
  ['a replacement of nothing', edit('replace', [{ line: 0, quantity: 0 }])],
  ['goods left out without a line', edit('omit', [{ quantity: 1 }])],
];
const PROOF = ['a proof that is no commitment', edit('proof', new Uint8Array(31))];
const REASON = ['a reason of 2001 characters', edit('reason', 'a'.repeat(2001))];
const NOTE = ['a note of 2001 characters', edit('note', 'a'.repeat(2001))];

export const TRADE_SAMPLES = {
  offer: {
    signer: budi,
    valid: [
      ['a buyer’s offer', offer],
      [
        'an offer with a note and a variant',
        {
          ...offer,
          terms: { ...TERMS, lines: [{ ...LINE, variant: 'kopi-gayo-250-biji' }], note: 'Tolong digiling halus.' },
        },
      ],
    ],
    invalid: changed([
      ['an offer that names a trade', edit('trade', OTHER)],
      ['an offer with heads', edit('heads', [OTHER])],
      ['a buyer of 31 bytes', edit('buyer', new Uint8Array(31))],
      ['a seller as text', edit('seller', 'z6Mk')],
      ...TERMS_EDITS,
    ]),
  },
  counter: {
    signer: sari,
    valid: [['a seller’s counter-offer', answer({ terms: SELLERS_TERMS })]],
    invalid: changed([...ANSWER_EDITS, ...TERMS_EDITS]),
  },
  accept: {
    signer: sari,
    valid: [
      ['an accept', answer()],
      [
        'an accept with commitments: that only the buyer may, the trade says',
        answer({ address: COMMITMENT, code: COMMITMENT }),
      ],
    ],
    invalid: changed([...ANSWER_EDITS, ['an address in words', edit('address', 'Jl. Merdeka 1')]]),
  },
  decline: {
    signer: sari,
    valid: [
      ['a decline with its reason', answer({ reason: 'Stok habis.' })],
      ['a decline without a reason', answer()],
    ],
    invalid: changed([...ANSWER_EDITS, REASON]),
  },
  withdraw: { signer: budi, valid: [['a withdrawal', answer()]], invalid: changed(ANSWER_EDITS) },
  cancel: {
    signer: budi,
    valid: [['a cancel with its reason', step({ reason: 'Salah pesan.' })]],
    invalid: changed([...STEP_EDITS, REASON]),
  },
  paid: {
    signer: budi,
    valid: [
      [
        'a payment with method and reference',
        step({ method: 'transfer', reference: 'BCA 0412', amount: idr(19_000_000) }),
      ],
      ['a payment of zero: the shape allows it, the trade does not', step({ amount: idr(0) })],
    ],
    invalid: changed([
      ...AMOUNT_EDITS,
      PROOF,
      ['an empty method', edit('method', '')],
      ['a reference of 201 characters', edit('reference', 'a'.repeat(201))],
    ]),
  },
  'payment-seen': {
    signer: sari,
    valid: [['all of the money', step({ amount: idr(19_000_000) })]],
    invalid: changed(AMOUNT_EDITS),
  },
  shipped: {
    signer: sari,
    valid: [
      [
        'a parcel with carrier and tracking code',
        step({ carrier: 'JNE', tracking: 'JNE123', note: 'Dikirim pagi ini.' }),
      ],
      ['a handing over without words', step({})],
      ['one piece', step({ parts: PART })],
      ['a file', step({ content: [{ cid: OTHER, size: 1_000, name: 'font.zip', key: COMMITMENT }] })],
      ['a handing over for a code', step({ code: { salt: SALT, value: '4711' } })],
    ],
    invalid: changed([
      ...PARTS_EDITS,
      ['an empty tracking code', edit('tracking', '')],
      NOTE,
      ['a list of files without one', edit('content', [])],
      ['a file without its key', edit('content', [{ cid: OTHER, size: 1, name: 'font.zip' }])],
      ['a code with a salt of 15 bytes', edit('code', { salt: new Uint8Array(15), value: '1234' })],
      ['a code with a salt of 33 bytes', edit('code', { salt: new Uint8Array(33), value: '1234' })],
    ]),
  },
  refunded: {
    signer: sari,
    valid: [
      ['half of the money', step({ amount: idr(9_500_000) })],
      [
        'money sent back, with a proof',
        step({ method: 'transfer', reference: 'BCA 0413', proof: COMMITMENT, amount: idr(1) }),
      ],
    ],
    invalid: changed([...AMOUNT_EDITS, PROOF]),
  },
  'refund-seen': {
    signer: budi,
    valid: [['half of the money', step({ amount: idr(9_500_000) })]],
    invalid: changed(AMOUNT_EDITS),
  },
  received: {
    signer: budi,
    valid: [
      ['goods received', step({ note: 'Wangi!' })],
      ['a part received', step({ parts: PART })],
    ],
    invalid: changed([...PARTS_EDITS, NOTE]),
  },
  approved: {
    signer: budi,
    valid: [['goods approved', step({ note: 'Sesuai.' })]],
    invalid: changed([...STEP_EDITS, NOTE]),
  },
  returned: {
    signer: budi,
    valid: [['goods sent back', step({ parts: PART, carrier: 'JNE', tracking: 'JNE124' })]],
    invalid: changed([...PARTS_EDITS, ['an empty tracking code', edit('tracking', '')], NOTE]),
  },
  'return-seen': {
    signer: sari,
    valid: [['goods seen to come back', step({})]],
    invalid: changed([...PARTS_EDITS, NOTE]),
  },
  consent: {
    signer: sari,
    valid: [['an arbiter’s consent: whether it is the arbiter, the trade says', step({})]],
    invalid: changed([...STEP_EDITS, NOTE]),
  },
  remedy: {
    signer: budi,
    valid: [
      ['a refund in part', step({ refund: idr(1_000_000), reason: 'Satu bungkus sobek.' })],
      [
        'return, replacement and leaving out',
        step({ return: PART, replace: PART, omit: PART, reason: 'Salah kirim.' }),
      ],
      ['nothing at all: the shape allows it, the trade does not', step({ reason: 'Tidak ada.' })],
    ],
    invalid: changed(REMEDY_EDITS),
  },
  'remedy-accept': { signer: sari, valid: [['an accept', answer()]], invalid: changed(ANSWER_EDITS) },
  'remedy-decline': {
    signer: sari,
    valid: [['a decline with its reason', answer({ reason: 'Sudah dipakai.' })]],
    invalid: changed([...ANSWER_EDITS, REASON]),
  },
  dispute: {
    signer: budi,
    valid: [
      [
        'a dispute with what its author wants, and a file',
        step({ reason: 'Barang rusak.', wants: { refund: idr(19_000_000), return: PART }, attachments: [COMMITMENT] }),
      ],
    ],
    invalid: changed([
      ...STEP_EDITS,
      ['no reason', without('reason')],
      ['wanting a negative refund', edit('wants', { refund: idr(-1) })],
      ['a file that is no commitment', edit('attachments', [new Uint8Array(31)])],
      [
        '17 files',
        edit(
          'attachments',
          Array.from({ length: 17 }, () => COMMITMENT),
        ),
      ],
    ]),
  },
  'dispute-withdrawn': {
    signer: budi,
    valid: [['a dispute taken back', step({})]],
    invalid: changed([...STEP_EDITS, REASON]),
  },
  statement: {
    signer: sari,
    valid: [['a statement with a file', step({ text: 'Dikemas dengan baik.', attachments: [COMMITMENT] })]],
    invalid: changed([
      ...STEP_EDITS,
      ['an empty text', edit('text', '')],
      ['a text of 8001 characters', edit('text', 'a'.repeat(8001))],
      ['a list of files without one', edit('attachments', [])],
    ]),
  },
  ruling: {
    signer: sari,
    valid: [
      ['half each', step({ refund: idr(9_500_000), reason: 'Keduanya lalai.' })],
      ['all stays as it was agreed', step({ reason: 'Tidak terbukti.' })],
    ],
    invalid: changed(REMEDY_EDITS),
  },
  rating: {
    signer: budi,
    valid: [['five stars', step({ stars: 5, text: 'Wangi!' })]],
    invalid: changed([
      ...STEP_EDITS,
      ['no star', edit('stars', 0)],
      ['six stars', edit('stars', 6)],
      ['half a star', edit('stars', float64(0.5)), 'RECORD_MALFORMED'],
    ]),
  },
  reply: {
    signer: sari,
    valid: [['a reply', step({ text: 'Terima kasih!' })]],
    invalid: changed([...STEP_EDITS, ['an empty text', edit('text', '')]]),
  },
  timeout: {
    signer: budi,
    valid: [
      ['a deadline that passed', step({ deadline: 'offer-expiry' })],
      ['a deadline of a later version: whether it runs, the trade says', step({ deadline: 'moon-landing' })],
    ],
    invalid: changed([
      ...STEP_EDITS,
      ['an empty deadline', edit('deadline', '')],
      ['a deadline of 65 characters', edit('deadline', 'a'.repeat(65))],
    ]),
  },
  receipt: {
    signer: sari,
    valid: [
      ['a receipt', { of: OFFER, trade: OFFER }],
      ['a receipt that a person has seen it', { of: OFFER, trade: OFFER, read: true }],
      ['a receipt for what belongs to no trade', { of: OFFER }],
    ],
    invalid: changed([
      ['a message by the text of its id', edit('of', OFFER.toString())],
      ['a trade by the text of its id', edit('trade', OFFER.toString())],
      ['read, as a text', edit('read', 'yes')],
    ]),
  },
};
