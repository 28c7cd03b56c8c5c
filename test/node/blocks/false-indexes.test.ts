import { describe, expect, it } from 'vitest';
import { createFalseIndexes, type FalseIndexes } from '../../../node/blocks/index.js';
import { createEvents, type NewEvent } from '../../../node/events/index.js';
import { createBulkVerifier } from '../../../node/identity/index.js';
import type { Store } from '../../../node/store/index.js';
import { cardDraft, listingIdOfCard } from '../../../protocol/catalog/make-card.js';
import type { Card, Listing } from '../../../protocol/catalog/card.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { readItem } from '../../../protocol/listing/input.js';
import { signRecord, type SignedRecord, type Signer } from '../../../protocol/record.js';
import { readFalseIndex } from '../../../protocol/search/false-index.js';
import { FIELD, type CardIndex } from '../../../protocol/search/index-terms.js';
import { openStore } from '../store/support.js';
import { quiet } from '../trader-records/support.js';

const NETWORK = 'test';
const NOW = Date.UTC(2026, 0, 1);
const keys = keyPairFromSeed(new Uint8Array(32).fill(2));
const rootKeys = keyPairFromSeed(new Uint8Array(32).fill(1));
const options = { network: NETWORK, created: NOW };
const root: Signer = {
  trader: rootKeys.publicKey,
  device: rootKeys.publicKey,
  sign: (message) => sign(message, rootKeys.secretKey),
};
const delegation = signRecord(
  'delegation',
  { delegate: keys.publicKey, may: ['publish'], expires: NOW + 1e9 },
  root,
  options,
);
const signer: Signer = {
  trader: rootKeys.publicKey,
  device: keys.publicKey,
  delegation,
  sign: (message) => sign(message, keys.secretKey),
};

function opened(seq: number, more: CardIndex[number][], sku = 'a') {
  const { item } = readItem({ sku, title: 'Sepatu lari pria' });
  const listing: SignedRecord<Listing> = signRecord(
    'listing',
    { slot: `listing/${sku}`, seq: 1, item },
    signer,
    options,
  );
  const draft = cardDraft(listing, { seq, available: 1, validUntil: NOW + 1e9 });
  const index = [...(draft.index as CardIndex), ...more];
  const card: SignedRecord<Card> = signRecord('card', { ...draft, index }, signer, options);
  return { card, listing, delegations: [delegation] };
}

const STUFFED: CardIndex[number][] = [[FIELD.ATTRIBUTE, 1, 'iphone']];

async function open(store: Store) {
  const events = createEvents({ store, now: () => NOW, logger: quiet });
  await events.start();
  const told: NewEvent['data'][] = [];
  events.on(({ type, data }) => told.push({ type, ...data }));
  const dropped: string[] = [];
  const falseIndexes: FalseIndexes = createFalseIndexes({
    store,
    networkName: NETWORK,
    verify: createBulkVerifier(),
    events,
    now: () => NOW,
    logger: quiet,
    onFound: (listing) => dropped.push(listing),
  });
  await falseIndexes.start();
  return { falseIndexes, told, dropped };
}

describe('evidence of false indexes', () => {
  it('is kept of a card that is not of its listing, told once, and outlives a restart', async () => {
    const store = await openStore();
    const { falseIndexes, told, dropped } = await open(store);
    const lie = opened(3, STUFFED);
    const listing = listingIdOfCard(lie.card.payload) ?? '';
    await Promise.all([falseIndexes.found(lie), falseIndexes.found(lie)]);
    expect(told).toMatchObject([{ type: 'false-index', listing, terms: ['iphone'], title: 'Sepatu lari pria' }]);
    expect(dropped).toEqual([listing]);
    const again = (await open(store)).falseIndexes;
    expect(again.list({ limit: 10 })).toMatchObject([{ listing, terms: ['iphone'] }]);
    expect(readFalseIndex(await again.export(listing)).terms).toEqual(['iphone']);
    // A later card is another one, and may be honest.
    expect([again.isFalse(listing, 2), again.isFalse(listing, 3), again.isFalse(listing, 4)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is not kept of an honest card, nor where it could not be shown to others', async () => {
    const { falseIndexes, told } = await open(await openStore());
    await falseIndexes.found(opened(1, []));
    await falseIndexes.found({ ...opened(1, STUFFED), delegations: [] });
    await falseIndexes.found({ ...opened(1, STUFFED), listing: opened(1, [], 'b').listing });
    expect(told).toEqual([]);
    expect(falseIndexes.list({ limit: 10 })).toEqual([]);
    await expect(falseIndexes.export('bafy')).rejects.toMatchObject({ code: 'EVIDENCE_NOT_FOUND' });
  });

  it('is listed newest first, page by page', async () => {
    const { falseIndexes } = await open(await openStore());
    const ids: string[] = [];
    for (const sku of ['a', 'b', 'c']) {
      const lie = opened(1, STUFFED, sku);
      ids.unshift(listingIdOfCard(lie.card.payload) ?? '');
      await falseIndexes.found(lie);
    }
    const first = falseIndexes.list({ limit: 2 });
    const rest = falseIndexes.list({ limit: 2, after: first[1]?.listing });
    expect([...first, ...rest].map(({ listing }) => listing)).toEqual(ids);
  });

  it('is no event where nobody here opened it, and one when somebody does', async () => {
    const { falseIndexes, told } = await open(await openStore());
    const lie = opened(1, STUFFED);
    await falseIndexes.found({ ...lie, forOthers: true });
    await falseIndexes.found({ ...lie, forOthers: true });
    expect(falseIndexes.isFalse(listingIdOfCard(lie.card.payload) ?? '', 1)).toBe(true);
    expect(told).toEqual([]);
    await falseIndexes.found(lie);
    await falseIndexes.found(lie);
    expect(told).toHaveLength(1);
  });

  it('is ten of one seller at most; what nobody here opened goes first', async () => {
    const { falseIndexes } = await open(await openStore());
    const seen = opened(1, STUFFED, 'seen');
    await falseIndexes.found(seen);
    for (let at = 0; at < 15; at++) await falseIndexes.found({ ...opened(1, STUFFED, `s${at}`), forOthers: true });
    const ids = falseIndexes.list({ limit: 100 }).map(({ listing }) => listing);
    expect(ids).toHaveLength(10);
    expect(ids).toContain(listingIdOfCard(seen.card.payload));
    expect(ids).toContain(listingIdOfCard(opened(1, STUFFED, 's14').card.payload));
  });
});
