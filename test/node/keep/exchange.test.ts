import { describe, expect, it, vi } from 'vitest';
import { BLOB_METHOD, KEEP_METHOD, LISTING_METHOD } from '../../../node/keep/wire.js';
import { encode } from '../../../protocol/cbor.js';
import { blobId, slotId } from '../../../protocol/ids.js';
import type { SignedRecord } from '../../../protocol/record.js';
import type { Listing } from '../../../protocol/catalog/card.js';
import { createBulkVerifier, createDelegationBook } from '../../../node/identity/index.js';
import { rawCodec } from '../../../node/store/index.js';
import {
  answerListings,
  createExchange,
  createSeller,
  DAY,
  NOW,
  notFound,
  type Answering,
  type Seller,
} from './support.js';
import { PATIENCE } from '../../support/patience.js';

const TERMS = 'Barang dapat ditukar dalam tujuh hari.';
const seller = createSeller();
const listing = seller.listing('kopi', 1, 20, { conditions: { refund: TERMS } });
const card = seller.card(listing);
const found = { card, until: card.payload.validUntil };
const id = slotId('test', listing.payload.trader, listing.payload.slot);
const terms = new TextEncoder().encode(TERMS);

function giving(record: SignedRecord<Listing>, by: Seller = seller, text: Uint8Array = terms): Answering {
  const given = { listing: record.bytes, delegation: by.delegation };
  return (method, body) => {
    if (method === LISTING_METHOD) return answerListings(body, () => given);
    return method === BLOB_METHOD ? encode(text) : encode({});
  };
}

const honest = giving(listing);
const empty: Answering = (method, body) => {
  if (method === LISTING_METHOD) return answerListings(body, () => undefined);
  return method === KEEP_METHOD ? encode({}) : notFound();
};

describe('a listing whose seller cannot be reached', () => {
  it('is had from a keeper, with its texts, is kept, and given to the next who asks', async () => {
    const { exchange, serve, refused, shelf } = await createExchange(new Map([['keeper', honest]]));
    const opened = await exchange.open(found);
    expect([opened.id, await exchange.texts(opened)]).toEqual([listing.id, { refund: TERMS }]);
    expect(refused).toEqual([]);
    expect(shelf.versionOf(id.toString())).toBe(listing.id.toString());
    expect(await serve(LISTING_METHOD, { wanted: [{ id: listing.id }] })).toEqual(
      encode({ listings: [[0, listing.bytes, 0]], delegations: [seller.delegation], missing: [] }),
    );
    expect(await serve(BLOB_METHOD, { id: blobId(terms) })).toEqual(encode(terms));
  });

  it('is asked for nowhere once it is here', async () => {
    const peers = new Map([['keeper', honest]]);
    const { exchange, asked } = await createExchange(peers);
    await exchange.texts(await exchange.open(found));
    asked.length = 0;
    peers.clear();
    expect(await exchange.texts(await exchange.open(found))).toEqual({ refund: TERMS });
    expect(asked).toEqual([]);
  });

  it('is kept for as long as its card stands: by itself, or by a lease that was known or comes to be', async () => {
    const clock = { now: NOW };
    const { exchange, shelf } = await createExchange(new Map([['keeper', honest]]), {}, clock);
    await exchange.open({ ...found, until: NOW + 40 * DAY });
    clock.now = NOW + 35 * DAY;
    expect(shelf.over()).toEqual([]);
    await exchange.open({ ...found, until: NOW + 60 * DAY });
    clock.now = NOW + 55 * DAY;
    expect(shelf.over()).toEqual([]);
    clock.now = NOW + 60 * DAY;
    expect(shelf.over()).toEqual([id.toString()]);
  });

  it('is told of to keepers who have not got it', async () => {
    const peers = new Map([
      ['lacking', empty],
      ['other', empty],
      ['keeper', honest],
    ]);
    const { exchange, asked } = await createExchange(peers);
    await exchange.open(found);
    const told = () => asked.filter(({ method }) => method === KEEP_METHOD).map(({ peer }) => peer);
    await vi.waitFor(() => expect(told().length).toBeGreaterThan(0), PATIENCE);
    expect(told()).not.toContain('keeper');
  });

  it('is not found, and says so, where nobody has it', async () => {
    const { exchange } = await createExchange(new Map([['lacking', empty]]));
    await expect(exchange.open(found)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
  });
});

describe('a keeper that gives something else', () => {
  const stranger = createSeller();
  const tampered = listing.bytes.slice();
  tampered[200] = (tampered[200] ?? 0) ^ 1;
  const lies: [string, Answering, string][] = [
    ['another listing of the same seller', giving(seller.listing('teh')), 'RECORD_ID'],
    ['an older version', giving(seller.listing('kopi', 2)), 'RECORD_ID'],
    ['a listing of a stranger', giving(stranger.listing('kopi'), stranger), 'RECORD_ID'],
    ['the delegation of a stranger', giving(listing, stranger), 'DELEGATION_MISSING'],
    [
      'changed bytes',
      (method, body) =>
        method === LISTING_METHOD
          ? answerListings(body, () => ({ listing: tampered, delegation: seller.delegation }))
          : undefined,
      'RECORD_',
    ],
    ['no listing at all', () => encode({ listings: 1 }), 'PEER_PROTOCOL'],
    ['nothing of what is wanted', () => encode({ listings: [], delegations: [], missing: [] }), 'PEER_PROTOCOL'],
    ['garbage', () => new Uint8Array([0xff, 0, 1]), 'RECORD_MALFORMED'],
  ];

  it.each(lies)('%s, is refused and counted, and the next one is asked', async (_, lie, code) => {
    const { exchange, refused, shelf } = await createExchange(new Map([['liar', lie]]));
    await expect(exchange.open(found)).rejects.toMatchObject({ code: expect.stringContaining(code) as string });
    expect(refused).toEqual([expect.stringContaining(code)]);
    expect(shelf.size).toBe(0);
    const slow: Answering = (method, body) => (method === LISTING_METHOD ? honest(method, body) : undefined);
    const among = await createExchange(
      new Map([
        ['liar', lie],
        ['liar 2', lie],
        ['liar 3', lie],
        ['keeper', slow],
      ]),
    );
    expect((await among.exchange.open(found)).id).toEqual(listing.id);
  });

  it('as a text of conditions is refused and counted', async () => {
    const liar = giving(listing, seller, new TextEncoder().encode('Tidak dapat ditukar.'));
    const { exchange, refused } = await createExchange(new Map([['liar', liar]]));
    expect(await exchange.texts(await exchange.open(found))).toEqual({});
    expect(refused).toEqual(['RECORD_ID']);
  });
});

describe('a card', () => {
  it('that names the listing of somebody else opens nothing', async () => {
    const thief = createSeller();
    const draft = thief.card(thief.listing('kopi'));
    const { exchange, shelf } = await createExchange(new Map([['keeper', honest]]));
    const stolen = { ...draft, payload: { ...draft.payload, listing: listing.id } };
    await expect(exchange.open({ ...found, card: stolen })).rejects.toMatchObject({ code: 'RECORD_ID' });
    expect(shelf.size).toBe(0);
  });

  it('whose index is of another thing is told of with its listing, an honest one is not', async () => {
    const other = seller.card(seller.listing('emas', 1, 5, { title: 'Emas batangan murni' }));
    const stuffed = seller.card(listing, 2, other.payload.index);
    const { exchange, mismatches } = await createExchange(new Map([['keeper', honest]]));
    await exchange.open(found);
    expect(mismatches).toEqual([]);
    await exchange.open({ ...found, card: stuffed });
    expect(mismatches).toHaveLength(1);
    expect(mismatches[0]?.card).toBe(stuffed);
    expect(mismatches[0]?.listing.id).toEqual(listing.id);
    expect(mismatches[0]?.delegations.map(({ bytes }) => bytes)).toEqual([seller.delegation]);
  });
});

describe('a node that is asked', () => {
  it('tells of what it lacks only where the listing is named, and says that it is not here', async () => {
    const { serve, missed } = await createExchange(new Map());
    const nothing = encode({ listings: [], delegations: [], missing: [0] });
    expect(await serve(LISTING_METHOD, { wanted: [{ id: listing.id }] })).toEqual(nothing);
    expect(missed).toEqual([]);
    expect(await serve(LISTING_METHOD, { wanted: [{ id: listing.id, listing: id }] })).toEqual(nothing);
    expect(missed).toEqual([id.toString()]);
    await expect(serve(BLOB_METHOD, { id: blobId(terms) })).rejects.toMatchObject({ code: 'LISTING_NOT_FOUND' });
    await expect(serve(LISTING_METHOD, { wanted: [{ id: 'x' }] })).rejects.toMatchObject({ code: 'PEER_PROTOCOL' });
  });

  it('keeps a version for good that a trade builds on', async () => {
    const { exchange, shelf } = await createExchange(new Map([['keeper', honest]]));
    await exchange.fetch(found);
    await shelf.drop([id.toString()]);
    expect((await exchange.known(listing.id))?.id).toEqual(listing.id);
  });

  it('keeps it with its delegation where the shelf has a newer version', async () => {
    const { exchange, shelf, store } = await createExchange(new Map([['keeper', honest]]));
    const newer = seller.listing('kopi', 2, 20);
    await shelf.put(newer, seller.delegation, new Map(), { until: card.payload.validUntil, used: false });
    await exchange.fetch(found);
    const table = store.table('delegations', rawCodec);
    const afterRestart = createDelegationBook({ table, network: 'test', verify: createBulkVerifier() });
    await afterRestart.load();
    expect(listing.delegation && afterRestart.find(listing.delegation)).toBeDefined();
  });

  it('asks again for what was kept without its delegation', async () => {
    const { exchange, shelf, store } = await createExchange(new Map([['keeper', honest]]));
    await store.write([store.table('seen-listings', rawCodec).put(listing.id.toString(), listing.bytes)]);
    expect(await exchange.known(listing.id)).toBeUndefined();
    await exchange.fetch(found);
    await shelf.drop([id.toString()]);
    expect((await exchange.known(listing.id))?.id).toEqual(listing.id);
  });
});
