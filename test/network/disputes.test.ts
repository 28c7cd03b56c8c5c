import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NiagaNode } from '../../node/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { agreed, go, published, shows, TIMEOUT, until } from './steps.js';

let testnet: Testnet;
let seller: NiagaNode;
let buyer: NiagaNode;
let arbiter: NiagaNode;
let stranger: NiagaNode;

beforeAll(async () => {
  testnet = await createTestnet(4);
  [seller, buyer, arbiter, stranger] = testnet.nodes as [NiagaNode, NiagaNode, NiagaNode, NiagaNode];
}, TIMEOUT);

afterAll(() => testnet.stop());

describe('a dispute', () => {
  it(
    'goes from an offer that names an arbiter to a ruling that splits, and to ratings, the same for all three',
    { timeout: 3 * TIMEOUT },
    async () => {
      const mine = await arbiter.arbiterOffer({ fee: ['50000 IDR'], share: 1.5, language: ['id'], terms: 'Seminggu.' });
      expect(mine).toMatchObject({ open: true, share: 1.5, languages: ['id'], own: true });
      const { items } = await buyer.arbiterList({});
      expect(items).toMatchObject([{ trader: arbiter.trader, offer: mine.offer, own: false }]);

      const listing = await published(seller, 'basah');
      const { trade } = await buyer.offer({ listing, quantity: 2, arbiter: arbiter.trader, note: 'Cepat ya.' });
      // Whoever is to accept sees who would rule, and what it costs.
      const { terms } = await shows(seller, trade, 'offered');
      expect(terms).toMatchObject({
        shipping: null,
        stock: null,
        arbiter: { trader: arbiter.trader, offer: mine.offer },
        payment: 'direct',
        deadlines: { payment: 72, delivery: 336, inspection: 72, answer: 120, ruling: 336 },
        notes: ['Cepat ya.'],
      });
      expect(terms.arbiter?.fee.currency).toBe('IDR');
      await go(trade, [seller, 'offered', () => seller.tradeAccept({ trade })]);
      // The arbiter's node has it by now, and consents by itself.
      for (const node of [buyer, seller, arbiter])
        await until(node, trade, ({ next }) => next.every(({ step }) => step !== 'consent'));
      expect(await arbiter.tradeShow({ trade })).toMatchObject({ role: 'arbiter', state: 'accepted' });

      await go(
        trade,
        [buyer, 'accepted', () => buyer.tradePay({ trade })],
        [seller, 'paid', () => seller.tradeConfirm({ trade })],
        [seller, 'payment-confirmed', () => seller.tradeShip({ trade })],
        [buyer, 'shipped', () => buyer.tradeReceive({ trade })],
        [buyer, 'received', () => buyer.tradeDispute({ trade, reason: 'Basah.', refund: '160000 IDR' })],
        [seller, 'disputed', () => seller.tradeStatement({ trade, text: 'Kering waktu dikirim.' })],
      );
      await until(arbiter, trade, ({ due }) =>
        due.some(({ step, command }) => step === 'ruling' && command !== undefined),
      );
      await expect(buyer.tradeRule({ trade, reason: 'Saya sendiri.' })).rejects.toMatchObject({ code: 'TRADE_ROLE' });
      await expect(
        arbiter.tradeRule({ trade, refund: '200000 IDR', reason: 'Lebih dari semua.' }),
      ).rejects.toMatchObject({ code: 'TRADE_TERMS', next: expect.stringContaining('niaga trade rule') as string });
      await until(arbiter, trade, ({ messages }) => messages.some(({ kind }) => kind === 'statement'));
      await arbiter.tradeRule({ trade, refund: '80000 IDR', reason: 'Separuh basah.' });

      const owed = await until(seller, trade, ({ due }) => due.some(({ step }) => step === 'refunded'));
      expect(owed.due).toContainEqual({
        by: 'seller',
        step: 'refunded',
        amount: { amount: '8000000', currency: 'IDR' },
        command: `niaga trade refund ${trade}`,
      });
      await seller.tradeRefund({ trade, reference: 'BCA 7' });
      await until(buyer, trade, ({ due }) => due.some(({ step }) => step === 'refund-seen'));
      await buyer.tradeRefund({ trade, seen: true });
      await go(
        trade,
        [buyer, 'completed', () => buyer.tradeRate({ trade, stars: 3, text: 'Kopi enak, bungkus buruk.' })],
        [seller, 'completed', () => seller.tradeRate({ trade, stars: 5 })],
      );
      await until(seller, trade, ({ allowed }) => allowed.includes('reply'));
      await seller.tradeReply({ trade, text: 'Bungkusnya sudah diganti.' });
      for (const node of [buyer, seller, arbiter])
        await until(node, trade, ({ messages }) => messages.some(({ kind }) => kind === 'reply'));
      const kinds = await agreed(trade, [buyer, seller, arbiter], 'completed');
      expect(kinds).toEqual(
        expect.arrayContaining(['consent', 'dispute', 'statement', 'ruling', 'refund-seen', 'reply']),
      );

      // Of those who took part each has the log; a stranger is shown what the rated itself has.
      const said = {
        trade,
        by: buyer.trader,
        role: 'buyer',
        stars: 3,
        text: 'Kopi enak, bungkus buruk.',
        reply: { text: 'Bungkusnya sudah diganti.' },
        paid: { amount: '16000000', currency: 'IDR' },
      };
      const seen = { count: 1, traders: 1, average: 3, stars: [0, 0, 1, 0, 0], answered: true };
      // A busy machine may answer later than somebody who looks at a listing waits.
      const shown = (node: NiagaNode, trader: string, wanted: object): Promise<void> =>
        vi.waitFor(async () => expect(await node.traderRatings({ trader })).toMatchObject(wanted), {
          timeout: TIMEOUT,
          interval: 100,
        });
      for (const [node, source] of [
        [stranger, 'trader'],
        [arbiter, 'here'],
        [seller, 'here'],
      ] as const)
        await shown(node, seller.trader, { ...seen, ratings: [{ ...said, source }] });
      // The buyer signed no more than that goods came, without a word: that shows what the seller said of it.
      await shown(stranger, buyer.trader, {
        average: 5,
        ratings: [{ by: seller.trader, role: 'seller', source: 'trader' }],
      });
      expect(await stranger.traderRatings({ trader: arbiter.trader })).toMatchObject({ count: 0, average: null });
      // Others keep it while the seller sleeps.
      await seller.stop();
      await shown(stranger, seller.trader, { ...seen, ratings: [{ ...said, source: 'trader' }] });
      seller = await testnet.restart(0);
    },
  );

  it('is ruled while the loser is away, who learns of it when it is back', { timeout: 3 * TIMEOUT }, async () => {
    await arbiter.arbiterOffer({ fee: ['50000 IDR'] });
    const listing = await published(seller, 'hilang');
    const { trade } = await buyer.offer({ listing, arbiter: arbiter.trader });
    await go(
      trade,
      [seller, 'offered', () => seller.tradeAccept({ trade })],
      [buyer, 'accepted', () => buyer.tradePay({ trade })],
      [buyer, 'paid', () => buyer.tradeDispute({ trade, reason: 'Tidak ada yang dikirim.' })],
    );
    await until(arbiter, trade, ({ state }) => state === 'disputed');
    await shows(seller, trade, 'disputed');
    await seller.stop();
    await arbiter.tradeRule({ trade, omit: ['1=1'], refund: '80000 IDR', reason: 'Uang kembali.' });
    await until(buyer, trade, ({ regions }) => regions.dispute === 'ruled');
    seller = await testnet.restart(0);
    await until(seller, trade, ({ regions }) => regions.dispute === 'ruled');
  });
});

describe('what is not as agreed', () => {
  it(
    'goes back for its money, as both agree, and the trade ends the same for both',
    { timeout: 3 * TIMEOUT },
    async () => {
      const [satu, dua] = [await published(seller, 'satu'), await published(seller, 'dua', '50000 IDR')];
      const { trade } = await buyer.offer({ listing: satu, quantity: 2, also: [`${dua}=3`] });
      await go(
        trade,
        [
          seller,
          'offered',
          () => seller.tradeCounter({ trade, line: ['2=2@45000 IDR'], shipping: '10000 IDR', delivery: 'shipping' }),
        ],
        [buyer, 'countered', () => buyer.tradeAccept({ trade })],
      );
      const { total, lines, terms } = await shows(seller, trade, 'accepted');
      expect(total.amount).toBe('26000000');
      expect(terms).toMatchObject({ shipping: { amount: '1000000' }, stock: 'reserved', arbiter: null });
      expect(lines.map(({ line, quantity }) => [line, quantity])).toEqual([
        [1, 2],
        [2, 2],
      ]);
      await go(
        trade,
        [buyer, 'accepted', () => buyer.tradePay({ trade })],
        [seller, 'paid', () => seller.tradeConfirm({ trade })],
        [seller, 'payment-confirmed', () => seller.tradeShip({ trade, parts: ['1=2'] })],
        [seller, 'partly-shipped', () => seller.tradeShip({ trade })],
        [buyer, 'shipped', () => buyer.tradeReceive({ trade })],
        [
          buyer,
          'received',
          () => buyer.tradeRemedy({ trade, return: ['2=1'], refund: '45000 IDR', reason: 'Salah ukuran.' }),
        ],
      );
      await until(seller, trade, ({ allowed }) => allowed.includes('remedy-accept'));
      await seller.tradeRemedyAccept({ trade });
      await until(buyer, trade, ({ due }) =>
        due.some(({ step, parts }) => step === 'returned' && parts?.[0] === '2=1'),
      );
      await expect(seller.tradeReturn({ trade })).rejects.toMatchObject({ code: 'TRADE_ROLE' });
      await buyer.tradeReturn({ trade, tracking: 'JNE 9' });
      await until(seller, trade, ({ due }) => due.some(({ step }) => step === 'return-seen'));
      await seller.tradeReturn({ trade, seen: true });
      await seller.tradeRefund({ trade });
      await until(buyer, trade, ({ due }) => due.some(({ step }) => step === 'refund-seen'));
      await buyer.tradeRefund({ trade, seen: true });
      await buyer.tradeApprove({ trade });
      await agreed(trade, [buyer, seller], 'completed');
    },
  );
});
