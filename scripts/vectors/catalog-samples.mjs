import { blobId, cardDraft, signRecord } from '../../dist/protocol/index.js';
import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { float64, link } from '../lib/raw-cbor.mjs';
import { CREATED, day, NETWORK, sari } from './keys.mjs';
import { changed, edit, without } from './edit.mjs';

/** What catalogue records say, rightly and wrongly. */

const text = (words) => blobId(new TextEncoder().encode(words));
const SHA2_512 = 0x13;
const LONG_HASH = CID.createV1(0x55, Digest.create(SHA2_512, new Uint8Array(64).fill(7)));
const DAG_JSON_CODEC = CID.createV1(0x0129, text('x').multihash);
/** Base58btc `Qm…` in bytes: a sha2-256 multihash and nothing before it. */
const CID_V0 = link(text('picture').multihash.bytes);

const KOPI = {
  sku: 'kopi-gayo-250',
  kind: 'goods',
  title: 'Kopi Gayo 250 g',
  description: 'Biji arabika dari Takengon, disangrai tiap Jumat.\nRoasted every Friday.',
  category: ['Makanan & Minuman', 'Kopi'],
  brand: 'Warung Sari',
  itemCondition: 'new',
  additionalProperty: { roast: 'medium', grams: 250, organic: true },
  keywords: ['arabika', 'single origin'],
  hasVariant: [
    { sku: 'kopi-gayo-250-biji', title: 'Biji' },
    { sku: 'kopi-gayo-250-bubuk', title: 'Bubuk', price: { amount: 8_700_000, currency: 'IDR' }, inventoryLevel: 4 },
  ],
  price: { amount: 8_500_000, currency: 'IDR' },
  unitText: 'bungkus',
  inventoryLevel: 40,
  eligibleQuantity: { minValue: 1, maxValue: 10 },
  image: [text('picture')],
  availableAtOrFrom: {
    addressCountry: 'ID',
    addressRegion: 'Aceh',
    addressLocality: 'Takengon',
    latitudeE6: 4_630_000,
    longitudeE6: 96_840_000,
  },
  shippingDetails: [
    {
      shippingDestination: 'ID',
      shippingRate: { amount: 2_000_000, currency: 'IDR' },
      minDays: 2,
      maxDays: 5,
    },
  ],
  pickup: true,
  acceptedPaymentMethod: ['transfer', 'QRIS'],
  conditions: { refund: text('Uang kembali dalam 7 hari.') },
  inLanguage: 'id',
  validFrom: CREATED - day,
  validThrough: CREATED + 90 * day,
};

const LESSON = {
  sku: 'les-1',
  kind: 'service',
  title: 'Les matematika',
  description: '',
  category: [],
  price: null,
  inventoryLevel: null,
};

const listing = (item, seq = 1) => ({ slot: `listing/${item.sku}`, seq, item });

const listingEdits = [
  ['a slot of another kind', edit('slot', 'card/kopi-gayo-250')],
  ['the slot of another sku', edit('slot', 'listing/kopi-gayo-500')],
  ['a slot without a sku', edit('slot', 'listing/')],
  ['the sku of another slot', edit('item.sku', 'kopi-gayo-500')],
  ['a negative seq', edit('seq', -1)],
  ['a title that is missing', without('item.title')],
  ['a price that is missing: null says "on request"', without('item.price')],
  ['an empty title', edit('item.title', '')],
  ['a title of 301 characters', edit('item.title', 'k'.repeat(301))],
  ['a title with a line break', edit('item.title', 'Kopi\nGayo')],
  ['a title with an escape character', edit('item.title', 'Kopi \u001b[31mGayo')],
  ['a title with a character that turns the reading direction', edit('item.title', 'Kopi \u202eoyaG')],
  ['a kind of thing that there is not', edit('item.kind', 'food')],
  ['a condition that there is not', edit('item.itemCondition', 'mint')],
  ['a negative price', edit('item.price', { amount: -1, currency: 'IDR' })],
  ['a price of 2^53', edit('item.price', { amount: 9_007_199_254_740_992n, currency: 'IDR' })],
  ['a price without a currency', edit('item.price', { amount: 1 })],
  ['a currency that there is not', edit('item.price', { amount: 1, currency: 'ABC' })],
  ['a currency in small letters', edit('item.price', { amount: 1, currency: 'idr' })],
  ['a price as text', edit('item.price', '85000 IDR')],
  ['a negative quantity', edit('item.inventoryLevel', -1)],
  ['a fraction of a piece', edit('item.inventoryLevel', float64(1.5)), 'RECORD_MALFORMED'],
  ['a least order above the largest', edit('item.eligibleQuantity', { minValue: 5, maxValue: 2 })],
  ['a sku that two variants have', edit('item.hasVariant', [{ sku: 'a' }, { sku: 'a' }])],
  ['a latitude without a longitude', edit('item.availableAtOrFrom', { latitudeE6: 1 })],
  ['a latitude beyond the pole', edit('item.availableAtOrFrom', { latitudeE6: 90_000_001, longitudeE6: 0 })],
  ['an end before the beginning', edit('item.validThrough', CREATED - 2 * day)],
  ['a picture whose id has another hash than sha2-256', edit('item.image', [LONG_HASH])],
  ['a picture whose id has a codec that is neither raw nor dag-cbor', edit('item.image', [DAG_JSON_CODEC])],
  ['a picture by a CIDv0', edit('item.image', [CID_V0]), 'RECORD_MALFORMED'],
  ['a picture by the text of its id', edit('item.image', [text('picture').toString()])],
  [
    '21 pictures',
    edit(
      'item.image',
      Array.from({ length: 21 }, (_, number) => text(`picture ${number}`)),
    ),
  ],
  ['an attribute that is a list', edit('item.additionalProperty', { sizes: ['S', 'M'] })],
];

const KOPI_LISTING = signRecord('listing', listing(KOPI), sari, { network: NETWORK, created: CREATED });
const LESSON_LISTING = signRecord('listing', listing(LESSON), sari, { network: NETWORK, created: CREATED });
const card = (record, available) => cardDraft(record, { seq: 1, available, validUntil: CREATED + 30 * day });

export const CATALOG_SAMPLES = {
  listing: {
    valid: [
      ['everything that a listing can say', listing(KOPI)],
      ['the least that a listing must say; its price is on request', listing(LESSON)],
      [
        'an issuer’s unit as currency',
        listing({ ...LESSON, price: { amount: 3, currency: 'z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp:jam' } }),
      ],
      ['text that is not in a normal form of Unicode: readers do not ask', listing({ ...LESSON, title: 'Cafe\u0301' })],
    ],
    invalid: changed(listingEdits),
  },
  card: {
    valid: [
      ['a card with all that it can show', card(KOPI_LISTING, 40)],
      ['a card with few left', card(KOPI_LISTING, 2)],
      ['a card of a thing on request', card(LESSON_LISTING, null)],
    ],
    invalid: changed([
      ['the slot of the listing', edit('slot', 'listing/kopi-gayo-250')],
      ['a slot without a sku', edit('slot', 'card/')],
      ['a negative seq', edit('seq', -1)],
      ['a listing by the text of its id', edit('listing', KOPI_LISTING.id.toString())],
      ['an availability that there is not', edit('summary.availability', 'SoldOut')],
      ['a summary without a title', without('summary.title')],
      ['a field mask of 32', edit('index', [[32, 1, 'kopi']])],
      ['a count of 16', edit('index', [[1, 16, 'kopi']])],
      ['a group of two', edit('index', [[1, 1]])],
      ['a group without terms', edit('index', [[1, 1, '']])],
      ['a time after the last that can be shown', edit('validUntil', 8_640_000_000_000_001)],
    ]),
  },
  delta: {
    valid: [
      [
        'another price and few left',
        {
          slot: 'card/kopi-gayo-250',
          seq: 2,
          card: text('card'),
          listing: KOPI_LISTING.id,
          price: { amount: 8_000_000, currency: 'IDR' },
          availability: 'LimitedAvailability',
        },
      ],
      [
        'sold out, and its price on request from now on',
        {
          slot: 'card/kopi-gayo-250',
          seq: 3,
          card: text('card'),
          listing: KOPI_LISTING.id,
          price: null,
          availability: 'OutOfStock',
        },
      ],
    ],
    invalid: changed([
      ['the slot of a listing', edit('slot', 'listing/kopi-gayo-250')],
      ['a slot without a sku', edit('slot', 'card/')],
      ['a negative seq', edit('seq', -1)],
      ['no card that it changes', without('card')],
      ['a card by the text of its id', edit('card', text('card').toString())],
      ['no listing', without('listing')],
      ['no price: null says "on request"', without('price')],
      ['a negative price', edit('price', { amount: -1, currency: 'IDR' })],
      ['an availability that there is not', edit('availability', 'SoldOut')],
    ]),
  },
  tombstone: {
    valid: [
      ['a tombstone of a listing', { slot: 'listing/kopi-gayo-250', seq: 2, reason: 'Habis.' }],
      ['a tombstone of a card', { slot: 'card/kopi-gayo-250', seq: 2 }],
    ],
    invalid: changed([
      ['the slot of a profile', edit('slot', 'profile')],
      ['a slot without a sku', edit('slot', 'listing/')],
      ['a negative seq', edit('seq', -1)],
      ['a reason of 401 characters', edit('reason', 'a'.repeat(401))],
    ]),
  },
  lease: {
    valid: [
      [
        'a lease over 12 cards',
        { slot: 'lease', seq: 3, root: new Uint8Array(32).fill(9), cards: 12, validUntil: CREATED + 30 * day },
      ],
    ],
    invalid: changed([
      ['a slot of another kind', edit('slot', 'profile')],
      ['a root of 31 bytes', edit('root', new Uint8Array(31).fill(9))],
      ['a root of 33 bytes', edit('root', new Uint8Array(33).fill(9))],
      ['a negative number of cards', edit('cards', -1)],
      ['more cards than a tree may have leaves', edit('cards', 1_000_001)],
    ]),
  },
};

export { KOPI, KOPI_LISTING, LESSON };
