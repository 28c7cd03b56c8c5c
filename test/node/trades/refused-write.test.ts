import { expect, it, vi } from 'vitest';
import type { Services } from '../../../node/services.js';
import { startMember, untilKnown } from '../../network/members.js';
import { until } from '../../network/traders.js';
import { temporaryFolder } from '../../support/processes.js';

it('a step that the disk refuses leaves the stock as it was', { timeout: 120_000 }, async () => {
  const folder = await temporaryFolder();
  const running: Services[] = [];
  try {
    const seller = await startMember(folder.path, 'seller', {});
    const buyer = await startMember(folder.path, 'buyer', { bootstrap: seller.network.addresses() });
    running.push(seller, buyer);
    await untilKnown(running, 2);
    const value = { sku: 'kopi', title: 'Kopi Gayo', price: '85000 IDR', quantity: 1 };
    let listing = '';
    for await (const line of seller.catalog.publish([{ line: 1, value }], {})) listing = line.listing ?? '';
    const { trade } = await buyer.trades.offer({ listing });
    await until(
      () => seller.trades.open(trade),
      (log) => log !== undefined,
      'the offer is there',
    );
    /** The step refused once, then taken: the pieces after each. */
    const twice = async (kind: 'accept' | 'cancel'): Promise<unknown[]> => {
      const full = new Error('no room');
      const write = seller.store.write.bind(seller.store);
      const spy = vi.spyOn(seller.store, 'write').mockImplementation(async (writes, options) => {
        if (writes.some(({ table }) => table === 'reservations')) throw full;
        await write(writes, options);
      });
      await expect(seller.trades.step(trade, { kind })).rejects.toBe(full);
      spy.mockRestore();
      const refused = (await seller.catalog.show(listing))?.available;
      await seller.trades.step(trade, { kind });
      return [refused, (await seller.catalog.show(listing))?.available];
    };
    expect(await twice('accept')).toEqual([1, 0]);
    expect(await twice('cancel')).toEqual([0, 1]);
  } finally {
    await Promise.all(running.map((one) => one.stop()));
    await folder.remove();
  }
});
