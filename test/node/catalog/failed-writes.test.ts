import { Level } from 'level';
import { afterEach, expect, it, vi } from 'vitest';
import { openShop } from './support.js';
import { openStore } from '../store/support.js';

afterEach(() => vi.restoreAllMocks());

/** What LevelDB does for a write, in order. */
const FAULTS = [
  ['reads what a batch replaces', 'getMany'],
  ['takes a batch', 'batch'],
] as const;

it.each(FAULTS)(
  'sales of which one was not written are sales that were written, after a restart too: a fault where LevelDB %s',
  async (_, method) => {
    for (const fails of [0, 1, 2]) {
      // Each in a batch of its own.
      const store = await openStore({ options: { maxBatchBytes: 1 } });
      const shop = await openShop({ store });
      const { listing } = await shop.publish({ sku: 'kopi', quantity: 100 });
      const original = Reflect.get(Level.prototype, method) as (...given: unknown[]) => unknown;
      let calls = 0;
      const spy = vi.spyOn(Level.prototype, method).mockImplementation(function (this: unknown, ...given: unknown[]) {
        if (calls++ === fails) throw new Error('the disk does not answer');
        return Reflect.apply(original, this, given) as never;
      });
      let written = 0;
      // Each counts on what those before it left, written or not.
      const sales = [1, 2, 4, 8].map(async (quantity) => {
        const change = shop.catalog.changeStock(() =>
          shop.catalog.sold(`trade-${quantity}`, [{ slot: 'listing/kopi', quantity }]),
        );
        await store.write(change.writes).then(
          () => void (written += quantity),
          () => void change.undo(),
        );
      });
      await Promise.all(sales);
      expect(calls).toBeGreaterThan(fails);
      expect(await shop.available(listing)).toBe(100 - written);
      spy.mockRestore();
      await shop.catalog.stop();
      await store.stop();
      await store.start();
      await shop.catalog.start();
      expect(await shop.available(listing)).toBe(100 - written);
    }
  },
);
