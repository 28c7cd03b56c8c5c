import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NiagaNode } from '../../node/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { agreed, go, published, TIMEOUT, until } from './steps.js';

const day = 24 * 60 * 60 * 1000;
/** Longer than any arbiter has, and the time that clocks may be apart. */
const LONG = 60 * day;

/** Everybody's clock goes on by this. */
let ahead = 0;
let testnet: Testnet;
const [SELLER, BUYER, ARBITER] = [0, 1, 2];
const node = (at: number): NiagaNode => testnet.nodes[at] as NiagaNode;
let listing: string;

beforeAll(async () => {
  testnet = await createTestnet(4, { node: { now: () => Date.now() + ahead } });
  await node(ARBITER).arbiterOffer({ fee: ['50000 IDR'] });
  listing = await published(node(SELLER), 'sengketa');
}, TIMEOUT);

afterAll(() => testnet.stop());

/** The steps that a side still owes after the ruling, each taken once it is due. */
async function fulfil(trade: string, steps: readonly Fulfilment[]): Promise<void> {
  for (const [at, due, take] of steps) {
    await until(node(at), trade, (view) => view.due.some(({ step, command }) => step === due && command !== undefined));
    await take(node(at), trade);
  }
}

type Fulfilment = readonly [number, string, (by: NiagaNode, trade: string) => Promise<unknown>];
type Ruling = Omit<Parameters<NiagaNode['tradeRule']>[0], 'trade' | 'reason'>;

const refund: readonly Fulfilment[] = [
  [SELLER, 'refunded', (by, trade) => by.tradeRefund({ trade })],
  [BUYER, 'refund-seen', (by, trade) => by.tradeRefund({ trade, seen: true })],
];
const giveBack: readonly Fulfilment[] = [
  [BUYER, 'returned', (by, trade) => by.tradeReturn({ trade })],
  [SELLER, 'return-seen', (by, trade) => by.tradeReturn({ trade, seen: true })],
];
const deliver: readonly Fulfilment[] = [
  [SELLER, 'shipped', (by, trade) => by.tradeShip({ trade })],
  [BUYER, 'received', (by, trade) => by.tradeReceive({ trade })],
  [BUYER, 'approved', (by, trade) => by.tradeApprove({ trade })],
];

/** How far a trade is when it is disputed, with the arbiter's consent. */
async function disputed(from: 'paid' | 'received'): Promise<string> {
  const [seller, buyer, arbiter] = [node(SELLER), node(BUYER), node(ARBITER)];
  const { trade } = await buyer.offer({ listing, arbiter: arbiter.trader });
  await go(
    trade,
    [seller, 'offered', () => seller.tradeAccept({ trade })],
    [buyer, 'accepted', () => buyer.tradePay({ trade })],
    [seller, 'paid', () => seller.tradeConfirm({ trade })],
  );
  if (from === 'received')
    await go(
      trade,
      [seller, 'payment-confirmed', () => seller.tradeShip({ trade })],
      [buyer, 'shipped', () => buyer.tradeReceive({ trade })],
    );
  const state = from === 'paid' ? 'payment-confirmed' : 'received';
  await go(trade, [buyer, state, () => buyer.tradeDispute({ trade, reason: 'Tidak sesuai.' })]);
  for (const at of [SELLER, ARBITER]) await until(node(at), trade, ({ regions }) => regions.dispute === 'open');
  await until(arbiter, trade, ({ allowed }) => allowed.includes('rule'));
  return trade;
}

interface Outcome {
  readonly from: 'paid' | 'received';
  readonly ruling: Ruling;
  readonly loser: number;
  readonly then: readonly Fulfilment[];
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  'nothing is delivered, all money goes back': {
    from: 'paid',
    ruling: { omit: ['1=1'], refund: '80000 IDR' },
    loser: SELLER,
    then: refund,
  },
  'the seller has to deliver': { from: 'paid', ruling: {}, loser: SELLER, then: deliver },
  'goods and money go back': {
    from: 'received',
    ruling: { return: ['1=1'], refund: '80000 IDR' },
    loser: SELLER,
    then: [...giveBack, ...refund],
  },
  'goods are replaced': {
    from: 'received',
    ruling: { return: ['1=1'], replace: ['1=1'] },
    loser: SELLER,
    then: [...giveBack, ...deliver],
  },
  'the buyer keeps the goods and gets half of the money': {
    from: 'received',
    ruling: { refund: '40000 IDR' },
    loser: SELLER,
    then: refund,
  },
  'the buyer has to take what came': { from: 'received', ruling: {}, loser: BUYER, then: [] },
};

describe('a ruling that comes while the loser is away', () => {
  it.each(Object.entries(OUTCOMES))(
    'is done by both, the same for all three: %s',
    async (_, { from, ruling, loser, then }) => {
      const trade = await disputed(from);
      await node(loser).stop();
      await node(ARBITER).tradeRule({ trade, ...ruling, reason: 'Begitulah.' });
      await until(node(loser === SELLER ? BUYER : SELLER), trade, ({ regions }) => regions.dispute === 'ruled');
      await testnet.restart(loser);
      await fulfil(trade, then);
      const kinds = await agreed(trade, [node(SELLER), node(BUYER), node(ARBITER)], 'completed');
      expect(kinds).toContain('ruling');
    },
    3 * TIMEOUT,
  );
});

describe('a dispute without a ruling', () => {
  it('ends by a remedy that both agree on', { timeout: 2 * TIMEOUT }, async () => {
    const trade = await disputed('received');
    await node(SELLER).tradeRemedy({ trade, refund: '20000 IDR', reason: 'Maaf.' });
    await until(node(BUYER), trade, ({ allowed }) => allowed.includes('remedy-accept'));
    await node(BUYER).tradeRemedyAccept({ trade });
    await until(node(SELLER), trade, ({ regions }) => regions.dispute === 'settled');
    await fulfil(trade, [...refund, ...deliver.slice(-1)]);
    await agreed(trade, [node(SELLER), node(BUYER), node(ARBITER)], 'completed');
  });

  it('ends when it is taken back', { timeout: 2 * TIMEOUT }, async () => {
    const trade = await disputed('received');
    await node(BUYER).tradeDisputeWithdraw({ trade });
    await until(node(BUYER), trade, ({ regions }) => regions.dispute === 'withdrawn');
    await fulfil(trade, deliver.slice(-1));
    await agreed(trade, [node(SELLER), node(BUYER), node(ARBITER)], 'completed');
  });

  it('is unresolved where nobody rules in time, and nobody is held any longer', { timeout: 2 * TIMEOUT }, async () => {
    const trade = await disputed('paid');
    ahead += LONG;
    await agreed(trade, [node(SELLER), node(BUYER), node(ARBITER)], 'unresolved');
  });
});
