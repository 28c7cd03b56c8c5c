import { afterEach, describe, expect, it } from 'vitest';
import { pair, publish, shows, start, stop, stopAll, until, type Machine } from './machines.js';

afterEach(stopAll);

const consented = (machine: Machine, trade: string) =>
  until(
    () => machine.tradeShow({ trade }),
    ({ messages }) => messages.some(({ kind }) => kind === 'consent'),
  );

describe('an arbiter with two machines', () => {
  it(
    'is given the case by either of them, consents and rules on the one that writes, and reads it on both',
    { timeout: 240_000 },
    async () => {
      const desk = await start({ name: 'Penengah' });
      const [seller, buyer] = [await start({ by: desk }), await start({ by: desk })];
      const phone = await pair(desk);
      await until(
        () => buyer.status({}),
        ({ known }) => known >= 4,
      );
      await desk.arbiterOffer({ fee: ['5000 IDR'] });
      await until(
        () => buyer.arbiterList({}),
        ({ items }) => items.length === 1,
      );
      const listing = await publish(seller, { sku: 'kopi', title: 'Kopi', price: '85000 IDR', quantity: 9 });
      const agree = async (): Promise<string> => {
        const { trade } = await buyer.offer({ listing, arbiter: desk.identity.traderText });
        await shows(seller, trade, 'offered');
        await seller.tradeAccept({ trade });
        return trade;
      };

      const first = await agree();
      for (const machine of [desk, phone, buyer, seller]) await consented(machine, first);
      expect(await phone.tradeShow({ trade: first })).toMatchObject({ role: 'arbiter', state: 'accepted' });

      // Only the second machine is there when the contract is made, and both sides know where it is.
      await stop(desk);
      for (const { services } of [buyer, seller]) services.mail.meet(desk.identity.trader, phone.identity.peerId);
      const second = await agree();
      await shows(phone, second, 'accepted');
      expect(await phone.tradeShow({ trade: second })).toMatchObject({ role: 'arbiter' });
      const back = await start({ folder: desk.folder, by: buyer });
      await shows(back, second, 'accepted');
      await consented(buyer, second);
      await shows(buyer, second, 'accepted');
      await buyer.tradePay({ trade: second });
      await buyer.tradeDispute({ trade: second, reason: 'Tidak dikirim.' });
      await shows(back, second, 'disputed');
      await until(
        () => back.tradeShow({ trade: second }),
        ({ allowed }) => allowed.includes('rule'),
      );
      await back.tradeRule({ trade: second, omit: ['1=1'], refund: '85000 IDR', reason: 'Batal.' });
      for (const machine of [buyer, seller, phone])
        await until(
          () => machine.tradeShow({ trade: second }),
          ({ regions }) => regions.dispute === 'ruled',
        );
    },
  );
});
