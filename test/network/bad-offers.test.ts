import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NiagaNode } from '../../node/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { niaga } from '../cli/cli.js';
import { published, until } from './steps.js';

const TIMEOUT = 180_000;

let testnet: Testnet;
let seller: NiagaNode;
let buyer: NiagaNode;
const listings: Record<string, string> = {};

async function publish(value: Record<string, unknown> & { sku: string }): Promise<void> {
  for await (const { listing } of seller.publish({
    items: [{ value: { title: 'Kaos', price: '60000 IDR', ...value } }],
  }))
    listings[value.sku] = listing ?? '';
}

beforeAll(async () => {
  testnet = await createTestnet(2, { node: { api: '127.0.0.1:0' } });
  [seller, buyer] = testnet.nodes as [NiagaNode, NiagaNode];
  await publish({ sku: 'kaos', quantity: 5, variants: [{ sku: 'm', quantity: 2 }, { sku: 'l' }] });
  await publish({ sku: 'gelas', quantity: 50, minOrder: 2, maxOrder: 3 });
}, TIMEOUT);

afterAll(() => testnet.stop());

describe('an offer that cannot be', () => {
  const OFFERS: [what: string, sku: string, input: object, code: string, next: RegExp][] = [
    ['fewer than the seller sells', 'gelas', { quantity: 1 }, 'TRADE_TERMS', /--quantity 2/],
    ['more than the seller sells', 'gelas', { quantity: 4 }, 'STOCK_SHORT', /--quantity 3/],
    ['more of a variant than there is', 'kaos', { variant: 'm', quantity: 3 }, 'STOCK_SHORT', /--quantity 2/],
    ['no variant', 'kaos', {}, 'TRADE_TERMS', /--variant/],
    ['a variant that there is not', 'kaos', { variant: 'xl' }, 'TRADE_TERMS', /--variant/],
    ['another currency', 'gelas', { price: '5 USD' }, 'TRADE_TERMS', /--price "60000 IDR"/],
    ['less than nothing', 'gelas', { price: '-5 IDR' }, 'MONEY_INVALID', /niaga offer/],
    ['milestones that are not all of it', 'gelas', { milestone: ['Awal=5 IDR'] }, 'TRADE_TERMS', /niaga offer/],
    ['an arbiter that is no key', 'gelas', { arbiter: 'hakim' }, 'ID_INVALID', /niaga/],
    ['an arbiter that offers nothing', 'gelas', { arbiter: '' }, 'TRADER_NOT_FOUND', /niaga arbiter list/],
  ];
  it.each(OFFERS)('is refused before it is sent, with what to type instead: %s', async (_, sku, input, code, next) => {
    const arbiter = 'arbiter' in input && input.arbiter === '' ? { arbiter: seller.trader } : {};
    const offer = buyer.offer({ listing: listings[sku] ?? '', ...input, ...arbiter });
    await expect(offer).rejects.toMatchObject({ code, next: expect.stringMatching(next) as string });
    expect((await buyer.tradeList({})).items).toEqual([]);
  });

  it('is one to oneself', async () => {
    await expect(seller.offer({ listing: listings['gelas'] ?? '' })).rejects.toMatchObject({
      code: 'TRADE_OWN_LISTING',
      next: expect.stringContaining('niaga trade list') as string,
    });
  });
});

describe('a step that cannot be', () => {
  it('is refused with the state and what to type instead', { timeout: TIMEOUT }, async () => {
    const listing = await published(seller, 'lama');
    const { trade } = await buyer.offer({ listing });
    await until(seller, trade, ({ state }) => state === 'offered');
    await seller.listingRemove({ listing });
    await expect(seller.tradeAccept({ trade })).rejects.toMatchObject({
      code: 'LISTING_REMOVED',
      details: { state: 'offered' },
      next: expect.stringContaining(`niaga trade decline ${trade}`) as string,
    });
    expect((await seller.tradeShow({ trade })).state).toBe('offered');
    await expect(buyer.tradeInvoice({ trade })).rejects.toMatchObject({
      code: 'TRADE_STATE',
      details: { state: 'offered' },
      next: expect.stringContaining(`niaga trade withdraw ${trade}`) as string,
    });
    const [, home = ''] = testnet.homes;
    const out = join(home, 'none', 'x');
    const { code, err } = await niaga(['trade', 'export', trade, '--out', out, '--home', home, '--json']);
    expect([code, err]).toEqual([5, expect.stringContaining('mkdir -p')]);
  });
});
