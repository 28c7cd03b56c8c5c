import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DELIVER_METHOD, deliverAnswerSchema } from '../../node/mail/wire.js';
import { PUT_METHOD, putAnswerSchema } from '../../node/index/wire.js';
import type { NiagaNode } from '../../node/index.js';
import { createNetwork, type Network } from '../../node/network/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { cardDraft, cardKeys, listingIdOfCard } from '../../protocol/catalog/make-card.js';
import { decode, encode } from '../../protocol/cbor.js';
import { blobId, parseId, parseTrader } from '../../protocol/ids.js';
import { readItem } from '../../protocol/listing/input.js';
import { openRecord, signRecord, type SignedRecord, type Signer } from '../../protocol/record.js';
import { verifyEvidenceFile } from '../../protocol/trade/evidence-file.js';
import { DEFAULT_DURATIONS } from '../../protocol/trade/index.js';
import { stranger, type Stranger } from './stranger.js';
import { PATIENCE } from '../support/patience.js';
import { TIME_ENOUGH } from './searches.js';

const DAY = 24 * 60 * 60 * 1000;
const KOPI = { sku: 'kopi-1', title: 'Kopi Gayo 250 g', price: '85000 IDR' };

let testnet: Testnet;
let seller: NiagaNode;
let attacker: Network;
let version: string;

beforeAll(async () => {
  testnet = await createTestnet(2);
  [seller] = testnet.nodes as [NiagaNode];
  for await (const line of seller.publish({ items: [{ value: KOPI }] }))
    version = (await seller.listingShow({ listing: line.listing ?? '' })).version;
  attacker = createNetwork({
    privateKeySeed: new Uint8Array(randomBytes(32)),
    network: 'main',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: seller.addresses(),
    mdns: false,
  });
  await attacker.start();
  await vi.waitFor(() => expect(attacker.connections()).toContain(seller.peerId), PATIENCE);
});

afterAll(async () => {
  await attacker.stop();
  await testnet.stop();
});

function offerOf(who: Stranger, signer: Signer = who.device, options: { network?: string; created?: number } = {}) {
  const price = { amount: 8_500_000, currency: 'IDR' };
  const line = { listing: parseId(version), slot: 'listing/kopi-1', title: KOPI.title, quantity: 1, price };
  const terms = {
    lines: [line],
    total: price,
    settlement: { method: 'direct' as const },
    expires: Date.now() + DAY,
    deadlines: DEFAULT_DURATIONS,
  };
  const draft = { heads: [], buyer: who.root.trader, seller: parseTrader(seller.trader), terms };
  return signRecord('offer', draft, signer, {
    network: 'main',
    created: Date.now(),
    inlineDelegation: true,
    ...options,
  });
}

/** Builds an envelope by hand, for what signRecord refuses to sign. */
function forge(
  record: SignedRecord,
  change: (payload: Record<string, unknown>) => void,
  signer: Signer,
  delegation: Uint8Array | undefined,
): Uint8Array {
  const payload = { ...(decode(record.payloadBytes) as Record<string, unknown>) };
  change(payload);
  const payloadBytes = encode(payload);
  const prefix = (bytes: Uint8Array) => [
    ...(bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]),
    ...bytes,
  ];
  const message = Uint8Array.from([...prefix(new TextEncoder().encode('niaga/1')), ...prefix(payloadBytes)]);
  return encode({
    payload: payloadBytes,
    signature: signer.sign(message),
    ...(delegation === undefined ? {} : { delegation }),
  });
}

const BRINGER = stranger();

/** Brings a message in a letter that holds: whoever forges a message can sign letters. */
async function deliver(bytes: Uint8Array, by: Stranger = BRINGER) {
  const draft = { to: parseTrader(seller.trader), parcels: [{ kind: 'trade', bytes }] };
  const options = { network: 'main', created: Date.now(), inlineDelegation: true };
  const letter = signRecord('letter', draft, by.device, options);
  const answer = await attacker.request(seller.peerId, DELIVER_METHOD, letter.bytes);
  const [result] = deliverAnswerSchema.parse(decode(answer)).results;
  return result;
}

async function refusedCount(code: string): Promise<number> {
  return (await seller.status({})).refused[code] ?? 0;
}

async function expectRefused(bytes: Uint8Array, code: string): Promise<void> {
  const before = await refusedCount(code);
  expect(await deliver(bytes)).toMatchObject({ code });
  expect(await refusedCount(code)).toBe(before + 1);
  expect((await seller.tradeList({})).items).toEqual([]);
}

describe('a message that a stranger sends', () => {
  it.each([0, 0.3, 0.6, 0.9])(
    'is refused with a code when one of its bytes is changed (at %f of it)',
    async (share) => {
      const who = stranger();
      const bytes = offerOf(who).bytes.slice();
      const at = Math.floor(bytes.length * share);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      const result = await deliver(bytes);
      expect(result?.receipt).toBeUndefined();
      expect(result?.code).toMatch(/^(RECORD|DELEGATION)_/);
    },
  );

  it('is refused when another key signed it', async () => {
    const [who, other] = [stranger(), stranger()];
    const thief: Signer = { ...who.device, sign: (message) => other.device.sign(message) };
    await expectRefused(
      forge(offerOf(who), () => undefined, thief, who.device.delegation?.bytes),
      'RECORD_SIGNATURE',
    );
  });

  it('is refused when it is for another network', async () => {
    const who = stranger('other');
    await expectRefused(offerOf(who, who.device, { network: 'other' }).bytes, 'RECORD_NETWORK');
  });

  it('is refused when it is of another kind', async () => {
    const who = stranger();
    const receipt = signRecord(
      'receipt',
      { of: blobId(new Uint8Array()), trade: blobId(new Uint8Array()) },
      who.device,
      { network: 'main', created: Date.now(), inlineDelegation: true },
    );
    await expectRefused(receipt.bytes, 'RECORD_KIND');
  });

  it('is refused when the delegation of its device has expired, by the claim and by the clock', async () => {
    const who = stranger();
    const expired = who.delegate({ expires: Date.now() - DAY });
    await expectRefused(
      forge(offerOf(who), () => undefined, who.device, expired.bytes),
      'DELEGATION_EXPIRED',
    );
    const backdated = (payload: Record<string, unknown>): void => void (payload['created'] = Date.now() - 1.5 * DAY);
    await expectRefused(forge(offerOf(who), backdated, who.device, expired.bytes), 'DELEGATION_EXPIRED');
  });

  it('is refused when its device was never delegated, or only for something else', async () => {
    const [who, other] = [stranger(), stranger()];
    await expectRefused(
      forge(offerOf(who), () => undefined, who.device, undefined),
      'DELEGATION_MISSING',
    );
    await expectRefused(
      forge(offerOf(who), () => undefined, who.device, other.device.delegation?.bytes),
      'DELEGATION_MISMATCH',
    );
    const publishes = who.delegate({ may: ['publish'] });
    await expectRefused(
      forge(offerOf(who), () => undefined, who.device, publishes.bytes),
      'DELEGATION_CAPABILITY',
    );
  });

  it('is refused when it claims a time ahead, or has a critical field that is not known', async () => {
    const who = stranger();
    const delegation = who.device.delegation?.bytes;
    await expectRefused(
      forge(offerOf(who), (payload) => void (payload['created'] = Date.now() + DAY / 2), who.device, delegation),
      'RECORD_TIME',
    );
    await expectRefused(
      forge(offerOf(who), (payload) => Object.assign(payload, { crit: ['escrow'], escrow: 1 }), who.device, delegation),
      'RECORD_CRITICAL',
    );
  });

  it('is refused for a listing that is not sold here, for less than nothing, and for a trade between others', async () => {
    const who = stranger();
    const delegation = who.device.delegation?.bytes;
    const elsewhere = (payload: Record<string, unknown>): void => void (payload['seller'] = stranger().root.trader);
    await expectRefused(forge(offerOf(who), elsewhere, who.device, delegation), 'TRADE_ROLE');
    const unknown = (payload: Record<string, unknown>): void => {
      const terms = payload['terms'] as { lines: { listing: unknown }[] };
      terms.lines = terms.lines.map((line) => ({ ...line, listing: blobId(new Uint8Array([1])) }));
    };
    await expectRefused(forge(offerOf(who), unknown, who.device, delegation), 'LISTING_NOT_FOUND');
  });

  it('is taken when nothing is wrong with it, and answered by the seller’s receipt', async () => {
    const who = stranger();
    const offer = offerOf(who);
    // From anybody but its author it is not taken: the receipt is its author's.
    await expectRefused(offer.bytes, 'TRADE_ROLE');
    const result = await deliver(offer.bytes, who);
    const receipt = openRecord(result?.receipt ?? new Uint8Array(), { network: 'main', kinds: ['receipt'] });
    expect(receipt.payload.of.equals(offer.id)).toBe(true);
    expect((await seller.tradeList({})).items).toHaveLength(1);
    // Again: the same receipt, no second trade.
    expect((await deliver(offer.bytes, who))?.receipt).toEqual(result?.receipt);
    expect((await seller.tradeList({})).items).toHaveLength(1);
  });
});

describe('a message that comes back', () => {
  it('is refused by its own author, and the trade and its evidence stay whole', async () => {
    const [trade] = (await seller.tradeList({})).items;
    const id = trade?.trade ?? '';
    await seller.tradeAccept({ trade: id });
    const export_ = async () =>
      new Uint8Array(Buffer.from((await seller.tradeExport({ trade: id })).evidence, 'base64'));
    const before = verifyEvidenceFile(await export_());
    const own = before.messages.find((message) => message.role === 'seller');
    expect(await deliver(own?.record.bytes ?? new Uint8Array())).toMatchObject({ code: 'TRADE_ROLE' });
    const after = verifyEvidenceFile(await export_());
    expect(after).toMatchObject({ valid: true, problems: [] });
    expect(after.messages).toHaveLength(before.messages.length);
    expect((await seller.tradeShow({ trade: id })).messages.map((message) => message.delivered)).toEqual([true, false]);
  });
});

describe('cards that a stranger brings', () => {
  async function put(cards: [Uint8Array, string[]][], delegations: Uint8Array[]) {
    const keys = [...new Set(cards.flatMap(([, of]) => of))];
    const body = encode({
      keys,
      cards: cards.map(([bytes, of]) => [bytes, of.map((key) => keys.indexOf(key))]),
      delegations,
    });
    return putAnswerSchema.parse(decode(await attacker.request(seller.peerId, PUT_METHOD, body))).results;
  }

  function cardOf(who: Stranger, title: string, seq = 1) {
    const { item } = readItem({ sku: 'palsu', title, price: '1 USD' });
    const options = { network: 'main', created: Date.now() };
    const listing = signRecord('listing', { slot: 'listing/palsu', seq, item }, who.device, options);
    return signRecord(
      'card',
      cardDraft(listing, { seq, available: null, validUntil: Date.now() + DAY / 2 }),
      who.device,
      options,
    );
  }

  it('are never shown when their signature does not hold, and do not keep the honest card out', async () => {
    const who = stranger();
    const honest = cardOf(who, 'Payung ungu asli');
    const delegation = who.device.delegation?.bytes ?? new Uint8Array();
    const forged = encode({
      payload: cardOf(who, 'Payung ungu palsu', 9).payloadBytes,
      signature: honest.signature,
      delegation: who.device.delegation?.id,
    });
    const other = testnet.nodes[1] as NiagaNode;
    // The forgery comes first and unverified; it must not be handed out.
    const keys = cardKeys(cardOf(who, 'Payung ungu palsu', 9).payload);
    await put([[forged, keys]], [delegation]);
    const search = async () =>
      (await other.search({ ...TIME_ENOUGH, words: ['payung', 'ungu'] })).hits.map((hit) => hit.title);
    expect(await search()).toEqual([]);
    await put([[forged, keys]], [delegation]);
    expect(await put([[honest.bytes, cardKeys(honest.payload)]], [delegation])).toEqual(['ok']);
    await vi.waitFor(async () => expect(await search()).toEqual(['Payung ungu asli']), PATIENCE);
    // Once an honest card is there a forged newer one is refused at the door.
    expect(await put([[forged, keys]], [delegation])).toEqual(['RECORD_SIGNATURE']);
    await vi.waitFor(async () => expect(await search()).toEqual(['Payung ungu asli']), PATIENCE);
  });

  it('are refused under keys that are not theirs, when they are over, and when they are older than what is held', async () => {
    const who = stranger();
    const delegation = who.device.delegation?.bytes ?? new Uint8Array();
    const [older, newer] = [cardOf(who, 'Sendal hijau lama', 1), cardOf(who, 'Sendal hijau baru', 2)];
    expect(await put([[newer.bytes, ['term:emas']]], [delegation])).toEqual(['RECORD_SCHEMA']);
    expect(await put([[newer.bytes, cardKeys(newer.payload)]], [delegation])).toEqual(['ok']);
    expect(await put([[older.bytes, cardKeys(older.payload)]], [delegation])).toEqual(['LISTING_CHANGED']);
    expect(
      await put([[newer.bytes, cardKeys(newer.payload)]], [stranger().device.delegation?.bytes ?? delegation]),
    ).toEqual(['ok']);
  });

  it('cannot sell what belongs to somebody else', async () => {
    const who = stranger();
    const buyer = testnet.nodes[1] as NiagaNode;
    const [own] = (await seller.listingList({})).items;
    await buyer.listingShow({ listing: own?.listing ?? '' });
    const { item } = readItem(KOPI);
    const options = { network: 'main', created: Date.now() };
    const copy = signRecord('listing', { slot: 'listing/kopi-1', seq: 1, item }, who.device, options);
    const draft = cardDraft(copy, { seq: 1, available: null, validUntil: Date.now() + DAY / 2 });
    const card = signRecord('card', { ...draft, listing: parseId(version) }, who.device, options);
    expect(
      await put([[card.bytes, cardKeys(card.payload)]], [who.device.delegation?.bytes ?? new Uint8Array()]),
    ).toEqual(['ok']);
    await expect(buyer.offer({ listing: listingIdOfCard(card.payload) ?? '' })).rejects.toMatchObject({
      code: 'RECORD_ID',
    });
  });

  it('do not come at all when the frame is not of its form', async () => {
    await expect(attacker.request(seller.peerId, PUT_METHOD, encode({ keys: 1 }))).rejects.toMatchObject({
      code: 'PEER_PROTOCOL',
    });
    await expect(attacker.request(seller.peerId, PUT_METHOD, new Uint8Array([1, 2, 3]))).rejects.toMatchObject({
      code: 'RECORD_MALFORMED',
    });
  });
});
