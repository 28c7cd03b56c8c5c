import { afterEach, expect, it, vi } from 'vitest';
import { knows, market, pair, publish, shows, start, stop, stopAll, until } from './machines.js';

const KOPI = { sku: 'kopi-1', title: 'Kopi Gayo arabika 250 g', price: '85000 IDR', quantity: 5 };

afterEach(stopAll);

it(
  'a shop on two machines finds the letters for one of them, though the other one looked into its mailboxes meanwhile',
  { timeout: 180_000 },
  async () => {
    const { seller: shop, buyer, third } = await market('Warung Sari');
    const listing = await publish(shop, KOPI);
    const phone = await pair(shop);
    await stop(phone);
    await knows(buyer, 4);
    const { trade } = await buyer.offer({ listing, quantity: 2 });
    await shows(shop, trade, 'offered');
    await shop.tradeAccept({ trade });
    await shows(buyer, trade, 'accepted');
    await stop(shop);
    await buyer.tradePay({ trade });
    await until(
      () => buyer.tradeShow({ trade }),
      ({ messages }) => messages.at(-1)?.delivery === 'stored',
    );
    await stop(buyer);

    // The letter is sealed to the shop's key, which the phone has not.
    const other = await start({ folder: phone.folder, by: third });
    await until(
      () => other.status({}),
      ({ mailboxes }) => mailboxes.includes(third.services.network.peerId),
    );
    await stop(other);
    const again = await start({ folder: shop.folder, by: third });
    await shows(again, trade, 'paid');
  },
);

it('a step that was begun before the shop was handed over is not signed after it', { timeout: 180_000 }, async () => {
  const { seller: shop, buyer, third } = await market('Warung Sari');
  const listing = await publish(shop, KOPI);
  const phone = await pair(shop);
  await third.arbiterOffer({ fee: ['5000 IDR'], language: ['id'] });
  const { trade } = await buyer.offer({ listing, quantity: 2 });
  await shows(shop, trade, 'offered');
  // The arbiter is looked up in the network, which takes its time.
  const { arbiters } = shop.services;
  const choose = arbiters.choose.bind(arbiters);
  let goOn: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => (goOn = resolve));
  const looked = vi.spyOn(arbiters, 'choose').mockImplementation(async (...given) => {
    await slow;
    return choose(...given);
  });
  const begun = shop.tradeCounter({ trade, price: '80000 IDR', arbiter: third.identity.traderText });
  const refused = expect(begun).rejects.toMatchObject({ code: 'WRITER_OTHER' });
  await vi.waitFor(() => expect(looked).toHaveBeenCalled(), { timeout: 60_000 });
  await shop.identityPass({ device: phone.identity.peerId });
  goOn();
  await refused;
  await until(
    () => phone.identityDevices({}),
    ({ lease }) => lease?.holder === phone.identity.peerId,
  );
  await shows(phone, trade, 'offered');
  await phone.tradeAccept({ trade });
  for (const machine of [shop, phone, buyer]) expect((await shows(machine, trade, 'accepted')).equivocations).toBe(0);
});

it('a shop is not handed to a machine that has not read what is left of the stock', { timeout: 180_000 }, async () => {
  const { seller: shop, third } = await market('Warung Sari');
  const listing = await publish(shop, KOPI);
  const phone = await pair(shop);
  await until(
    () => phone.listingShow({ listing }),
    ({ available }) => available === 5,
  );
  const { folder } = phone;
  await stop(phone);
  await publish(shop, { ...KOPI, quantity: 1 });
  await expect(shop.identityPass({ device: phone.identity.peerId })).rejects.toMatchObject({
    code: 'PEER_UNREACHABLE',
  });
  // It goes on writing.
  const other = await publish(shop, { ...KOPI, sku: 'kopi-2', title: 'Kopi Toraja 250 g' });
  const again = await start({ folder, by: third });
  await until(
    async () => {
      await shop.identityPass({ device: again.identity.peerId }).catch(() => undefined);
      return again.identityDevices({});
    },
    ({ lease }) => lease?.holder === again.identity.peerId,
  );
  expect((await again.listingShow({ listing })).available).toBe(1);
  expect((await again.listingShow({ listing: other })).title).toBe('Kopi Toraja 250 g');
});
