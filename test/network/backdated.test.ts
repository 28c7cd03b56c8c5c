import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { DELIVER_METHOD, deliverAnswerSchema } from '../../node/mail/wire.js';
import type { NiagaNode } from '../../node/index.js';
import { createNetwork, type Network } from '../../node/network/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { decode } from '../../protocol/cbor.js';
import { blobId, compareBytes, parseId, parseTrader } from '../../protocol/ids.js';
import { signRecord, type Draft } from '../../protocol/record.js';
import { DEFAULT_DURATIONS, type MessageKind } from '../../protocol/trade/index.js';
import { stranger } from './stranger.js';
import { PATIENCE } from '../support/patience.js';

const HOUR = 60 * 60 * 1000;
const TOTAL = { amount: 8_500_000, currency: 'IDR' };
const who = stranger();

let testnet: Testnet;
let buyer: NiagaNode;
let seller: Network;

beforeAll(async () => {
  testnet = await createTestnet(2);
  [buyer] = testnet.nodes as [NiagaNode];
  seller = createNetwork({
    privateKeySeed: new Uint8Array(randomBytes(32)),
    network: 'main',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: buyer.addresses(),
    mdns: false,
  });
  await seller.start();
  await vi.waitFor(() => expect(seller.connections()).toContain(buyer.peerId), PATIENCE);
}, 60_000);

afterAll(async () => {
  await seller.stop();
  await testnet.stop();
});

async function send<K extends MessageKind>(kind: K, draft: Draft<K>, created = Date.now()) {
  const options = { network: 'main', created, inlineDelegation: true };
  const { id, bytes } = signRecord(kind, draft, who.device, options);
  const letter = { to: parseTrader(buyer.trader), parcels: [{ kind: 'trade', bytes }] };
  const answer = await seller.request(
    buyer.peerId,
    DELIVER_METHOD,
    signRecord('letter', letter, who.device, { ...options, created: Date.now() }).bytes,
  );
  const [result] = deliverAnswerSchema.parse(decode(answer)).results;
  return { id, result };
}

/** What a step of the seller names: the trade, and the last message of its log. */
async function after(trade: string) {
  const { messages } = await buyer.tradeShow({ trade });
  const heads = messages.slice(-1).map(({ id }) => parseId(id));
  return { trade: parseId(trade), heads: heads.sort((a, b) => compareBytes(a.bytes, b.bytes)) };
}

it('a parcel that its seller dates back does not end the inspection of a buyer who has only just heard of it', async () => {
  const line = { listing: blobId(new Uint8Array([7])), slot: 'listing/kopi', title: 'Kopi', quantity: 1, price: TOTAL };
  const { id, result } = await send('offer', {
    heads: [],
    buyer: parseTrader(buyer.trader),
    seller: who.root.trader,
    terms: {
      lines: [line],
      total: TOTAL,
      settlement: { method: 'direct' },
      stock: 'reserved',
      expires: Date.now() + HOUR,
      deadlines: { ...DEFAULT_DURATIONS, delivery: HOUR, inspection: HOUR },
    },
  });
  expect(result).toMatchObject({ receipt: expect.any(Uint8Array) as unknown });
  const trade = id.toString();
  await buyer.tradeAccept({ trade });
  await buyer.tradePay({ trade });
  await send('payment-seen', { ...(await after(trade)), amount: TOTAL });
  await send('shipped', await after(trade), Date.now() - 3 * HOUR);
  expect((await buyer.tradeShow({ trade })).state).toBe('shipped');
  const timeout = await send('timeout', { ...(await after(trade)), deadline: 'inspection' });
  expect(timeout.result?.receipt).toBeUndefined();
  expect(timeout.result).toMatchObject({ code: 'TRADE_STATE' });
  expect((await buyer.tradeShow({ trade })).state).toBe('shipped');
});
