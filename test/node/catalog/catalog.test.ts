import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cborCodec } from '../../../node/store/index.js';
import { createIdentity } from '../../../node/identity/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { openStore } from '../store/support.js';
import { DAY, interceptReads, interceptWrites, newIdentityHome, NOW, openShop, settled } from './support.js';
import { PATIENCE } from '../../support/patience.js';

const SLOT = 'listing/kopi';

afterEach(() => {
  vi.useRealTimers();
});

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
    const shop = await openShop();
    const value = { sku: 'kopi', title: 'Kopi', price: '1000 IDR' };
    const lines = await shop.publishAll([value, value, { ...value, price: '2000 IDR' }]);
    expect(lines.map(({ status }) => status)).toEqual(['published', 'unchanged', 'updated']);
    const [view] = (await shop.catalog.list({ limit: 5 })).items;
    expect(view).toMatchObject({ seq: 2, price: { amount: '200000' } });
    expect(shop.outlet.shown(view?.listing ?? '')).toMatchObject({ price: 200_000, version: view?.version });
  });

  it('answers each line once, in their order, however their cards fare', async () => {
    const shop = await openShop();
    const line = fc.record({ sku: fc.constantFrom(...'abcdefgh'), valid: fc.boolean(), price: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 130 }), fc.infiniteStream(fc.nat(4)), async (lines, delays) => {
        shop.outlet.delay = () => (delays.next().value as number | undefined) ?? 0;
        const values = lines.map(({ sku, valid, price }) => ({ sku, price: valid ? `${price} IDR` : 'cheap' }));
        const answers = await shop.publishAll(values);
        expect(answers.map(({ line: number }) => number)).toEqual(lines.map((_, at) => at + 1));
        expect(answers.map(({ status }) => status !== 'invalid')).toEqual(lines.map(({ valid }) => valid));
        expect(answers.map(({ sku }) => sku)).toEqual(lines.map(({ sku }) => sku));
      }),
      { numRuns: 20 },
    );
  });

  it('signs lists in the order in which they were given, also when the later one is read first', async () => {
    const shop = await openShop();
    shop.outlet.delay = () => 5;
    const item = (price: string, at: number) => ({ line: at, value: { sku: 'kopi', title: 'Kopi', price } });
    const first = shop.catalog.publish(Array.from({ length: 120 }, (_, at) => item(`${at + 1} IDR`, at + 1)));
    const second = shop.catalog.publish([item('9000 IDR', 1)]);
    const one = first[Symbol.asyncIterator]().next();
    const other = second[Symbol.asyncIterator]().next();
    expect((await other).value).toMatchObject({ status: 'updated' });
    await one;
    const [view] = (await shop.catalog.list({ limit: 5 })).items;
    expect(view).toMatchObject({ price: { amount: '900000' }, seq: 121 });
  });

  it('goes on behind a reader that stops, and ends when its caller gives up', async () => {
    const shop = await openShop();
    const items = Array.from({ length: 150 }, (_, at) => ({
      line: at,
      value: { sku: `s${at}`, title: 'Kopi', price: null },
    }));
    for await (const line of shop.catalog.publish(items)) {
      expect(line.status).toBe('published');
      break;
    }
    await settled(shop);
    const published = shop.catalog.count();
    expect(published).toBeGreaterThanOrEqual(50);
    // Whatever was signed is whole: listed, and brought out.
    expect(shop.outlet.sent.length).toBe(published);
    const controller = new AbortController();
    shop.outlet.delay = () => 50_000;
    const lines = shop.catalog.publish([{ line: 1, value: { sku: 'late', title: 'Teh', price: null } }], {
      signal: controller.signal,
    });
    const next = lines[Symbol.asyncIterator]().next();
    const givenUp = expect(next).rejects.toThrow('enough');
    await vi.waitFor(() => expect(shop.outlet.sent.length).toBe(published + 1), PATIENCE);
    controller.abort(new Error('enough'));
    await givenUp;
    expect(shop.catalog.count()).toBe(published + 1);
  });

  it('answers with the quorum and brings out the rest behind it', async () => {
    const shop = await openShop({ nodes: 3 });
    shop.outlet.holdsBack = true;
    expect(await shop.publish({ sku: 'kopi' })).toMatchObject({ quorum: true, replicas: 3 });
    expect(shop.catalog.lacking()).toBe(1);
    shop.outlet.arrive();
    await vi.waitFor(() => expect(shop.catalog.lacking()).toBe(0), PATIENCE);
  });

  it('says that too few nodes took it, and asks again with the same content', async () => {
    const shop = await openShop({ nodes: 3 });
    shop.outlet.away.add(0).add(1);
    const first = await shop.publish({ sku: 'kopi' });
    expect(first).toMatchObject({ status: 'published', quorum: false, replicas: 1 });
    expect(await shop.catalog.show(first.listing ?? '')).toMatchObject({ quorum: false, replicas: 1 });
    shop.outlet.away.clear();
    expect(await shop.publish({ sku: 'kopi' })).toMatchObject({ status: 'unchanged', quorum: true, replicas: 3 });
    const sent = shop.outlet.sent.length;
    expect(await shop.publish({ sku: 'kopi' })).toMatchObject({ status: 'unchanged', quorum: true, replicas: 3 });
    expect(shop.outlet.sent).toHaveLength(sent);
  });

  it('waits for the network, and brings out again what found too few nodes when others come', async () => {
    const order: string[] = [];
    const ready = async (): Promise<void> => {
      await Promise.resolve();
      order.push('ready');
    };
    const shop = await openShop({ deps: { ready }, nodes: 6 });
    await settled(shop);
    order.length = 0;
    // A node that is alone is all of its network: there is no copy.
    shop.outlet.placed = { replicas: 0, quorum: false, whole: false };
    const { listing } = await shop.publish({ sku: 'kopi' });
    expect([order, shop.outlet.sent.length]).toEqual([['ready'], 1]);
    shop.outlet.placed = {};
    shop.meetPeers('one');
    shop.meetPeers('two');
    await vi.waitFor(() => expect(shop.outlet.sent).toHaveLength(2), PATIENCE);
    await vi.waitFor(
      async () => expect(await shop.catalog.show(listing ?? '')).toMatchObject({ replicas: 6 }),
      PATIENCE,
    );
    shop.meetPeers('one');
    await settled(shop);
    expect(shop.outlet.sent).toHaveLength(2);
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

  it('names the words that a card has no room for', async () => {
    const shop = await openShop();
    const keywords = Array.from({ length: 50 }, (_, at) => `kata kunci panjang${at} sekali${at}`);
    const { status, warnings } = await shop.publish({ sku: 'kopi', keywords });
    expect([status, warnings]).toEqual(['published', [expect.objectContaining({ code: 'CARD_FULL', where: 'title' })]]);
    expect(warnings?.[0]?.message).toMatch(/no room for \d+ of its words: nobody finds it by "\w+"/);
    expect((await shop.publish({ sku: 'teh' })).warnings).toBeUndefined();
  });

  it('restocks to the number of before where it is told so, variants too, and then has nothing more to do', async () => {
    const shop = await openShop();
    const item = { sku: 'kopi', quantity: 10, hasVariant: [{ sku: 'a', inventoryLevel: 4 }, { sku: 'b' }] };
    await shop.publish(item);
    await shop.store.write(shop.catalog.sold('trade', [{ slot: SLOT, variant: 'a', quantity: 3 }]));
    const { listing } = await shop.publish(item);
    expect(await shop.available(listing)).toBe(7);
    const again = await shop.publish(item, { restock: true });
    expect([again.status, again.warnings]).toEqual(['updated', undefined]);
    const view = await shop.catalog.show(listing ?? '');
    expect(view).toMatchObject({ available: 10, availableVariants: [{ available: 4 }, { available: 10 }] });
    expect(await shop.publish(item, { restock: true })).toMatchObject({ status: 'unchanged' });
  });
});

describe('after a restart', () => {
  it('what was not whole is brought out, and nothing else', async () => {
    const [store, home] = [await openStore(), await newIdentityHome()];
    await createIdentity({ home, network: 'test', now: NOW });
    const before = await openShop({ store, home, nodes: 3 });
    await before.publishAll([{ sku: 'a' }, { sku: 'b' }]);
    before.outlet.away.add(2);
    await before.publishAll([{ sku: 'c' }, { sku: 'd' }]);
    // The process ends before the last copies have arrived.
    before.outlet.holdsBack = true;
    before.outlet.away.clear();
    await before.publish({ sku: 'e' });
    await before.catalog.stop();
    before.outlet.sent.length = 0;
    before.outlet.holdsBack = false;
    const shop = await openShop({ store, home, outlet: before.outlet });
    await vi.waitFor(() => expect(shop.catalog.lacking()).toBe(0), PATIENCE);
    const slots = shop.outlet.sent.map(({ bytes }) => shop.outlet.open(bytes).payload.slot);
    expect(slots.sort()).toEqual(['card/c', 'card/d', 'card/e']);
    // Then the lease says that all of them stand.
    await vi.waitFor(() => expect(shop.outlet.leases.at(-1)?.leaves).toHaveLength(5), PATIENCE);
    await settled(shop);
    expect(shop.outlet.sent).toHaveLength(3);
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
    // So late in a card's life a delta will not do: the listing is read for another card.
    shop.now = NOW + 29 * DAY;
    await shop.store.write(shop.catalog.reserve('trade', [{ slot: SLOT, quantity: 10 }]));
    await inRead;
    await shop.store.write(shop.catalog.sold('trade', [{ slot: SLOT, quantity: 10 }]));
    reading = false;
    go();
    await vi.waitFor(() => expect(shop.outlet.shown(listing ?? '')?.availability).toBe('OutOfStock'), PATIENCE);
    expect(shop.records().at(-1)).toEqual(['card', 2]);
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

  it('of variants is counted for each, through updates and restarts, and all together end the listing', async () => {
    const shop = await openShop();
    const kaos = (s: number, m: number, title = 'Kaos') =>
      shop.publish({
        sku: 'kopi',
        title,
        quantity: null,
        variants: [
          { sku: 's', quantity: s },
          { sku: 'm', quantity: m },
        ],
      });
    const { listing } = await kaos(2, 2);
    const left = async () => (await shop.catalog.show(listing ?? ''))?.availableVariants?.map((one) => one.available);
    const of = (variant: string, quantity: number) => [{ slot: SLOT, variant, quantity }];
    await shop.store.write(shop.catalog.reserve('one', of('s', 2)));
    await shop.store.write(shop.catalog.sold('two', of('m', 1)));
    expect(() => shop.catalog.reserve('three', of('s', 1))).toThrow(expect.objectContaining({ code: 'STOCK_SHORT' }));
    expect([await left(), await shop.available(listing)]).toEqual([[0, 1], 1]);
    // The number of before is no new one; what is set aside stays so.
    expect((await kaos(5, 2, 'Kaos putih')).warnings?.[0]?.message).toContain('1 of 2 of variant "m" are left');
    expect([await left(), await shop.available(listing)]).toEqual([[3, 1], 4]);
    await shop.catalog.stop();
    await shop.catalog.start();
    expect(await left()).toEqual([3, 1]);
    await shop.store.write(shop.catalog.sold('one', of('s', 2)));
    await shop.store.write([...shop.catalog.sold('four', of('s', 3)), ...shop.catalog.sold('five', of('m', 1))]);
    expect([await left(), await shop.available(listing)]).toEqual([[0, 0], 0]);
    await vi.waitFor(() => expect(shop.outlet.shown(listing ?? '')?.availability).toBe('OutOfStock'), PATIENCE);
    await shop.publish({ sku: 'kopi', variants: [{ sku: 's', quantity: 1 }] });
    expect(() => shop.catalog.reserve('six', of('m', 1))).toThrow(expect.objectContaining({ code: 'LISTING_REMOVED' }));
  });

  it('of variants is what the listing has, in a row from before they were counted, until the listing is signed anew', async () => {
    const shop = await openShop();
    const { listing } = await shop.publish({ sku: 'kopi', quantity: 3, variants: [{ sku: 's', quantity: 1 }] });
    await shop.catalog.stop();
    const rows = shop.store.table<Record<string, unknown>>('catalog', cborCodec());
    const { variants: _variants, ...older } = (await rows.get(SLOT)) ?? {};
    await shop.store.write([rows.put(SLOT, older)]);
    await shop.catalog.start();
    const two = [{ slot: SLOT, variant: 's', quantity: 2 }];
    expect(await shop.available(listing)).toBe(3);
    await shop.store.write(shop.catalog.reserve('trade', two));
    await shop.store.write(shop.catalog.release('trade'));
    await shop.publish({ sku: 'kopi', title: 'Kopi baru', quantity: 3, variants: [{ sku: 's', quantity: 1 }] });
    expect(await shop.available(listing)).toBe(1);
    expect(() => shop.catalog.reserve('trade', two)).toThrow(expect.objectContaining({ code: 'STOCK_SHORT' }));
  });

  it('leaves with a contract for which none was set aside, and a delta says so', async () => {
    const shop = await openShop();
    const { listing } = await shop.publish({ sku: 'kopi', quantity: 2 });
    await shop.store.write(shop.catalog.sold('trade', [{ slot: SLOT, quantity: 2 }]));
    expect(await shop.available(listing)).toBe(0);
    await vi.waitFor(() => expect(shop.outlet.shown(listing ?? '')?.availability).toBe('OutOfStock'), PATIENCE);
    expect(shop.records()).toEqual([
      ['card', 1],
      ['delta', 2],
    ]);
  });
});
