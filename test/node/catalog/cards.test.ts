import { afterEach, describe, expect, it, vi } from 'vitest';
import { REFRESH_CHECK } from '../../../node/catalog/schedule.js';
import { createIdentity } from '../../../node/identity/index.js';
import type { Placed } from '../../../node/index/index.js';
import { rawCodec } from '../../../node/store/index.js';
import { keys, openStore } from '../store/support.js';
import { DAY, newIdentityHome, NOW, openShop, settled, type Shop } from './support.js';
import { PATIENCE } from '../../support/patience.js';

afterEach(() => {
  vi.useRealTimers();
});

/** Lets the time of day be looked at, and what that starts end. */
async function laterOn(shop: Shop, now: number): Promise<void> {
  shop.now = now;
  await vi.advanceTimersByTimeAsync(REFRESH_CHECK);
  await settled(shop);
}

describe('cards', () => {
  it('are not signed anew while leases extend them, but where a listing ends for good', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const shop = await openShop();
    await shop.publish({ sku: 'kopi' });
    await shop.publish({ sku: 'fair', validThrough: new Date(NOW + 50 * DAY).toISOString() });
    await laterOn(shop, NOW + DAY);
    expect(shop.outlet.leases.at(-1)?.leaves).toHaveLength(2);
    const sent = shop.outlet.sent.length;
    await laterOn(shop, NOW + 25 * DAY);
    // The one whose end is near says so in a card of its own and leaves the lease.
    expect(shop.outlet.leases.at(-1)?.leaves).toHaveLength(1);
    expect(shop.outlet.sent.slice(sent).map(({ bytes }) => shop.outlet.open(bytes).payload)).toMatchObject([
      { slot: 'card/fair', seq: 2, validUntil: NOW + 50 * DAY },
    ]);
    await laterOn(shop, NOW + 300 * DAY);
    expect(shop.outlet.sent).toHaveLength(sent + 1);
    expect(shop.outlet.leases.at(-1)?.leaves).toHaveLength(1);
  });

  it('that the network lost while their seller slept go out with the lease that extends them', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const shop = await openShop();
    const { listing } = await shop.publish({ sku: 'kopi' });
    shop.outlet.nodes[0]?.clear();
    await laterOn(shop, NOW + 40 * DAY);
    expect(shop.outlet.sent.at(-1)).toMatchObject({ listing, leased: true });
    expect(shop.records()).toEqual([
      ['card', 1],
      ['card', 1],
    ]);
  });

  it('stay ended: nodes that lack their tombstones get them as long as a card could stand', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const shop = await openShop({ nodes: 3 });
    const { listing } = await shop.publish({ sku: 'kopi' });
    expect(await shop.catalog.remove(listing ?? '')).toMatchObject({ status: 'removed', available: 0 });
    await expect(shop.catalog.remove(listing ?? '')).rejects.toMatchObject({ code: 'LISTING_REMOVED' });
    const sent = shop.outlet.sent.length;
    // Asked for by its id, and brought only to who has not got it.
    await laterOn(shop, NOW + 10 * DAY);
    expect(shop.outlet.sent).toHaveLength(sent);
    shop.outlet.nodes[2]?.clear();
    await laterOn(shop, NOW + 29 * DAY);
    expect(shop.outlet.sent).toHaveLength(sent + 1);
    expect(shop.outlet.sent.at(-1)).toMatchObject({ changes: true });
    expect(shop.outlet.nodes[2]?.get(listing ?? '')?.record.payload.kind).toBe('tombstone');
    shop.outlet.nodes[2]?.clear();
    await laterOn(shop, NOW + 31 * DAY);
    expect(shop.outlet.sent).toHaveLength(sent + 1);
  });

  it('go from the disk once nobody keeps their ends, and the listing goes on with its seq where it is published again', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const shop = await openShop();
    const { listing } = await shop.publish({ sku: 'kopi' });
    await shop.publish({ sku: 'teh' });
    await shop.catalog.remove(listing ?? '');
    const left = async () => {
      await settled(shop);
      const tables = ['own-cards', 'placed-cards', 'catalog'].map((name) => shop.store.table(name, rawCodec));
      return Promise.all(tables.map(keys));
    };
    const both = ['listing/kopi', 'listing/teh'];
    await laterOn(shop, NOW + 29 * DAY);
    await expect.poll(left, PATIENCE).toEqual([both, both, both]);
    await laterOn(shop, NOW + 31 * DAY);
    await expect.poll(left, PATIENCE).toEqual([['listing/teh'], ['listing/teh'], both]);
    const sent = shop.outlet.sent.length;
    expect(await shop.publish({ sku: 'kopi' })).toMatchObject({ listing, status: 'published', quorum: true });
    expect(shop.records().slice(sent)).toEqual([['card', 3]]);
    expect(await shop.catalog.show(listing ?? '')).toMatchObject({ status: 'active', seq: 2 });
  });

  it('of listings that end soon, of which no lease speaks, are brought to nodes that lost them', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const shop = await openShop({ nodes: 3 });
    const { listing } = await shop.publish({ sku: 'fair', validThrough: new Date(NOW + 20 * DAY).toISOString() });
    await shop.publish({ sku: 'fair', price: '1 IDR', validThrough: new Date(NOW + 20 * DAY).toISOString() });
    const sent = shop.outlet.sent.length;
    await laterOn(shop, NOW + DAY);
    expect(shop.outlet.sent).toHaveLength(sent);
    shop.outlet.nodes[1]?.clear();
    await laterOn(shop, NOW + 2 * DAY);
    expect(shop.outlet.sent).toHaveLength(sent + 1);
    expect(shop.outlet.shown(listing ?? '', 1)).toEqual(shop.outlet.shown(listing ?? '', 0));
    shop.outlet.nodes[1]?.clear();
    await laterOn(shop, NOW + 21 * DAY);
    expect(shop.outlet.sent).toHaveLength(sent + 1);
  });

  it('are not signed anew because a node says back what stands, however often', async () => {
    const shop = await openShop({ nodes: 3 });
    const echo = (): Partial<Placed> => {
      const { bytes, delta } = shop.outlet.sent.at(-1) ?? { bytes: new Uint8Array() };
      return { refused: ['LISTING_CHANGED'], newer: [delta ?? bytes] };
    };
    Object.defineProperty(shop.outlet, 'placed', { get: echo });
    const { listing } = await shop.publish({ sku: 'kopi' });
    await shop.publish({ sku: 'kopi', price: '1 IDR' });
    await shop.catalog.remove(listing ?? '');
    await settled(shop);
    expect(shop.records()).toEqual([
      ['card', 1],
      ['delta', 2],
      ['tombstone', 3],
    ]);
  });

  it('go on under a renewed delegation, and what was signed under the old one can still be opened', async () => {
    const [store, home] = [await openStore(), await newIdentityHome()];
    await createIdentity({ home, network: 'test', now: NOW });
    const before = await openShop({ store, home });
    const { listing } = await before.publish({ sku: 'kopi' });
    await before.catalog.stop();
    const shop = await openShop({ store, home, now: NOW + 364 * DAY });
    expect(shop.identity.delegations).toHaveLength(2);
    expect(await shop.catalog.show(listing ?? '')).toMatchObject({ title: 'Kopi Gayo' });
    await vi.waitFor(() => expect(shop.records().at(-1)).toEqual(['card', 2]), PATIENCE);
    const card = shop.outlet.open(shop.outlet.sent.at(-1)?.bytes ?? new Uint8Array());
    expect(card.delegation?.toString()).toBe(shop.identity.delegation.id.toString());
    expect(card.payload).toMatchObject({ validUntil: NOW + 394 * DAY });
    await shop.publish({ sku: 'kopi', title: 'Kopi Toraja' });
    expect(await shop.catalog.show(listing ?? '')).toMatchObject({ title: 'Kopi Toraja', seq: 2 });
  });

  it('go on under a renewed delegation also where one listing cannot be read any more', async () => {
    const [store, home] = [await openStore(), await newIdentityHome()];
    await createIdentity({ home, network: 'test', now: NOW });
    const before = await openShop({ store, home });
    for (const sku of ['kopi', 'teh']) await before.publish({ sku });
    const { listing } = await before.publish({ sku: 'gula', title: 'Gula Aren' });
    const version = (await before.catalog.show(listing ?? ''))?.version ?? '';
    await before.catalog.stop();
    await store.write([{ table: 'listings', key: version, row: Uint8Array.of(1, 2, 3) }]);
    const shop = await openShop({ store, home, now: NOW + 364 * DAY });
    await vi.waitFor(() => expect(shop.outlet.leases.at(-1)?.leaves).toHaveLength(2), PATIENCE);
    await expect(shop.catalog.remove(listing ?? '')).rejects.toMatchObject({
      code: 'RECORD_CORRUPT',
      message: expect.stringContaining('was removed') as string,
    });
  });

  it('are signed over newer ones that the network holds, as after a home was restored from a backup', async () => {
    const home = await newIdentityHome();
    await createIdentity({ home, network: 'test', now: NOW });
    const before = await openShop({ home, nodes: 3 });
    await before.publish({ sku: 'kopi' });
    for (const price of [1, 2, 3]) await before.publish({ sku: 'kopi', price: `${price} IDR` });
    const { listing } = await before.publish({ sku: 'kopi', title: 'Kopi Toraja' });
    await before.catalog.stop();
    const shop = await openShop({ home, outlet: before.outlet });
    const again = await shop.publish({ sku: 'kopi', title: 'Kopi Sumba' });
    expect(again).toMatchObject({ status: 'published', listing, quorum: true });
    expect(shop.outlet.shown(listing ?? '')).toMatchObject({ title: 'Kopi Sumba' });
    expect(shop.records().at(-1)).toEqual(['card', 6]);
    // Nobody but the seller can make it go on: a refusal that shows nothing newer changes nothing.
    shop.outlet.placed = { quorum: false, refused: ['LISTING_CHANGED'], newer: [] };
    expect(await shop.publish({ sku: 'kopi', title: 'Kopi Bajawa' })).toMatchObject({ quorum: false });
    expect(shop.records().at(-1)).toEqual(['card', 7]);
  });
});
