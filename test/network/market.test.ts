import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NiagaNode, TradeView } from '../../node/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { verifyEvidenceFile } from '../../protocol/trade/evidence-file.js';
import { PATIENCE } from '../support/patience.js';
import { searchWhole, TIME_ENOUGH } from './searches.js';

const KOPI = { sku: 'kopi-1', title: 'Kopi Gayo arabika 250 g', price: '85000 IDR', quantity: 5, lang: 'id' };

let testnet: Testnet;
let seller: NiagaNode;
let buyer: NiagaNode;

beforeAll(async () => {
  testnet = await createTestnet(4);
  [seller, buyer] = testnet.nodes as [NiagaNode, NiagaNode];
});

afterAll(() => testnet.stop());

async function publish(node: NiagaNode, value: unknown) {
  for await (const line of node.publish({ items: [{ value }] })) return line;
  throw new Error('no answer');
}

/** Resolves when a node's trade shows the state. */
async function shows(node: NiagaNode, trade: string, state: string): Promise<TradeView> {
  for (let tries = 0; tries < 1_600; tries++) {
    const view = await node.tradeShow({ trade }).catch(() => undefined);
    if (view?.state === state && view.pending === 0) return view;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(
    `trade ${trade} did not become ${state}: ${JSON.stringify(await node.tradeShow({ trade }).catch(String))}`,
  );
}

async function offered(quantity: number, price?: string): Promise<string> {
  const { listing } = await publish(seller, { ...KOPI, sku: `kopi-${Math.random()}` });
  const { trade } = await buyer.offer({ listing: listing ?? '', quantity, ...(price === undefined ? {} : { price }) });
  await shows(seller, trade, 'offered');
  return trade;
}

describe('a market of four nodes', () => {
  it('finds what another node published, with three answers for every key', async () => {
    const line = await publish(seller, KOPI);
    expect(line).toMatchObject({ status: 'published', sku: 'kopi-1', quorum: true });
    expect(line.replicas).toBeGreaterThanOrEqual(2);
    const { hits, coverage } = await searchWhole(buyer, { words: ['kopi', 'gayo'] });
    expect(hits[0]).toMatchObject({
      listing: line.listing,
      title: KOPI.title,
      price: { amount: '8500000', currency: 'IDR' },
      seller: seller.trader,
    });
    expect(coverage.refused).toBe(0);
    expect(coverage.keys.every((key) => key.answered >= 3)).toBe(true);
  });

  it('tells nothing found from nobody answered', async () => {
    const { hits } = await searchWhole(buyer, { words: ['zzyzzx'] });
    expect(hits).toEqual([]);
  });

  it('leaves what was published alone when it is published again, and updates what changed', async () => {
    const first = await publish(seller, { sku: 'teh-1', title: 'Teh melati', price: '12000 IDR' });
    expect(await publish(seller, { sku: 'teh-1', title: 'Teh melati', price: '12000 IDR' })).toMatchObject({
      status: 'unchanged',
      listing: first.listing,
    });
    expect(await publish(seller, { sku: 'teh-1', title: 'Teh melati', price: '13000 IDR' })).toMatchObject({
      status: 'updated',
      listing: first.listing,
    });
    const { hits } = await searchWhole(buyer, { words: ['teh', 'melati'] });
    expect(hits.filter((hit) => hit.listing === first.listing).map((hit) => hit.price?.amount)).toEqual(['1300000']);
  });

  it('trades one variant of a listing, by its own price and pieces', async () => {
    const variants = [
      { sku: 'biji', price: '92000 IDR', quantity: 2 },
      { sku: 'bubuk', price: '94000 IDR', quantity: 5 },
    ];
    const published = await publish(seller, { ...KOPI, sku: 'kopi-varian', quantity: 7, variants });
    const listing = published.listing ?? '';
    await expect(buyer.offer({ listing })).rejects.toThrow(/none is named. There are: "biji", "bubuk"/);
    await expect(buyer.offer({ listing, variant: 'bijih' })).rejects.toMatchObject({
      code: 'TRADE_TERMS',
      where: 'variant',
    });
    const { trade } = await buyer.offer({ listing, variant: 'biji', quantity: 2, also: [`${listing}#bubuk=1`] });
    const { lines, total } = await shows(seller, trade, 'offered');
    expect(lines.map(({ variant, quantity, price }) => [variant, quantity, price.amount])).toEqual([
      ['biji', 2, '9200000'],
      ['bubuk', 1, '9400000'],
    ]);
    expect(total.amount).toBe('27800000');
    await seller.tradeCounter({ trade, line: ['2=2'] });
    await shows(buyer, trade, 'countered');
    await buyer.tradeAccept({ trade });
    const agreed = await shows(seller, trade, 'accepted');
    expect(agreed.lines.map(({ variant }) => variant)).toEqual(['biji', 'bubuk']);
    expect(await seller.listingShow({ listing })).toMatchObject({
      available: 3,
      availableVariants: [
        { sku: 'biji', available: 0 },
        { sku: 'bubuk', available: 3 },
      ],
    });
    // Of the other variant there are pieces; of this one the last are taken.
    const rival = await buyer.offer({ listing, variant: 'biji' });
    await shows(seller, rival.trade, 'offered');
    await expect(seller.tradeAccept({ trade: rival.trade })).rejects.toMatchObject({ code: 'STOCK_SHORT' });
  });

  it('does not find what was removed, and refuses an offer for it', async () => {
    const { listing } = await publish(seller, { sku: 'gone', title: 'Payung lipat merah', price: '50000 IDR' });
    await seller.listingRemove({ listing: listing ?? '' });
    expect((await searchWhole(buyer, { words: ['payung', 'lipat'] })).hits).toEqual([]);
    await expect(buyer.offer({ listing: listing ?? '' })).rejects.toMatchObject({ code: 'LISTING_NOT_FOUND' });
  });

  it('brings a trade from offer to completion, and both sides hold the same log', async () => {
    const trade = await offered(2, '80000 IDR');
    expect(await seller.tradeCounter({ trade, price: '82000 IDR' })).toEqual({ trade, state: 'countered' });
    await shows(buyer, trade, 'countered');
    expect(await buyer.tradeAccept({ trade })).toEqual({ trade, state: 'accepted' });
    await shows(seller, trade, 'accepted');
    await buyer.tradePay({ trade, reference: 'BCA 1' });
    await shows(seller, trade, 'paid');
    await seller.tradeConfirm({ trade });
    await shows(buyer, trade, 'payment-confirmed');
    await seller.tradeShip({ trade, tracking: 'JNE 1' });
    await shows(buyer, trade, 'shipped');
    await buyer.tradeReceive({ trade });
    await shows(seller, trade, 'received');
    await buyer.tradeApprove({ trade });
    await shows(seller, trade, 'completed');
    const [ours, theirs] = [
      await buyer.tradeShow({ trade }),
      await shows(seller, trade, 'completed').then(() => seller.tradeShow({ trade })),
    ];
    const log = (view: typeof ours) => view.messages.map(({ id, kind, author }) => ({ id, kind, author }));
    expect(log(ours)).toEqual(log(theirs));
    expect(ours.messages.map((message) => message.kind)).toEqual([
      'offer',
      'counter',
      'accept',
      'paid',
      'payment-seen',
      'shipped',
      'received',
      'approved',
    ]);
    expect(ours.total).toEqual({ amount: '16400000', currency: 'IDR' });
    expect([ours.role, theirs.role]).toEqual(['buyer', 'seller']);
    expect([ours.counterparty, theirs.counterparty]).toEqual([seller.trader, buyer.trader]);
    for (const node of [buyer, seller]) {
      // The receipt for the last message comes a moment after the other side shows it.
      await vi.waitFor(async () => {
        const { evidence } = await node.tradeExport({ trade });
        const report = verifyEvidenceFile(new Uint8Array(Buffer.from(evidence, 'base64')));
        expect(report).toMatchObject({ valid: true, problems: [] });
        expect(report.state?.word).toBe('completed');
        expect(report.messages.every((message) => message.receipted)).toBe(true);
        expect(report.listings).toHaveLength(1);
      }, PATIENCE);
    }
  });

  it('refuses a step out of turn, in the wrong role or state, and says what can be done', async () => {
    const trade = await offered(1);
    await expect(buyer.tradeAccept({ trade })).rejects.toMatchObject({ code: 'TRADE_TURN' });
    await expect(buyer.tradePay({ trade })).rejects.toMatchObject({
      code: 'TRADE_STATE',
      next: expect.stringContaining('niaga trade') as string,
    });
    await seller.tradeAccept({ trade });
    await shows(buyer, trade, 'accepted');
    await expect(seller.tradePay({ trade })).rejects.toMatchObject({ code: 'TRADE_ROLE' });
    await expect(buyer.tradeShip({ trade })).rejects.toMatchObject({ code: 'TRADE_ROLE' });
    await expect(buyer.tradeReceive({ trade })).rejects.toMatchObject({ code: 'TRADE_STATE' });
    await expect(buyer.tradeShow({ trade: 'bafyreinothere' })).rejects.toMatchObject({ code: 'TRADE_NOT_FOUND' });
  });

  it('sets stock aside with an accept, refuses more than there is, and gives it back when the trade is cancelled', async () => {
    const { listing } = await publish(seller, { ...KOPI, sku: 'scarce', quantity: 3 });
    const left = async () => (await seller.listingShow({ listing: listing ?? '' })).available;
    const first = await buyer.offer({ listing: listing ?? '', quantity: 2 });
    const second = await buyer.offer({ listing: listing ?? '', quantity: 2 });
    await shows(seller, first.trade, 'offered');
    await shows(seller, second.trade, 'offered');
    await seller.tradeAccept({ trade: first.trade });
    expect(await left()).toBe(1);
    await expect(seller.tradeAccept({ trade: second.trade })).rejects.toMatchObject({ code: 'STOCK_SHORT' });
    expect((await seller.tradeShow({ trade: second.trade })).state).toBe('offered');
    await shows(buyer, first.trade, 'accepted');
    expect(await buyer.tradeCancel({ trade: first.trade })).toMatchObject({ state: 'cancelled' });
    await shows(seller, first.trade, 'cancelled');
    expect(await left()).toBe(3);
    await seller.tradeAccept({ trade: second.trade });
    expect(await left()).toBe(1);
  });

  it('does not trade with itself, and offers on a listing without price only with one', async () => {
    const { listing } = await publish(seller, { sku: 'ask', title: 'Servis jam antik', kind: 'service', price: null });
    await expect(seller.offer({ listing: listing ?? '' })).rejects.toMatchObject({ code: 'TRADE_OWN_LISTING' });
    await expect(buyer.offer({ listing: listing ?? '' })).rejects.toMatchObject({ code: 'LISTING_ON_REQUEST' });
    expect(await buyer.offer({ listing: listing ?? '', price: '90000 IDR' })).toMatchObject({ state: 'offered' });
  });

  it('keeps an offer for a sleeping seller and delivers it when the seller is back', async () => {
    const { listing } = await publish(seller, { ...KOPI, sku: 'night' });
    await seller.stop();
    const { hits } = await buyer.search({ ...TIME_ENOUGH, words: ['kopi', 'gayo'], limit: 50 });
    expect(hits.map((hit) => hit.listing)).toContain(listing);
    const { trade } = await buyer.offer({ listing: listing ?? '' });
    expect(await buyer.tradeShow({ trade })).toMatchObject({ state: 'offered', pending: 1 });
    seller = await testnet.restart(0);
    await shows(seller, trade, 'offered');
    await shows(buyer, trade, 'offered');
  });
});

describe('the demo catalogue', () => {
  it('is published whole and answers its own searches', async () => {
    const folder = new URL('../../examples/catalogue/', import.meta.url);
    const text = await readFile(new URL('warung-sari.ndjson', folder), 'utf8');
    const items = text
      .trim()
      .split('\n')
      .map((line) => ({ value: JSON.parse(line) as unknown }));
    const lines = [];
    for await (const line of seller.publish({ items, strict: true })) lines.push(line);
    expect(lines.map((line) => line.status)).toEqual(items.map(() => 'published'));
    const { hits } = await searchWhole(buyer, { words: ['sambal', 'bawang', 'pedas'] });
    expect(hits[0]?.listing).toBe(lines.find((line) => line.sku === 'ws-sambal-bawang')?.listing);
  });
});
