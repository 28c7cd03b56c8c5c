import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { openStore } from '../store/support.js';
import { createIdentity } from '../../../node/identity/index.js';
import { DAY, newIdentityHome, NOW, openShop, settled, type Shop } from './support.js';
import { PATIENCE } from '../../support/patience.js';

const SKUS = ['a', 'b'];

type Step =
  | {
      readonly what: 'publish';
      readonly sku: string;
      readonly title: string;
      readonly price: number;
      readonly quantity: number;
    }
  | { readonly what: 'sell'; readonly sku: string; readonly quantity: number }
  | { readonly what: 'remove'; readonly sku: string }
  | { readonly what: 'away'; readonly node: number }
  | { readonly what: 'restart' };

const sku = fc.constantFrom(...SKUS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('publish' as const),
      sku,
      title: fc.constantFrom('Kopi Gayo', 'Teh Melati'),
      price: fc.integer({ min: 1, max: 3 }),
      quantity: fc.integer({ min: 0, max: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('sell' as const), sku, quantity: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('remove' as const), sku }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('away' as const), node: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant({ what: 'restart' as const }) },
);

/** Many times over: between two steps there is nothing but the disk. */
const idle = (shop: Shop): Promise<void> => settled(shop, 5);

describe('changes of a listing', () => {
  it('reach every node, in whatever order they come, whoever is away meanwhile', { timeout: 180_000 }, async () => {
    const home = await newIdentityHome();
    await createIdentity({ home, network: 'test', now: NOW });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const store = await openStore();
        let shop = await openShop({ store, home, nodes: 3 });
        const { outlet } = shop;
        const listings = new Map<string, string>();
        let trades = 0;
        for (const one of steps) {
          if (one.what === 'publish') {
            const { title, price, quantity } = one;
            const line = await shop.publish({ sku: one.sku, title, price: `${price} IDR`, quantity });
            expect(line.error).toBeUndefined();
            listings.set(one.sku, line.listing ?? '');
          } else if (one.what === 'sell') {
            const lines = [{ slot: `listing/${one.sku}`, quantity: one.quantity }];
            await store.write(shop.catalog.sold(`trade-${trades++}`, lines));
          } else if (one.what === 'remove') {
            const listing = listings.get(one.sku);
            if (listing !== undefined) await shop.catalog.remove(listing).catch(() => undefined);
          } else if (one.what === 'away') {
            if (!outlet.away.delete(one.node)) outlet.away.add(one.node);
          } else {
            await shop.catalog.stop();
            shop = await openShop({ store, home, outlet });
          }
        }
        await idle(shop);
        outlet.away.clear();
        await shop.catalog.stop();
        shop = await openShop({ store, home, outlet });
        await vi.waitFor(() => expect(shop.catalog.lacking()).toBe(0), { ...PATIENCE, interval: 5 });
        await idle(shop);
        for (const listing of listings.values()) {
          const own = await shop.catalog.show(listing);
          const available = own?.available ?? 0;
          const shown = outlet.nodes.map((_, at) => outlet.shown(listing, at));
          for (const one of shown) {
            if (own?.status === 'removed') expect(one).toBeUndefined();
            else {
              expect(one).toEqual({
                title: own?.title,
                price: Number(own?.price?.amount),
                availability: available === 0 ? 'OutOfStock' : available > 3 ? 'InStock' : 'LimitedAvailability',
                version: own?.version,
              });
            }
          }
        }
        await shop.catalog.stop();
        await store.stop();
      }),
      { numRuns: 40 },
    );
  });

  it('in price and stock alone are deltas, the second in place of the first; others are cards', async () => {
    const shop = await openShop({ nodes: 3 });
    const kopi = { sku: 'kopi', title: 'Kopi Gayo', description: 'Arabika', price: '85000 IDR', quantity: 20 };
    await shop.publish(kopi);
    const before = shop.outlet.messages;
    await shop.publish({ ...kopi, price: '80000 IDR' });
    await shop.publish({ ...kopi, price: '80000 IDR', quantity: 2 });
    const { listing } = await shop.publish({ ...kopi, price: '90000 IDR', quantity: 2 });
    expect(shop.outlet.messages - before).toBe(9);
    expect(shop.outlet.sent.slice(1).every(({ onlyDelta, changes }) => onlyDelta === true && changes === true)).toBe(
      true,
    );
    expect(shop.outlet.shown(listing ?? '', 2)).toMatchObject({
      price: 9_000_000,
      availability: 'LimitedAvailability',
    });
    await shop.publish({ ...kopi, title: 'Kopi Toraja', price: '90000 IDR', quantity: 2 });
    await shop.publish({ ...kopi, title: 'Kopi Toraja', price: null, quantity: 0 });
    expect(shop.records()).toEqual([
      ['card', 1],
      ['delta', 2],
      ['delta', 3],
      ['delta', 4],
      ['card', 5],
      ['delta', 6],
    ]);
    expect(shop.outlet.sent.at(-1)?.delta?.length).toBeLessThan(450);
  });

  it('are not told with a delta to nodes that may lack the card', async () => {
    const shop = await openShop({ nodes: 3 });
    shop.outlet.away.add(2);
    const { listing } = await shop.publish({ sku: 'kopi' });
    shop.outlet.away.clear();
    await shop.publish({ sku: 'kopi', price: '1 IDR' });
    expect(shop.outlet.sent.at(-1)).toMatchObject({ onlyDelta: false });
    expect(shop.outlet.shown(listing ?? '', 2)).toMatchObject({ price: 100 });
  });
});

describe('a day later', () => {
  it('one message a node says that everything stands, and brings what a node lost', async () => {
    const [store, home] = [await openStore(), await newIdentityHome()];
    await createIdentity({ home, network: 'test', now: NOW });
    const before = await openShop({ store, home, nodes: 4 });
    await before.publishAll(Array.from({ length: 60 }, (_, at) => ({ sku: `s${at}`, price: `${at + 1} IDR` })));
    await before.publish({ sku: 's7', price: '5 IDR' });
    await idle(before);
    await before.catalog.stop();
    const { outlet } = before;
    const restarted = async (days: number): Promise<Shop> => {
      const leases = outlet.leases.length;
      outlet.messages = 0;
      outlet.sent.length = 0;
      const shop = await openShop({ store, home, outlet, now: NOW + days * DAY });
      await vi.waitFor(() => expect(outlet.leases.length).toBe(leases + 1), PATIENCE);
      await idle(shop);
      expect(outlet.leases.at(-1)?.leaves).toHaveLength(60);
      return shop;
    };
    const second = await restarted(1);
    expect([outlet.messages, outlet.sent.length]).toEqual([4, 0]);
    expect(await second.publish({ sku: 's7', price: '5 IDR' })).toMatchObject({ status: 'unchanged', replicas: 4 });
    expect(outlet.messages).toBe(4);
    await second.catalog.stop();
    // One node has lost its disk.
    outlet.nodes[2]?.clear();
    const third = await restarted(2);
    expect([outlet.nodes[2]?.size, outlet.sent.length]).toEqual([60, 60]);
    expect(outlet.messages).toBe(4 + 60);
    const listing = (await third.publish({ sku: 's7', price: '5 IDR' })).listing ?? '';
    expect(outlet.shown(listing, 2)).toEqual(outlet.shown(listing, 0));
  });
});
