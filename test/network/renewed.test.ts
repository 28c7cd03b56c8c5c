import { afterEach, describe, expect, it } from 'vitest';
import { openHome } from '../../node/home/index.js';
import { delegate } from '../../node/identity/index.js';
import { restoreIdentity } from '../../node/identity/restore.js';
import { verifyEvidenceFile } from '../../protocol/trade/evidence-file.js';
import {
  knows,
  market,
  NETWORK,
  newFolder,
  pair,
  publish,
  renew,
  rootOf,
  shows,
  start,
  stop,
  stopAll,
  until,
  type Machine,
} from './machines.js';

const DAY = 24 * 60 * 60 * 1000;
const YEAR = 365 * DAY;

afterEach(stopAll);

/** A shop that has published one listing under each of three delegations, and a buyer who has seen them. */
async function renewedShop(): Promise<{ shop: Machine; buyer: Machine; listings: string[] }> {
  const { seller: shop, buyer } = await market('Warung Sari');
  const listings: string[] = [];
  for (const at of [0, 1, 2]) {
    // While it runs: nobody restarts a node because of a date.
    if (at > 0) await renew(shop);
    const title = `Kopi ${at}`;
    const listing = await publish(shop, { sku: `kopi-${at}`, title, price: '85000 IDR', quantity: 9 });
    await until(
      () => buyer.listingShow({ listing }),
      (view) => view.title === title,
    );
    listings.push(listing);
  }
  return { shop, buyer, listings };
}

const listed = async (machine: Machine) => (await machine.listingList({})).items.map(({ listing }) => listing).sort();

const lists = (machine: Machine, listings: readonly string[]) =>
  until(
    () => listed(machine),
    (all) => all.join() === [...listings].sort().join(),
  );

describe('listings from before a device was renewed', () => {
  it(
    'are open on another device of their trader, after a restart too, and stand in its evidence',
    { timeout: 180_000 },
    async () => {
      const { shop, buyer, listings } = await renewedShop();
      const phone = await pair(shop);
      await lists(phone, listings);
      const { trade } = await buyer.offer({ listing: listings[0] ?? '', quantity: 1 });
      await shows(phone, trade, 'offered');
      const { evidence } = await phone.tradeExport({ trade });
      expect(verifyEvidenceFile(new Uint8Array(Buffer.from(evidence, 'base64'))).listings).toHaveLength(1);
      await stop(shop);
      await stop(phone);
      const again = await start({ folder: phone.folder });
      expect(await listed(again)).toEqual([...listings].sort());
    },
  );

  it('all come back from the words, and can be changed', { timeout: 180_000 }, async () => {
    const { shop: old, buyer, listings } = await renewedShop();
    const root = await rootOf(old);
    await stop(old);
    const folder = await newFolder();
    const now = Date.now();
    await restoreIdentity(await openHome(folder, NETWORK), root.words.join(' '), { network: NETWORK, now });
    const restored = await start({ folder, by: buyer });
    await lists(restored, listings);
    await stop(restored);
    const again = await start({ folder, by: buyer });
    expect(await listed(again)).toEqual([...listings].sort());
    const [first = '', ...others] = listings;
    await publish(again, { sku: 'kopi-0', title: 'Kopi 0', price: '90000 IDR', quantity: 9 });
    expect(await again.listingShow({ listing: first })).toMatchObject({ price: { amount: '9000000' } });
    for (const listing of others) expect(await again.listingRemove({ listing })).toMatchObject({ status: 'removed' });
    expect(await listed(again)).toEqual([first]);
  });
});

it(
  'an arbiter consents by itself to what was offered before its device was renewed',
  { timeout: 180_000 },
  async () => {
    const desk = await start({ name: 'Penengah' });
    const [seller, buyer] = [await start({ by: desk }), await start({ by: desk })];
    await knows(buyer, 3);
    const { offer } = await desk.arbiterOffer({ fee: ['5000 IDR'] });
    await until(
      () => buyer.arbiterList({}),
      ({ items }) => items.length === 1,
    );
    const listing = await publish(seller, { sku: 'kopi', title: 'Kopi', price: '85000 IDR', quantity: 9 });
    const { trade } = await buyer.offer({ listing, arbiter: desk.identity.traderText });
    await shows(seller, trade, 'offered');
    await renew(desk);
    await until(
      () => desk.arbiterList({}),
      ({ items }) => items[0]?.offer !== offer,
    );
    await seller.tradeAccept({ trade });
    await until(
      () => buyer.tradeShow({ trade }),
      ({ messages }) => messages.some(({ kind }) => kind === 'consent'),
    );
  },
);

it('a delegation that a wrong clock dated ahead is not signed under, nor another one made for it every hour', async () => {
  const shop = await start();
  const { identity, services } = shop;
  const before = identity.delegation;
  const ahead = delegate(await rootOf(shop), identity.device, { network: NETWORK, now: Date.now() + YEAR });
  await services.devices.submit([ahead.bytes]);
  for (let hour = 0; hour < 3; hour++) await services.devices.renew();
  await stop(shop);
  expect(identity.delegations.map(({ id }) => id.toString())).toEqual([before.id.toString()]);
  const again = await start({ folder: shop.folder });
  await again.services.devices.renew();
  expect(again.identity.delegation.id.equals(before.id)).toBe(true);
});

it(
  'a machine that is paired when the first delegations have ended reads trades of their time, and the shop can be handed to it',
  { timeout: 180_000 },
  async () => {
    let days = 0;
    const now = (): number => Date.now() + days * DAY;
    const shop = await start({ name: 'Warung Sari', now });
    const buyer = await start({ by: shop, now });
    await knows(buyer, 2);
    const listing = await publish(shop, { sku: 'kopi', title: 'Kopi', price: '85000 IDR', quantity: 9 });
    const { trade } = await buyer.offer({ listing, quantity: 1 });
    await shows(shop, trade, 'offered');
    await shop.tradeDecline({ trade });
    await shows(buyer, trade, 'declined');
    await stop(buyer);
    days = 183;
    await renew(shop);
    days = 367;
    const phone = await pair(shop);
    await shows(phone, trade, 'declined');
    await lists(phone, [listing]);
    await shop.identityPass({ device: phone.identity.peerId });
    await until(
      () => phone.identityDevices({}),
      ({ lease }) => lease?.holder === phone.identity.peerId,
    );
  },
);
