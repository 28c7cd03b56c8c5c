import { afterEach, describe, expect, it } from 'vitest';
import { signDrafts } from '../../node/identity/drafts.js';
import { encode } from '../../protocol/cbor.js';
import { signRecord, type Draft } from '../../protocol/record.js';
import { deliver } from '../node/trades/replay/attacks.js';
import { LISTING, termsBy } from '../protocol/trade/traders.js';
import { knows, NETWORK, pair, publish, rootOf, shows, start, stop, stopAll, until, type Machine } from './machines.js';
import { stranger } from './stranger.js';

afterEach(stopAll);

/** An arbiter with two machines who has offered to rule, a seller, and a buyer who knows of the offer. */
async function court() {
  const desk = await start({ name: 'Penengah' });
  const [seller, buyer] = [await start({ by: desk }), await start({ by: desk })];
  const phone = await pair(desk);
  await knows(buyer, 4);
  await desk.arbiterOffer({ fee: ['5000 IDR'] });
  await until(
    () => buyer.arbiterList({}),
    ({ items }) => items.length === 1,
  );
  const listing = await publish(seller, { sku: 'kopi', title: 'Kopi', price: '85000 IDR', quantity: 9 });
  /** Makes a contract that names this arbiter. */
  const agree = async (): Promise<string> => {
    const { trade } = await buyer.offer({ listing, arbiter: desk.identity.traderText });
    await shows(seller, trade, 'offered');
    await seller.tradeAccept({ trade });
    return trade;
  };
  /** Only the second machine is left, and both sides know where it is. */
  const stopDesk = async (): Promise<void> => {
    await stop(desk);
    for (const { services } of [buyer, seller]) services.mail.meet(desk.identity.trader, phone.identity.peerId);
  };
  return { desk, phone, seller, buyer, agree, stopDesk };
}

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
      const { desk, phone, seller, buyer, agree, stopDesk } = await court();
      const first = await agree();
      for (const machine of [desk, phone, buyer, seller]) await consented(machine, first);
      expect(await phone.tradeShow({ trade: first })).toMatchObject({ role: 'arbiter', state: 'accepted' });

      // Only the second machine is there when the contract is made.
      await stopDesk();
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

  it(
    'consents by itself on the one that got the writer’s lease, to what came before that too',
    { timeout: 240_000 },
    async () => {
      const { desk, phone, buyer, agree, stopDesk } = await court();
      const root = await rootOf(desk);
      // The machine that made the offer is gone for good.
      await stopDesk();
      const first = await agree();
      await shows(phone, first, 'accepted');
      const { messages } = await phone.tradeShow({ trade: first });
      expect(messages.map(({ kind }) => kind)).not.toContain('consent');
      const { drafts } = (await phone.services.devices.take()) ?? {};
      if (drafts === undefined) throw new Error('it writes already');
      const device = phone.identity.peerId;
      await phone.services.devices.submit(signDrafts(drafts, root, { network: NETWORK, device, now: Date.now() }));
      await consented(buyer, first);
      await consented(buyer, await agree());
    },
  );

  it('is given no case before one of them has offered to rule', { timeout: 240_000 }, async () => {
    const desk = await start({ name: 'Penengah' });
    const other = await start({ by: desk });
    const phone = await pair(desk);
    await knows(other, 3);
    const by = { ...stranger(NETWORK).device, network: NETWORK };
    const seller = stranger(NETWORK).device;
    const signed = (who: typeof seller, kind: 'offer' | 'accept', draft: object) =>
      signRecord(kind, draft as unknown as Draft<typeof kind>, who, {
        network: NETWORK,
        created: Date.now(),
        inlineDelegation: true,
      });
    const arbiter = { trader: desk.identity.trader, offer: LISTING, fee: { amount: 100_000, currency: 'IDR' } };
    const terms = termsBy('buyer', { arbiter, expires: Date.now() + 60 * 60 * 1000 });
    const offer = signed(by, 'offer', { heads: [], buyer: by.trader, seller: seller.trader, terms });
    const accept = signed(seller, 'accept', { trade: offer.id, heads: [offer.id], answers: offer.id });
    const bytes = encode({ trade: offer.id, messages: [offer.bytes, accept.bytes] });
    const given = async (to: Machine): Promise<string> => {
      const parcel = { what: 'case', kind: 'case', bytes, about: offer.id };
      const [verdict] = await deliver([parcel], {
        by,
        via: other.services,
        to: to.services,
        now: Date.now(),
      });
      return verdict?.code ?? (verdict?.receipt === undefined ? 'nothing' : 'taken');
    };
    for (const machine of [desk, phone]) expect(await given(machine)).toBe('TRADER_NOT_FOUND');
    await desk.arbiterOffer({ fee: ['5000 IDR'] });
    for (const machine of [desk, phone])
      await until(
        () => given(machine),
        (answer) => answer === 'taken',
      );
  });
});
