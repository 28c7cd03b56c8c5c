// Sellers and their cards: real keys, real signatures, made by the code that a node makes them with.
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { createBulkVerifier } from '../../dist/node/identity/verifier.js';
import { cardDraft, cardKeys, listingIdOfCard } from '../../dist/protocol/catalog/make-card.js';
import { listingSlot } from '../../dist/protocol/catalog/card.js';
import { keyPairFromSeed } from '../../dist/protocol/ed25519.js';
import { deviceToPeerId, traderToText } from '../../dist/protocol/ids.js';
import { CAPABILITIES } from '../../dist/protocol/identity/delegation.js';
import { readItem } from '../../dist/protocol/listing/input.js';
import { openRecord, signRecord } from '../../dist/protocol/record.js';
import { NETWORK, START } from './world.mjs';

const DAY = 24 * 60 * 60 * 1000;
const CARD_LIFETIME = 30 * DAY;
const DELEGATION_LIFETIME = 365 * DAY;

/** So many sellers, the same for a seed. */
export function makeSellers(count, seed) {
  return Array.from({ length: count }, (_, at) => makeSeller(`${seed} ${at}`));
}

function makeSeller(name) {
  const root = signer(`root ${name}`);
  const device = signer(`device ${name}`);
  const draft = { delegate: device.publicKey, may: [...CAPABILITIES], expires: START + DELEGATION_LIFETIME };
  const delegation = signRecord(
    'delegation',
    draft,
    { trader: root.publicKey, device: root.publicKey, sign: root.sign },
    { network: NETWORK, created: START },
  );
  const identity = {
    trader: root.publicKey,
    device: device.publicKey,
    delegation,
    delegations: [delegation],
    delegationOf: (id) => (delegation.id.equals(id) ? delegation : undefined),
    network: NETWORK,
    name,
    traderText: traderToText(root.publicKey),
    peerId: deviceToPeerId(device.publicKey),
    sign: device.sign,
  };
  return { identity, device: device.publicKey };
}

/** An Ed25519 key of a name; OpenSSL signs, as in a node. */
function signer(name) {
  const seed = new Uint8Array(createHash('sha256').update(`simulated ${name}`).digest());
  const { publicKey } = keyPairFromSeed(seed);
  const part = (bytes) => Buffer.from(bytes).toString('base64url');
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: part(seed), x: part(publicKey) };
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  return { publicKey, sign: (message) => new Uint8Array(sign(null, message, key)) };
}

/** Rows of a catalogue as signed cards of the sellers, each seller by the hash of the row's id. */
export function makeCards(rows, sellers) {
  return rows.map((row) => {
    const place = createHash('sha256').update(row.id).digest().readUInt32BE() % sellers.length;
    const { identity } = sellers[place];
    const { item } = readItem(row);
    const options = { network: NETWORK, created: START };
    const listing = signRecord('listing', { slot: listingSlot(item.sku), seq: 1, item }, identity, options);
    const draft = cardDraft(listing, { seq: 1, available: null, validUntil: START + CARD_LIFETIME });
    const card = signRecord('card', draft, identity, options);
    return {
      row: row.id,
      title: row.title,
      seller: place,
      listing: listingIdOfCard(card.payload),
      payload: card.payload,
      bytes: card.bytes,
      keys: cardKeys(card.payload),
    };
  });
}

/** A node's verifier that checks the same bytes once for all nodes: the verdict cannot be another one elsewhere. */
export function createSharedVerifier() {
  const verify = createBulkVerifier();
  const verdicts = new Map();
  return (publicKey, message, signature) => {
    const name = Buffer.from(signature).toString('latin1');
    const known = verdicts.get(name);
    if (
      known !== undefined &&
      Buffer.compare(known.message, message) === 0 &&
      Buffer.compare(known.publicKey, publicKey) === 0
    )
      return known.verdict;
    const verdict = verify(publicKey, message, signature);
    verdicts.set(name, { publicKey: Uint8Array.from(publicKey), message: Uint8Array.from(message), verdict });
    return verdict;
  };
}

/** A `DelegationBook` that keeps nothing and opens each delegation once for all nodes. */
export function createSharedBook(verify) {
  const opened = new Map();
  const read = (bytes) => {
    const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    let delegation = opened.get(name);
    if (delegation === undefined) {
      delegation = openRecord(Uint8Array.from(bytes), { network: NETWORK, kinds: ['delegation'], verify });
      opened.set(name, delegation);
    }
    return delegation;
  };
  return {
    read,
    find: () => undefined,
    met: () => undefined,
    learn: (bytes) => ({ delegation: read(bytes) }),
    load: async () => undefined,
  };
}
