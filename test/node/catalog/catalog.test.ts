import { afterEach, describe, expect, it, vi } from 'vitest';
import { REPOST_ALL } from '../../../node/catalog/repost-schedule.js';
import { createIdentity } from '../../../node/identity/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { openStore } from '../store/support.js';
import { DAY, interceptReads, interceptWrites, newIdentityHome, NOW, openShop } from './support.js';

const SLOT = 'listing/kopi';

afterEach(() => {
  vi.useRealTimers();
});

/** Lets an hour of the repost timer pass, and what it starts end. */
async function anHourLater(shop: { catalog: { publish(items: never[]): AsyncIterable<unknown> } }): Promise<void> {
  await vi.advanceTimersByTimeAsync(REPOST_ALL);
  await new Promise((resolve) => setTimeout(resolve, 100));
  for await (const line of shop.catalog.publish([])) void line;
}

describe('publishing', () => {
  it('does not call unchanged what could not be written', async () => {
    let broken = false;
    const store = interceptWrites(await openStore(), () => {
      if (broken) throw new NiagaError('STORE_FAILED', 'The disk is full.');
    });
    const shop = await openShop({ store });
    broken = true;
    await expect(shop.publish({ sku: 'kopi' })).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(shop.catalog.count()).toBe(0);
    broken = false;
    const first = await shop.publish({ sku: 'kopi' });
    expect(first.status).toBe('published');
    broken = true;
    await expect(shop.publish({ sku: 'kopi', title: 'Kopi Toraja' })).rejects.toMatchObject({ code: 'STORE_FAILED' });
    broken = false;
    expect(await shop.catalog.show(first.listing ?? '')).toMatchObject({ title: 'Kopi Gayo', seq: 1 });
    expect(await shop.publish({ sku: 'kopi', title: 'Kopi Toraja' })).toMatchObject({ status: 'updated' });
  });

  it('takes a sku twice in one batch, the later on top of the earlier', async () => {
    const { catalog } = await openShop();
    const value = { sku: 'kopi', title: 'Kopi', price: '1000 IDR' };
    const lines = [];
    const items = [value, value, { ...value, price: '2000 IDR' }].map((item, at) => ({ line: at + 1, value: item }));
    for await (const { status } of catalog.publish(items)) lines.push(status);
    expect(lines).toEqual(['published', 'unchanged', 'updated']);
    const [view] = await catalog.list({ limit: 5 });
    expect(view).toMatchObject({ seq: 2, price: { amount: '200000' } });
  });

  it('waits for the network, and brings out again what found too few nodes when others come', async () => {
    const order: string[] = [];
    const shop = await openShop({
      deps: {
        ready: async () => {
          await Promise.resolve();
          order.push('ready');
        },
      },
    });
    // A node that is alone is all of its network: nobody is missing, and yet there is no copy.
    shop.placed = { replicas: 0, quorum: true, refused: [] };
    const { listing } = await shop.publish({ sku: 'kopi' });
    expect([order, shop.sent.length]).toEqual([['ready'], 1]);
    shop.placed = { replicas: 5, quorum: true, refused: [] };
    shop.meetPeers();
    shop.meetPeers();
    await vi.waitFor(() => expect(shop.sent).toHaveLength(2), 5_000);
    await vi.waitFor(async () => expect(await shop.catalog.show(listing ?? '')).toMatchObject({ replicas: 5 }));
    expect(shop.sent).toHaveLength(2);
  });

  it('says that the number of before does not restock', async () => {
    const shop = await openShop();
    await shop.publish({ sku: 'kopi', quantity: 10 });
    await shop.store.write(shop.catalog.sold('trade', [{ slot: SLOT, quantity: 10 }]));
    const again = await shop.publish({ sku: 'kopi', quantity: 10 });
    expect(again).toMatchObject({ status: 'unchanged', warnings: [{ code: 'STOCK_SHORT', where: 'quantity' }] });
    expect(again.warnings?.[0]?.message).toContain('0 of 10 are left');
    const more = await shop.publish({ sku: 'kopi', quantity: 11 });
    expect([more.status, more.warnings, await shop.available(more.listing)]).toEqual(['updated', undefined, 11]);
  });
});

describe('stock', () => {
  it('keeps a sale that comes while a card is signed anew', async () => {
    let arrived: () => void = () => undefined;
    let reading = false;
    let go: () => void = () => undefined;
    const inRead = new Promise<void>((resolve) => (arrived = resolve));
    const released = new Promise<void>((resolve) => (go = resolve));
    const store = interceptReads(await openStore(), 'listings', async () => {
      if (!reading) return;
      arrived();
      await released;
    });
    const shop = await openShop({ store });
    const { listing } = await shop.publish({ sku: 'kopi', quantity: 10 });
    reading = true;
    // Nothing is left: the card must say so, and for that the listing is read.
    await shop.store.write(shop.catalog.reserve('trade', [{ slot: SLOT, quantity: 10 }]));
    await inRead;
    await shop.store.write(shop.catalog.sold('trade', []));
    reading = false;
    go();
    await vi.waitFor(() => expect(shop.cardsSent().at(-1)?.payload.summary.availability).toBe('OutOfStock'));
    expect(await shop.available(listing)).toBe(0);
    await shop.catalog.stop();
    await shop.catalog.start();
    expect(await shop.available(listing)).toBe(0);
  });

  it('is counted once, however often the catalog is started', async () => {
    const shop = await openShop();
    const { listing } = await shop.publish({ sku: 'kopi', quantity: 5 });
    await shop.store.write(shop.catalog.reserve('trade', [{ slot: SLOT, quantity: 2 }]));
    await shop.catalog.stop();
    await Promise.all([shop.catalog.stop(), shop.catalog.stop()]);
    await Promise.all([shop.catalog.start(), shop.catalog.start()]);
    await shop.catalog.start();
    expect(await shop.available(listing)).toBe(3);
    await shop.store.write(shop.catalog.release('trade'));
    expect(await shop.available(listing)).toBe(5);
  });

  it('leaves with a contract for which none was set aside, and the card says so', async () => {
    const shop = await openShop();
    const { listing } = await shop.publish({ sku: 'kopi', quantity: 2 });
    await shop.store.write(shop.catalog.sold('trade', [{ slot: SLOT, quantity: 2 }]));
    expect(await shop.available(listing)).toBe(0);
    await vi.waitFor(() => expect(shop.cardsSent().at(-1)?.payload.summary.availability).toBe('OutOfStock'));
  });
});

describe('cards', () => {
  it('are signed anew in their second half, and not where a new one would end no later', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const shop = await openShop();
    await shop.publish({ sku: 'kopi' });
    await shop.publish({ sku: 'short', validThrough: new Date(NOW + 20 * DAY).toISOString() });
    const seqs = () => Object.fromEntries(shop.cardsSent().map(({ payload }) => [payload.slot, payload.seq]));
    await anHourLater(shop);
    expect([shop.sent.length, seqs()]).toEqual([4, { 'card/kopi': 1, 'card/short': 1 }]);
    shop.now = NOW + 16 * DAY;
    await anHourLater(shop);
    expect([shop.sent.length, seqs()]).toEqual([6, { 'card/kopi': 2, 'card/short': 1 }]);
    shop.now = NOW + 20 * DAY;
    await anHourLater(shop);
    // The short one is over: nobody is sent it any more.
    expect(shop.sent).toHaveLength(7);
  });

  it('stay ended: their tombstones are brought out as long as the card would have stood', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const shop = await openShop();
    const { listing } = await shop.publish({ sku: 'kopi' });
    expect(await shop.catalog.remove(listing ?? '')).toMatchObject({ status: 'removed', available: 0 });
    await expect(shop.catalog.remove(listing ?? '')).rejects.toMatchObject({ code: 'LISTING_REMOVED' });
    const sent = shop.sent.length;
    shop.now = NOW + 29 * DAY;
    await anHourLater(shop);
    expect(shop.sent).toHaveLength(sent + 1);
    expect(shop.cardsSent()).toHaveLength(1);
    shop.now = NOW + 30 * DAY;
    await anHourLater(shop);
    expect(shop.sent).toHaveLength(sent + 1);
  });

  it('go on under a renewed delegation, and what was signed under the old one can still be opened', async () => {
    const [store, home] = [await openStore(), await newIdentityHome()];
    await createIdentity({ home, network: 'test', now: NOW });
    const before = await openShop({ store, home });
    const { listing } = await before.publish({ sku: 'kopi' });
    await before.catalog.stop();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const shop = await openShop({ store, home, now: NOW + 364 * DAY });
    expect(shop.identity.delegations).toHaveLength(2);
    expect(await shop.catalog.show(listing ?? '')).toMatchObject({ title: 'Kopi Gayo' });
    await anHourLater(shop);
    const card = shop.cardsSent().at(-1);
    expect(card?.delegation?.toString()).toBe(shop.identity.delegation.id.toString());
    expect(card?.payload.validUntil).toBe(NOW + 394 * DAY);
    await shop.publish({ sku: 'kopi', title: 'Kopi Toraja' });
    expect(await shop.catalog.show(listing ?? '')).toMatchObject({ title: 'Kopi Toraja', seq: 2 });
  });
});
