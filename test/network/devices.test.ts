import { afterEach, describe, expect, it } from 'vitest';
import { openHome } from '../../node/home/index.js';
import { openIdentity } from '../../node/identity/index.js';
import { signDrafts } from '../../node/identity/drafts.js';
import { toBase64 } from '../../node/identity/key-file.js';
import { restoreIdentity } from '../../node/identity/restore.js';
import type { Root } from '../../node/identity/root.js';
import { openCapsule } from '../../protocol/identity/capsule.js';
import { parseId } from '../../protocol/ids.js';
import { openRecord, signRecord } from '../../protocol/record.js';
import { jpegOf } from '../node/pictures/samples.js';
import {
  market,
  NETWORK,
  newFolder,
  pair,
  publish,
  rootOf,
  shows,
  start,
  stop,
  stopAll,
  until,
  type Machine,
} from './machines.js';
import { startThief } from './thief.js';

const KOPI = { sku: 'kopi-1', title: 'Kopi Gayo arabika 250 g', price: '85000 IDR', quantity: 5 };

afterEach(stopAll);

/** What the command does with the root: signs what the node asks to have signed. */
async function signed(
  ask: (signed?: string[]) => Promise<{ device: string; drafts?: string | undefined }>,
  root: Root,
): Promise<void> {
  const { device, drafts = '' } = await ask();
  const records = signDrafts(Buffer.from(drafts, 'base64'), root, { network: NETWORK, device, now: Date.now() });
  await ask(records.map((bytes) => Buffer.from(bytes).toString('base64')));
}

describe('words alone on a new machine', () => {
  it('bring back name, catalogue and open trades, and trading goes on', { timeout: 180_000 }, async () => {
    const { seller: old, buyer } = await market('Warung Sari');
    const listing = await publish(old, KOPI);
    const { trade } = await buyer.offer({ listing, quantity: 2 });
    await shows(old, trade, 'offered');
    await old.tradeAccept({ trade });
    await shows(buyer, trade, 'accepted');
    const root = await rootOf(old);
    const listed = async () => {
      const capsule = await buyer.services.traderRecords.get(old.identity.trader, 'capsule');
      return capsule && openCapsule(capsule.payload.item.sealed, root.recovery.secretKey).trades;
    };
    const newest = (await old.services.trades.log(trade))?.heads.map(String);
    await until(listed, (trades) => trades?.[0]?.heads.map(String).join() === newest?.join());
    await stop(old);

    const folder = await newFolder();
    const { trader, peerId } = await restoreIdentity(await openHome(folder, NETWORK), root.words.join(' '), {
      network: NETWORK,
      now: Date.now(),
      label: 'Laptop baru',
    });
    expect([trader, peerId === old.identity.peerId]).toEqual([old.identity.traderText, false]);
    const again = await start({ folder, by: buyer });
    const { restore } = await until(
      () => again.identityDevices({}),
      (view) => view.restore?.trades === 1 && view.restore.listings === 1 && view.restore.profile,
    );
    expect(restore?.missing).toEqual([]);
    expect(again.services.traderRecords.own('profile')?.payload.item.name).toBe('Warung Sari');
    expect((await again.listingList({})).items[0]).toMatchObject({ listing, title: KOPI.title });
    await shows(again, trade, 'accepted');
    await buyer.tradePay({ trade });
    await shows(again, trade, 'paid');
    await again.tradeConfirm({ trade });
    const { equivocations } = await shows(buyer, trade, 'payment-confirmed');
    expect(equivocations).toBe(0);
    const { hits } = await until(
      () => buyer.search({ words: ['kopi', 'gayo'] }),
      (view) => view.hits.length > 0,
    );
    expect(hits[0]).toMatchObject({ listing, seller: trader });
  });
});

describe('one shop on two machines', () => {
  it(
    'goes on after a hand-over and after a lost lease without a fork, both reading everything',
    { timeout: 180_000 },
    async () => {
      const shop = await start({ name: 'Warung Sari' });
      const buyer = await start({ by: shop });
      const { picture } = await shop.pictureAdd({ content: toBase64(jpegOf()) });
      const listing = await publish(shop, { ...KOPI, image: [picture] });
      const phone = await pair(shop);
      await until(
        () => phone.listingShow({ listing }),
        ({ available }) => available === 5,
      );
      const { trade } = await buyer.offer({ listing, quantity: 2 });
      await shows(shop, trade, 'offered');
      await shop.tradeAccept({ trade });
      await shows(phone, trade, 'accepted');
      await expect(phone.tradeCancel({ trade })).rejects.toMatchObject({ code: 'WRITER_OTHER' });
      await shop.identityPass({ device: phone.identity.peerId });
      await until(
        () => phone.identityDevices({}),
        ({ lease }) => lease?.holder === phone.identity.peerId,
      );
      await until(
        () => phone.listingShow({ listing }),
        ({ available }) => available === 3,
      );
      await until(
        () => phone.pictureSave({ picture }).catch(() => undefined),
        (saved) => saved?.content === toBase64(jpegOf()),
      );
      await expect(shop.tradeCancel({ trade })).rejects.toMatchObject({ code: 'WRITER_OTHER' });
      await buyer.tradePay({ trade });
      await shows(phone, trade, 'paid');
      await phone.tradeConfirm({ trade });
      for (const machine of [shop, phone, buyer])
        expect((await shows(machine, trade, 'payment-confirmed')).equivocations).toBe(0);

      // The phone is lost with the lease; when it is found again, it finds out that it writes no more.
      const root = await rootOf(shop);
      await stop(phone);
      await expect(shop.tradeShip({ trade })).rejects.toMatchObject({ code: 'WRITER_OTHER' });
      await signed((given) => shop.identityTake({ ...(given && { signed: given }) }), root);
      await shop.tradeShip({ trade });
      await shows(buyer, trade, 'shipped');
      const found = await start({ folder: phone.folder, by: shop });
      await shows(found, trade, 'shipped');
      await expect(found.tradeCancel({ trade })).rejects.toMatchObject({ code: 'WRITER_OTHER' });
      await buyer.tradeReceive({ trade });
      for (const machine of [shop, found, buyer])
        expect((await shows(machine, trade, 'received')).equivocations).toBe(0);
    },
  );

  it('takes nothing of a phone that was revoked but what stands', { timeout: 180_000 }, async () => {
    const shop = await start({ name: 'Warung Sari' });
    const buyer = await start({ by: shop });
    await start({ by: shop });
    const phone = await pair(shop);
    await shop.identityPass({ device: phone.identity.peerId });
    await until(
      () => phone.identityDevices({}),
      ({ lease }) => lease?.holder === phone.identity.peerId,
    );
    const listing = await publish(phone, KOPI);
    const { trade } = await buyer.offer({ listing, quantity: 1 });
    await shows(phone, trade, 'offered');
    await phone.tradeAccept({ trade });
    await shows(shop, trade, 'accepted');
    const { trade: over } = await buyer.offer({ listing, quantity: 2 });
    await shows(phone, over, 'offered');
    await phone.tradeDecline({ trade: over });
    await shows(shop, over, 'declined');
    const root = await rootOf(shop);
    // Lost: whoever has it has its keys, and a node that hears of nothing.
    const thief = await openIdentity({ home: await openHome(phone.folder, NETWORK), network: NETWORK });
    const log = await phone.services.trades.log(trade);
    await stop(phone);
    await signed(
      (given) => shop.identityRevoke({ device: phone.identity.peerId, ...(given && { signed: given }) }),
      root,
    );
    await until(
      () => buyer.services.devices.devicesOf(shop.identity.trader),
      (peers) => !peers.includes(phone.identity.peerId),
    );
    const { devices } = await shop.identityDevices({});
    expect(devices.find(({ device }) => device === phone.identity.peerId)?.revoked).not.toBeNull();

    // What closed a trade may still be on its way.
    const [revocation] = shop.services.devices.records().flatMap((bytes) => {
      const { payload } = openRecord(bytes, { network: NETWORK, kinds: ['delegation', 'revocation', 'writer'] });
      return payload.kind === 'revocation' ? [payload] : [];
    });
    expect(revocation?.stands.map((one) => one.trade.toString())).toEqual([trade, over]);

    if (log === undefined) throw new Error('the phone did not know its trade');
    const draft = { trade: log.trade, heads: [...log.heads] };
    const options = { network: NETWORK, created: Date.now(), inlineDelegation: true };
    const cancel = signRecord('cancel', draft, thief, options);
    for (const machine of [buyer, shop]) {
      const before = machine.services.refusals.counts()['DELEGATION_REVOKED'] ?? 0;
      await machine.services.trades.takeCopies([cancel.bytes], []);
      expect(machine.services.refusals.counts()['DELEGATION_REVOKED']).toBe(before + 1);
      // What it signed before stands.
      expect((await machine.tradeShow({ trade })).state).toBe('accepted');
    }
    // The card that the phone signed is gone, and the shop signs its own in its place.
    await until(
      () => buyer.search({ words: ['kopi', 'gayo'] }),
      ({ hits }) => hits.every(({ peerId }) => peerId !== phone.identity.peerId),
    );
    await buyer.tradePay({ trade });
    await shows(shop, trade, 'paid');
    await shop.tradeConfirm({ trade });
    await shows(buyer, trade, 'payment-confirmed');
  });

  it('hears nothing more from a phone that was revoked, and tells it nothing', { timeout: 180_000 }, async () => {
    const shop = await start({ name: 'Warung Sari' });
    const buyer = await start({ by: shop });
    const phone = await pair(shop);
    const [owner, customer] = [shop.identity.traderText, buyer.identity.traderText];
    // The last that the buyer heard of the shop is the phone: there it would bring its letters, and there they would be read.
    await phone.chatSend({ with: customer, text: 'Masih ada' });
    const shown = async (machine: Machine, other: string) =>
      (await machine.chatShow({ with: other })).items.map(({ text }) => text);
    await until(
      () => shown(buyer, owner),
      (texts) => texts.includes('Masih ada'),
    );
    expect(buyer.services.mail.peers(shop.identity.trader)[0]).toBe(phone.identity.peerId);
    const stolen = await openIdentity({ home: await openHome(phone.folder, NETWORK), network: NETWORK });
    await stop(phone);
    const root = await rootOf(shop);
    const device = phone.identity.peerId;
    await signed((given) => shop.identityRevoke({ device, ...(given && { signed: given }) }), root);
    // From when the buyer knows it: nobody can tell a thief from an owner before.
    await until(
      () => buyer.services.devices.devicesOf(shop.identity.trader),
      (peers) => peers.includes(shop.identity.peerId) && !peers.includes(device),
    );

    const thief = await startThief(stolen, buyer);
    const { id } = await buyer.chatSend({ with: owner, text: 'Kirim ke Jl. Mawar 3' });
    const refused = { code: 'DELEGATION_REVOKED' };
    const options = { network: NETWORK, created: Date.now(), inlineDelegation: true };
    const draft = { to: buyer.identity.trader, text: 'Transfer ke rekening lain' };
    const reply = { sealing: stolen.device, mailboxes: [device] };
    const parcels = [
      { kind: 'chat', bytes: signRecord('chat', draft, stolen, options).bytes },
      { kind: 'receipt', bytes: signRecord('receipt', { of: parseId(id) }, stolen, options).bytes },
    ];
    await expect(thief.letter(buyer, { parcels, reply })).rejects.toMatchObject(refused);
    for (const mailbox of [buyer, shop]) await expect(thief.collect(mailbox)).rejects.toMatchObject(refused);
    // What was written to the shop comes to its owner, who signs for it.
    await until(
      () => shown(shop, customer),
      (texts) => texts.includes('Kirim ke Jl. Mawar 3'),
    );
    await until(
      () => buyer.chatShow({ with: owner }),
      ({ items }) => ['delivered', 'read'].includes(items[0]?.delivery ?? ''),
    );
    expect(await shown(buyer, owner)).toEqual(['Kirim ke Jl. Mawar 3', 'Masih ada']);
    expect(thief.got).toEqual([]);
  });
});
