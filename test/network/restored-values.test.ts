import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { openHome } from '../../node/home/index.js';
import { restoreIdentity } from '../../node/identity/restore.js';
import { openCapsule } from '../../protocol/identity/capsule.js';
import { commitmentsOf, writeWanted } from '../../protocol/trade/index.js';
import {
  market,
  NETWORK,
  newFolder,
  publish,
  rootOf,
  shows,
  start,
  stop,
  stopAll,
  until,
  type Machine,
} from './machines.js';

afterEach(stopAll);

const ADDRESS = 'Jl. Mawar 3, Bandung 40111';
/** Larger than what goes in one piece. */
const BILL = randomBytes(50_000);

const statuses = async (machine: Machine, trade: string) =>
  (await machine.tradeShow({ trade })).private.map(({ what, of, status, value }) => [what, of, status, value]);

describe('what a trade keeps private', () => {
  it.each(['buyer', 'seller'] as const)(
    'comes back to a home that was restored from the words: what it had sent, and what it was sent (%s)',
    { timeout: 240_000 },
    async (who) => {
      const { seller, buyer } = await market('Warung Sari');
      const listing = await publish(seller, { sku: 'kopi', title: 'Kopi', price: '85000 IDR', quantity: 9 });
      const { trade } = await buyer.offer({ listing, address: ADDRESS });
      await shows(seller, trade, 'offered');
      await seller.tradeAccept({ trade });
      await shows(buyer, trade, 'accepted');
      await buyer.tradePay({ trade, proof: { name: 'bill.jpg', content: BILL.toString('base64') } });
      const areHere = (machine: Machine) =>
        until(
          () => statuses(machine, trade),
          (all) => all.length === 2 && all.every(([, , status]) => status === 'here'),
        );
      await areHere(seller);

      const [lost, other] = who === 'buyer' ? [buyer, seller] : [seller, buyer];
      const root = await rootOf(lost);
      const newest = (await lost.services.trades.log(trade))?.heads.map(String).join();
      await until(
        () => other.services.traderRecords.get(lost.identity.trader, 'capsule'),
        (capsule) =>
          capsule !== undefined &&
          openCapsule(capsule.payload.item.sealed, root.recovery.secretKey).trades[0]?.heads.map(String).join() ===
            newest,
      );
      await stop(lost);

      const folder = await newFolder();
      const now = Date.now();
      await restoreIdentity(await openHome(folder, NETWORK), root.words.join(' '), { network: NETWORK, now });
      const again = await start({ folder, by: other });
      await shows(again, trade, 'paid');
      expect(await areHere(again)).toEqual([
        ['address', 'buyer', 'here', ADDRESS],
        ['proof', 'buyer', 'here', undefined],
      ]);
      const opened = await again.services.privateValues.opened(trade);
      expect(opened.map(({ value }) => Buffer.from(value).equals(BILL))).toEqual([false, true]);
    },
  );

  it('is given to nobody who may not have it, whatever it asks for', { timeout: 120_000 }, async () => {
    const { seller, buyer, third: stranger } = await market();
    const listing = await publish(seller, { sku: 'kopi', title: 'Kopi', price: '85000 IDR', quantity: 9 });
    const { trade } = await buyer.offer({ listing, address: ADDRESS });
    await shows(seller, trade, 'offered');
    const state = (await buyer.services.trades.open(trade))?.state;
    if (state === undefined) throw new Error('no trade');
    const bytes = writeWanted({
      trade: state.trade,
      commitments: commitmentsOf(state).map(({ commitment }) => commitment),
      asked: Date.now(),
    });
    const ask = async ({ services: { mail, store } }: Machine) => {
      const posted = mail.post([{ to: buyer.identity.trader, kind: 'wanted', bytes }]);
      await store.write([...posted.writes]);
      posted.send();
      const { state: answer, code } = await until(
        async () => mail.stateOf(buyer.identity.trader, posted.ids[0] ?? ''),
        (sent) => sent?.state === 'delivered' || sent?.state === 'refused',
      ).then((sent) => sent ?? { state: 'queued', code: undefined });
      return code ?? answer;
    };
    expect(await ask(stranger)).toBe('TRADE_ROLE');
    // Without a contract the address is not the seller's to know.
    expect(await ask(seller)).toBe('delivered');
    expect(await statuses(buyer, trade)).toEqual([['address', 'buyer', 'here', ADDRESS]]);
    expect((await buyer.tradeShow({ trade })).private[0]?.sent).toBeUndefined();
    expect(await statuses(seller, trade)).toEqual([['address', 'buyer', 'withheld', undefined]]);
  });
});
