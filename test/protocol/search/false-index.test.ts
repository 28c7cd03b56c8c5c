import { describe, expect, it } from 'vitest';
import { createBulkVerifier } from '../../../node/identity/index.js';
import { cardDraft } from '../../../protocol/catalog/make-card.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { readItem } from '../../../protocol/listing/input.js';
import { signRecord, type SignedRecord, type Signer } from '../../../protocol/record.js';
import type { Card, Delta, Listing } from '../../../protocol/catalog/card.js';
import { isFalseIndexFile, readFalseIndex, writeFalseIndex } from '../../../protocol/search/false-index.js';
import { FIELD, type CardIndex } from '../../../protocol/search/index-terms.js';
import { expectRefused, refusal } from '../../support/refusal.js';

const NETWORK = 'test';
const NOW = Date.UTC(2026, 0, 1);

/** A seller who signs by hand. */
function createSeller(seed: number) {
  const rootKeys = keyPairFromSeed(new Uint8Array(32).fill(seed));
  const keys = keyPairFromSeed(new Uint8Array(32).fill(seed + 1));
  const trader = rootKeys.publicKey;
  const options = { network: NETWORK, created: NOW };
  const root: Signer = { trader, device: trader, sign: (message) => sign(message, rootKeys.secretKey) };
  const draft = { delegate: keys.publicKey, may: ['publish'], expires: NOW + 1e9 };
  const delegation = signRecord('delegation', draft, root, options);
  const signer = { trader, device: keys.publicKey, delegation, sign: (text: Uint8Array) => sign(text, keys.secretKey) };
  const listing = (sku: string, title: string): SignedRecord<Listing> =>
    signRecord('listing', { slot: `listing/${sku}`, seq: 1, item: readItem({ sku, title }).item }, signer, options);
  const card = (of: SignedRecord<Listing>, more: CardIndex[number][] = []): SignedRecord<Card> => {
    const made = cardDraft(of, { seq: 1, available: 1, validUntil: NOW + 1e9 });
    return signRecord('card', { ...made, index: [...(made.index as CardIndex), ...more] }, signer, options);
  };
  const delta = (of: SignedRecord<Card>, version: SignedRecord<Listing>): SignedRecord<Delta> => {
    const draft = { slot: of.payload.slot, seq: 2, card: of.id, listing: version.id, price: null };
    return signRecord('delta', { ...draft, availability: 'InStock' }, signer, options);
  };
  return { delegation, listing, card, delta };
}

const seller = createSeller(1);
const shoes = seller.listing('a', 'Sepatu lari pria');
const STUFFED: CardIndex[number][] = [[FIELD.ATTRIBUTE, 1, 'iphone samsung']];

const fileOf = (card: SignedRecord<Card>, listing: SignedRecord<Listing>, delegations = [seller.delegation.bytes]) =>
  writeFalseIndex({ network: NETWORK, card: card.bytes, listing: listing.bytes, delegations });

describe('a proof of a false index', () => {
  it('holds for whoever reads the file, and names the words that are claimed', () => {
    const file = fileOf(seller.card(shoes, STUFFED), shoes);
    expect(isFalseIndexFile(file)).toBe(true);
    expect(readFalseIndex(file)).toMatchObject({
      terms: ['iphone', 'samsung'],
      listing: { payload: { item: { title: 'Sepatu lari pria' } } },
    });
  });

  it('cannot be made of an honest card, of another listing or of another seller', () => {
    expectRefused(() => readFalseIndex(fileOf(seller.card(shoes), shoes)), 'EVIDENCE_INVALID');
    const hats = seller.listing('b', 'Topi merah');
    expectRefused(() => readFalseIndex(fileOf(seller.card(shoes), hats)), 'EVIDENCE_INVALID');
    const other = createSeller(5);
    const theirs = other.listing('a', 'Topi merah');
    const delegations = [seller.delegation.bytes, other.delegation.bytes];
    expectRefused(() => readFalseIndex(fileOf(seller.card(shoes, STUFFED), theirs, delegations)), 'EVIDENCE_INVALID');
  });

  it('holds where a delta made the card stand for another version, and only with that delta', () => {
    const card = seller.card(shoes);
    const hats = seller.listing('a', 'Topi merah');
    const proof = { network: NETWORK, listing: hats.bytes, delegations: [seller.delegation.bytes] };
    const delta = seller.delta(card, hats).bytes;
    const file = writeFalseIndex({ ...proof, card: card.bytes, delta });
    expect(readFalseIndex(file).terms).toEqual(expect.arrayContaining(['sepatu']));
    expectRefused(() => readFalseIndex(writeFalseIndex({ ...proof, card: card.bytes })), 'EVIDENCE_INVALID');
    const other = seller.card(shoes, STUFFED).bytes;
    expectRefused(() => readFalseIndex(writeFalseIndex({ ...proof, card: other, delta })), 'EVIDENCE_INVALID');
  });

  it('does not stand without the delegation, nor with any byte of it changed', () => {
    const card = seller.card(shoes, STUFFED);
    expectRefused(() => readFalseIndex(fileOf(card, shoes, [])), 'DELEGATION_MISSING');
    const file = fileOf(card, shoes);
    const verify = createBulkVerifier();
    for (let at = 0; at < file.length; at++) {
      const changed = file.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      expect(
        refusal(() => readFalseIndex(changed, { verify })),
        `byte ${at}`,
      ).toBeDefined();
    }
  });

  it('is told from other files without reading them', () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(0xa0), new TextEncoder().encode('hello'), shoes.bytes])
      expect(isFalseIndexFile(bytes)).toBe(false);
  });
});
