import {
  browseKeys,
  categoryKey,
  encode,
  listingKey,
  placeKey,
  placeOf,
  SALTS,
  sellerKey,
  sha256,
  shardKey,
  shardOf,
  slotId,
  termKey,
  traderKey,
  traderToText,
} from '../../dist/protocol/index.js';
import { hex } from '../lib/bytes.mjs';
import { KEYS, NETWORK, OTHER_NETWORK } from './keys.mjs';

/** Where postings stand in the key space of the DHT: key → preimage → place. */

const SELLER = traderToText(KEYS.sari.publicKey);
const LISTING = slotId(NETWORK, KEYS.sari.publicKey, 'listing/kopi-gayo-250').toString();
const DOMAIN = 'niaga/index/1';
const KOPI = { network: NETWORK, key: termKey('kopi'), salt: 0, shard: '' };

const RIGHT = [
  ...SALTS.map((salt) => [`a term under salt ${salt}`, { ...KOPI, salt }]),
  ['a term with a mark of absence', { ...KOPI, key: termKey('¬susu') }],
  ['a measure', { ...KOPI, key: termKey('250g') }],
  ['a term of another script', { ...KOPI, key: termKey('咖啡') }],
  ['a shard of one bit', { ...KOPI, shard: '1' }],
  ['a shard of four bits', { ...KOPI, shard: '0110' }],
  ['another network', { ...KOPI, network: OTHER_NETWORK }],
  ['a listing', { ...KOPI, key: listingKey(LISTING) }],
  ['a seller', { ...KOPI, key: sellerKey(SELLER) }],
  ['a trader’s own records', { ...KOPI, key: traderKey(SELLER) }],
  ['a category: case, accents and spaces do not count', { ...KOPI, key: categoryKey('  Makanan  &  MINUMAN ') }],
  ['a category: of a name 120 bytes, cut between letters', { ...KOPI, key: categoryKey(`a${'é漢'.repeat(60)}`) }],
  ['a place: a word of its names', { ...KOPI, key: placeKey('Acèh') }],
  ...browseKeys({ category: [], place: ['Indonesia'] }).map((key) => [
    'a country: its code, whatever it is called',
    { ...KOPI, key },
  ]),
];

/** The shard of a listing under a key of so many bits, and the name under which its cards are held there. */
const SHARDS = [0, 1, 2, 5, 8].map((bits) => {
  const shard = shardOf(LISTING, bits);
  return { listing: LISTING, bits, shard, name: shardKey(KOPI.key, shard) };
});

/** Mistakes that are easily made: the place is not that of the key. */
const WRONG = [
  ['the place of the other salt', placeOf(NETWORK, KOPI.key, 1)],
  ['the place in another network', placeOf(OTHER_NETWORK, KOPI.key, 0)],
  ['the place of a shard', placeOf(NETWORK, KOPI.key, 0, '0')],
  ['the place of the bare term', placeOf(NETWORK, 'kopi', 0)],
  ['the term in capitals', placeOf(NETWORK, termKey('Kopi'), 0)],
  ['no domain', placed(encode([NETWORK, KOPI.key, 0, '']))],
  ['the parts as text after one another', placed(new TextEncoder().encode(`${DOMAIN}${NETWORK}${KOPI.key}0`))],
  ['the salt as text', placed(encode([DOMAIN, NETWORK, KOPI.key, '0', '']))],
  ['the shard as null', placed(encode([DOMAIN, NETWORK, KOPI.key, 0, null]))],
  ['no shard', placed(encode([DOMAIN, NETWORK, KOPI.key, 0]))],
  ['the shard in front of the key', placed(encode([DOMAIN, NETWORK, shardKey(KOPI.key, '0'), 0, '']))],
  ['the shard as a number', placed(encode([DOMAIN, NETWORK, KOPI.key, 0, 0]))],
  ['the parts in another order', placed(encode([DOMAIN, KOPI.key, NETWORK, 0, '']))],
  ['another version of the index', placed(encode(['niaga/index/2', NETWORK, KOPI.key, 0, '']))],
  ['the category of that name', placeOf(NETWORK, categoryKey('kopi'), 0)],
  ['hashed twice', placed(placeOf(NETWORK, KOPI.key, 0).kadId)],
];

function placed(preimage) {
  return { preimage, kadId: sha256(preimage) };
}

export function postingKeyVectors() {
  const row =
    (valid) =>
    (description, question, { preimage, kadId }) => {
      return { description, valid, ...question, preimage: hex(preimage), kadId: hex(kadId) };
    };
  return {
    about: 'posting-keys',
    shards: SHARDS,
    cases: [
      ...RIGHT.map(([description, question]) => {
        const { network, key, salt, shard } = question;
        return row(true)(description, question, placeOf(network, key, salt, shard));
      }),
      ...WRONG.map(([description, place]) => row(false)(description, KOPI, place)),
    ],
  };
}
