import { afterEach, describe, expect, it } from 'vitest';
import { Shelf } from '../../../node/keep/shelf.js';
import type { Listing } from '../../../protocol/catalog/card.js';
import { blobId, slotId } from '../../../protocol/ids.js';
import type { SignedRecord } from '../../../protocol/record.js';
import type { Store } from '../../../node/store/index.js';
import { openStore } from '../store/support.js';
import { createSeller, DAY, NOW } from './support.js';

const idOf = ({ payload }: SignedRecord<Listing>): string => slotId('test', payload.trader, payload.slot).toString();
const blob = (size: number, fill = 1): [string, Uint8Array] => {
  const bytes = new Uint8Array(size).fill(fill);
  return [blobId(bytes).toString(), bytes];
};

const clock = { now: NOW };
afterEach(() => void (clock.now = NOW));

async function createShelf(store: Store, quota: number, sellerQuota = quota): Promise<Shelf> {
  const shelf = new Shelf({ store, networkName: 'test', quota, sellerQuota, now: () => clock.now++ });
  await shelf.load();
  return shelf;
}

const until = NOW + 30 * DAY;
const asked = { until, used: true };
const unasked = { until, used: false };
const none = new Map<string, Uint8Array>();

describe('a shelf', () => {
  it('keeps within its bytes what was used last, and what was never asked for gives way to what was', async () => {
    const store = await openStore();
    const shelf = await createShelf(store, 20_000);
    const seller = createSeller();
    const listings = Array.from({ length: 12 }, (_, number) => seller.listing(`${number}`));
    const [first, second, ...others] = listings as [SignedRecord<Listing>, SignedRecord<Listing>];
    expect(await shelf.put(first, seller.delegation, none, asked)).toBe(true);
    expect(await shelf.put(second, seller.delegation, none, unasked)).toBe(true);
    for (const one of others) {
      expect(await shelf.put(one, seller.delegation, none, asked)).toBe(true);
      expect(shelf.bytes).toBeLessThanOrEqual(20_000);
      // Asking for it again keeps it.
      expect((await shelf.version(first.id.toString()))?.listing).toEqual(first.bytes);
    }
    expect(await shelf.version(second.id.toString())).toBeUndefined();
    expect(shelf.size).toBeLessThan(12);
    // What was not asked for finds no room among what was.
    expect(await shelf.put(second, seller.delegation, none, unasked)).toBe(false);
    expect(shelf.bytes).toBeLessThanOrEqual(20_000);
    const rows = store.table('kept-listings', { encode: (v: Uint8Array) => v, decode: (b) => b });
    expect(await rows.count()).toBe(shelf.size);
  });

  it('gives one seller its part and no more, texts included', async () => {
    const shelf = await createShelf(await openStore(), 100_000, 12_000);
    const [flood, other] = [createSeller(), createSeller()];
    for (let number = 0; number < 20; number++) {
      expect(await shelf.put(flood.listing(`${number}`), flood.delegation, none, asked)).toBe(true);
    }
    expect(shelf.bytes).toBeLessThanOrEqual(12_000);
    expect(shelf.versionOf(idOf(flood.listing('19')))).toBeDefined();
    const one = other.listing('kopi');
    expect(await shelf.put(one, other.delegation, none, asked)).toBe(true);
    expect(await shelf.attach(one.id.toString(), new Map([blob(11_000)]))).toBe(false);
    expect(await shelf.attach(one.id.toString(), new Map([blob(5_000)]))).toBe(true);
  });

  it('keeps one version of a listing, the newest', async () => {
    const shelf = await createShelf(await openStore(), 100_000);
    const seller = createSeller();
    const [old, fresh] = [seller.listing('kopi', 1), seller.listing('kopi', 2, 100)];
    await shelf.put(old, seller.delegation, new Map([blob(1_000, 1)]), asked);
    await shelf.put(fresh, seller.delegation, new Map([blob(1_000, 2)]), asked);
    expect(shelf.versionOf(idOf(old))).toBe(fresh.id.toString());
    expect(await shelf.version(old.id.toString())).toBeUndefined();
    expect(shelf.has(blob(1_000, 1)[0])).toBe(false);
    expect(await shelf.put(old, seller.delegation, none, asked)).toBe(false);
    expect(shelf.size).toBe(1);
  });

  it('keeps a text that several listings name once, as long as one of them is there', async () => {
    const shelf = await createShelf(await openStore(), 100_000);
    const seller = createSeller();
    const [a, b] = [seller.listing('a'), seller.listing('b')];
    const [id, bytes] = blob(3_000);
    await shelf.put(a, seller.delegation, new Map([[id, bytes]]), asked);
    const before = shelf.bytes;
    await shelf.put(b, seller.delegation, none, asked);
    await shelf.attach(b.id.toString(), new Map([[id, bytes]]));
    expect(shelf.bytes - before).toBeLessThan(3_000);
    await shelf.drop([idOf(a)]);
    expect(await shelf.blob(id)).toEqual(bytes);
    await shelf.drop([idOf(b)]);
    expect([await shelf.blob(id), shelf.bytes]).toEqual([undefined, 0]);
  });

  it('has the same things after a restart, in the order of their use, and within a smaller quota', async () => {
    const store = await openStore();
    const seller = createSeller();
    const shelf = await createShelf(store, 100_000);
    const [a, b, c] = ['a', 'b', 'c'].map((sku) => seller.listing(sku)) as [
      SignedRecord<Listing>,
      SignedRecord<Listing>,
      SignedRecord<Listing>,
    ];
    const [id, bytes] = blob(1_000);
    for (const one of [a, b, c])
      await shelf.put(one, seller.delegation, one === a ? new Map([[id, bytes]]) : none, asked);
    await shelf.version(a.id.toString());
    await shelf.noteUses();
    const again = await createShelf(store, 100_000);
    expect([again.size, again.bytes]).toEqual([3, shelf.bytes]);
    expect([await again.blob(id), (await again.version(b.id.toString()))?.listing]).toEqual([bytes, b.bytes]);
    const smaller = await createShelf(store, shelf.bytes - 2_000);
    expect(smaller.size).toBe(2);
    expect(smaller.versionOf(idOf(a))).toBe(a.id.toString());
    expect(await smaller.version(b.id.toString())).toBeUndefined();
  });

  it('says which cards are over, unless they were extended', async () => {
    const shelf = await createShelf(await openStore(), 100_000);
    const seller = createSeller();
    const [a, b] = [seller.listing('a'), seller.listing('b')];
    for (const one of [a, b]) await shelf.put(one, seller.delegation, none, asked);
    shelf.extend(idOf(b), until + DAY);
    clock.now = until + 1;
    expect(shelf.over()).toEqual([idOf(a)]);
  });
});

describe('a text that comes while a newer version is being written', () => {
  it('does not bring the older version back', async () => {
    const store = await openStore();
    const seller = createSeller();
    const [old, fresh] = [seller.listing('kopi', 1), seller.listing('kopi', 2)];
    const gate: { open: Promise<void> } = { open: Promise.resolve() };
    const slow = new Proxy(store, {
      get(target, name) {
        if (name === 'write') {
          return async (...given: Parameters<Store['write']>) => {
            await gate.open;
            await target.write(...given);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const shelf = await createShelf(slow, 100_000);
    await shelf.put(old, seller.delegation, none, asked);
    let release: () => void = () => undefined;
    gate.open = new Promise((resolve) => (release = resolve));
    const put = shelf.put(fresh, seller.delegation, none, asked);
    const attached = shelf.attach(fresh.id.toString(), new Map([blob(2_000)]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    release();
    expect([await put, await attached]).toEqual([true, false]);
    expect((await shelf.version(fresh.id.toString()))?.listing).toEqual(fresh.bytes);
  });
});
