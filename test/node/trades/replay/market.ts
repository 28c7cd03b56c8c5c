import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { openHome } from '../../../../node/home/index.js';
import type { Services } from '../../../../node/services.js';
import type { TradeLog } from '../../../../node/trades/index.js';
import type { Step } from '../../../../node/trades/steps.js';
import { signRecord } from '../../../../protocol/record.js';
import { DEADLINE_GRACE, MESSAGE_KINDS, nextHeads, roleOf } from '../../../../protocol/trade/index.js';
import { startMember, untilKnown } from '../../../network/members.js';
import { published, until } from '../../../network/traders.js';
import { temporaryFolder } from '../../../support/processes.js';

const hour = 60 * 60 * 1000;

/** Trades in which every kind of message stands, between real nodes, by the nodes' own steps. */
export interface Market {
  readonly seller: Services;
  readonly buyer: Services;
  readonly arbiter: Services;
  /** Somebody on the same network who is in none of the trades. */
  readonly stranger: Services;
  /** Ids of the trades; the first is the longest, with an arbiter. */
  readonly trades: readonly string[];
  readonly now: () => number;
  /** The buyer's machine with its keys and nothing else, alone with one other node. */
  lonely(): Promise<{ readonly buyer: Services; readonly other: Services }>;
  stop(): Promise<void>;
}

type Party = 'buyer' | 'seller';
type Move = readonly [Party | 'arbiter', Step];

/** From an offer with an arbiter to the rating, by way of all that can be mended. */
const LONG: readonly Move[] = [
  ['seller', { kind: 'counter', price: '80000 IDR' }],
  ['buyer', { kind: 'accept' }],
  ['buyer', { kind: 'paid', reference: 'BCA 1' }],
  ['seller', { kind: 'payment-seen' }],
  ['seller', { kind: 'shipped', tracking: 'JNE 1' }],
  ['buyer', { kind: 'received' }],
  ['buyer', { kind: 'remedy', return: ['1=1'], refund: '1000 IDR', reason: 'Sobek.' }],
  ['seller', { kind: 'remedy-decline', reason: 'Utuh.' }],
  ['buyer', { kind: 'dispute', reason: 'Sobek.' }],
  ['seller', { kind: 'statement', text: 'Utuh waktu dikirim.' }],
  ['buyer', { kind: 'dispute-withdrawn' }],
  ['buyer', { kind: 'remedy', return: ['1=1'], refund: '1000 IDR', reason: 'Sobek.' }],
  ['seller', { kind: 'remedy-accept' }],
  ['buyer', { kind: 'returned' }],
  ['seller', { kind: 'return-seen' }],
  ['seller', { kind: 'refunded' }],
  ['buyer', { kind: 'refund-seen' }],
  ['buyer', { kind: 'approved' }],
  ['seller', { kind: 'rating', stars: 4 }],
  ['buyer', { kind: 'reply', text: 'Terima kasih.' }],
];
const RULED: readonly Move[] = [
  ['seller', { kind: 'accept' }],
  ['buyer', { kind: 'paid' }],
  ['buyer', { kind: 'dispute', reason: 'Tidak datang.' }],
  ['arbiter', { kind: 'ruling', refund: '1000 IDR', reason: 'Separuh.' }],
];
const SHORT: readonly (readonly Move[])[] = [
  [['seller', { kind: 'decline' }]],
  [['buyer', { kind: 'withdraw' }]],
  [
    ['seller', { kind: 'accept' }],
    ['buyer', { kind: 'cancel' }],
  ],
];

export async function openMarket(): Promise<Market> {
  const folder = await temporaryFolder();
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  const running: Services[] = [];
  const start = async (name: string, bootstrap: readonly string[]): Promise<Services> => {
    const services = await startMember(folder.path, name, { now, bootstrap });
    running.push(services);
    return services;
  };
  const seller = await start('seller', []);
  const bootstrap = seller.network.addresses();
  const [buyer, arbiter, stranger] = [
    await start('buyer', bootstrap),
    await start('arbiter', bootstrap),
    await start('stranger', bootstrap),
  ];
  await untilKnown(running, running.length);
  const parties = { buyer, seller, arbiter };

  /** Resolves when all of these have as many messages of a trade as the one that has most. */
  async function settled(trade: string, of: readonly Services[]): Promise<void> {
    const sizes = async (): Promise<number[]> =>
      Promise.all(of.map(async (one) => (await one.trades.open(trade))?.records.length ?? 0));
    await until(sizes, (all) => new Set(all).size === 1 && all[0] !== 0, `all have ${trade}`);
  }

  async function play(moves: readonly Move[], named: boolean): Promise<string> {
    const { trade } = await buyer.trades.offer({
      listing,
      quantity: 2,
      ...(named ? { arbiter: arbiter.identity.traderText } : {}),
    });
    await settled(trade, [buyer, seller]);
    for (const [party, step] of moves) {
      await parties[party].trades.step(trade, step);
      const { state } = await logOf(parties[party], trade);
      const known = named && state.agreement !== undefined;
      // The arbiter's node consents by itself.
      if (known && step.kind === 'accept')
        await until(
          async () => (await logOf(buyer, trade)).state.consent,
          (consent) => consent !== undefined,
          'the consent',
        );
      await settled(trade, known ? [buyer, seller, arbiter] : [buyer, seller]);
    }
    return trade;
  }

  await arbiter.arbiters.offer({ fee: ['50000 IDR'] });
  const listing = await published(seller, 'satu');
  const trades = [await play(LONG, true), await play(RULED, true)];
  for (const moves of SHORT) trades.push(await play(moves, false));
  const { trade: expired } = await buyer.trades.offer({ listing, hours: 1 });
  trades.push(expired);
  await settled(expired, [buyer, seller]);
  await buyer.chat.send({ with: trades[0] ?? '', text: 'Sudah dikirim?' });
  await until(
    () => seller.chat.unread(),
    (all) => all.length > 0,
    'the message came',
  );

  // What the node signs by itself once a minute is signed at once.
  ahead = 2 * hour;
  const { state } = await logOf(buyer, expired);
  const passed = signRecord(
    'timeout',
    { trade: state.trade, heads: [...nextHeads(state, 'buyer')], deadline: 'offer-expiry' },
    buyer.identity,
    { network: buyer.identity.network, created: now() - DEADLINE_GRACE / 2, inlineDelegation: true },
  );
  for (const { trades: kept } of [buyer, seller]) await kept.takeCopies([passed.bytes], []);
  await until(
    async () => [...(await logOf(buyer, expired)).records, ...(await logOf(seller, expired)).records],
    (all) => all.filter(({ payload }) => payload.kind === 'timeout').length >= 2,
    'the deadline has passed for both',
  );
  await until(
    async () => running.map((one) => one.mail.outboxSize()),
    (sizes) => sizes.every((size) => size === 0),
    'all has arrived',
  );

  async function lonely(): Promise<{ buyer: Services; other: Services }> {
    const { identityFolder } = await openHome(join(folder.path, 'buyer-alone'), 'main');
    await cp(buyer.home.identityFolder, identityFolder, { recursive: true });
    const other = await start('other', []);
    return { buyer: await start('buyer-alone', other.network.addresses()), other };
  }

  return {
    seller,
    buyer,
    arbiter,
    stranger,
    trades,
    now,
    lonely,
    async stop() {
      await Promise.all(running.map((one) => one.stop()));
      await folder.remove();
    },
  };
}

export async function logOf(services: Services, trade: string): Promise<TradeLog> {
  const log = await services.trades.open(trade);
  if (log === undefined) throw new Error(`no trade ${trade}`);
  return log;
}

/** The kinds of message that stand nowhere in these trades. */
export async function missingKinds({ buyer, trades }: Market): Promise<string[]> {
  const kinds = new Set<string>();
  for (const trade of trades) for (const { payload } of (await logOf(buyer, trade)).records) kinds.add(payload.kind);
  return MESSAGE_KINDS.filter((kind) => !kinds.has(kind));
}

/** Whether a node is in a trade. */
export async function knows(services: Services, trade: string): Promise<boolean> {
  const log = await services.trades.open(trade);
  return log !== undefined && roleOf(log.state, services.identity.trader) !== undefined;
}
