import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Services } from '../../../node/services.js';
import { firstTerms, offeredByListing } from '../../../node/trades/terms.js';
import { isNiagaError } from '../../../protocol/errors.js';
import { parseId } from '../../../protocol/ids.js';
import { nextHeads, type TradeState } from '../../../protocol/trade/index.js';
import { randomFrom } from '../../model/random.js';
import { startMember, untilKnown } from '../../network/members.js';
import { temporaryFolder } from '../../support/processes.js';
import { message, openCrowd, type Buyer, type Crowd } from './crowd.js';
import { logOf } from './replay/market.js';

const BUYERS = 100;
/** The seller accepts all offers at once; or all accept its counter-offers, which it then confirms; or which reserve. */
type Way = 'offers' | 'confirmed' | 'reserved';
/** Round by round. The second has three hundred messages and takes three times as long as the others. */
const WAYS: readonly [Way, ...Way[]] = [
  'offers',
  'confirmed',
  'reserved',
  'offers',
  'reserved',
  'offers',
  'reserved',
  'offers',
  'reserved',
  'offers',
];
/** `npm run oversell` says how many; with the other tests it is one of each way, since each takes a second and more. */
const ROUNDS = Number(process.env['NIAGA_OVERSELL_ROUNDS'] ?? 3);
/** Decides who is before whom, each time that all act at once. */
const SEED = Number(process.env['NIAGA_OVERSELL_SEED'] ?? 1);
/** Where `npm run oversell` wants the figures. */
const RESULT = process.env['NIAGA_OVERSELL_RESULT'];
/** A seller's node takes at most 10,000 new trades a day: then the next one comes to the market. */
const ROUNDS_A_NODE = 90;
/** So many rounds the same hundred are the buyers. */
const FRESH_EVERY = 10;
/** A long run says how far it is. */
const TOLD_EVERY = 50;
const TIMEOUT = 240_000 + ROUNDS * 10_000;
/** A node takes 50 letters a second from another, and a round has up to 50 of each peer of the crowd. */
const A_ROUND = 2_000;
/** The buyers are all there: on a busy machine the seller is not to look for the mailboxes of a hundred traders beside. */
const SLOW = 60_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let running: Services[] = [];
let seller: Services;
let crowd: Crowd | undefined;
let ahead = 0;
const now = (): number => Date.now() + ahead;
const random = randomFrom(SEED);

/** A seller, somebody else who keeps what it publishes, and the crowd. */
async function open(name: string): Promise<Crowd> {
  await close();
  seller = await startMember(folder.path, `seller-${name}`, { now, upkeep: { mail: { slow: SLOW } } });
  running = [seller];
  running.push(await startMember(folder.path, `other-${name}`, { now, bootstrap: seller.network.addresses() }));
  await untilKnown(running, 2);
  crowd = await openCrowd(seller, now);
  return crowd;
}

async function close(): Promise<void> {
  await crowd?.stop();
  crowd = undefined;
  await Promise.all(running.map((one) => one.stop()));
  running = [];
}

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await close();
  await folder.remove();
});

interface Rival {
  readonly by: Buyer;
  readonly trade: string;
}

/** All of these at once, begun in an order of chance. */
function atOnce<T, R>(all: readonly T[], act: (one: T) => Promise<R>): Promise<PromiseSettledResult<R>[]> {
  const order = all.map((one) => ({ one, at: random() })).sort((a, b) => a.at - b.at);
  return Promise.allSettled(order.map(({ one }) => act(one)));
}

/** How many of the seller's steps were taken; the others were refused for want of stock. */
async function race(rivals: readonly Rival[], step: Parameters<Services['trades']['step']>[1]): Promise<number> {
  const outcomes = await atOnce(rivals, ({ trade }) => seller.trades.step(trade, step));
  for (const outcome of outcomes)
    if (outcome.status === 'rejected' && !isNiagaError(outcome.reason, 'STOCK_SHORT')) throw outcome.reason;
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

/** A buyer accepts what the seller has answered; too late is no mistake. */
async function accept(by: Buyer, state: TradeState, of: Crowd): Promise<void> {
  if (state.contract.status !== 'open') throw new Error('there is nothing to accept');
  const answers = state.contract.last.id;
  const draft = { trade: state.trade, heads: [...nextHeads(state, 'buyer', answers)], answers };
  const verdict = await of.send(by, message(by, 'accept', draft, now()));
  if (!/^(receipted|TRADE_STATE|STOCK_SHORT)/.test(verdict)) throw new Error(verdict);
}

/** A listing of a single piece, and what is offered for it by everybody. */
async function onePiece(sku: string) {
  const value = { sku, title: 'Kopi Gayo', price: '85000 IDR', quantity: 1 };
  let listing = '';
  for await (const line of seller.catalog.publish([{ line: 1, value }], {})) listing = line.listing ?? '';
  const shown = await seller.catalog.show(listing);
  const version = await seller.catalog.version(parseId(shown?.version ?? ''));
  if (version === undefined) throw new Error('nothing was published');
  return { listing, terms: firstTerms([{ offered: offeredByListing(version) }], {}, now()) };
}

/** One round: all of these want the only piece. Who got it, by their places, and how often the seller promised it. */
async function round(of: Crowd, buyers: readonly Buyer[], at: number): Promise<{ got: number[]; promised: number }> {
  const { listing, terms } = await onePiece(`sku-${at}`);
  const rivals: Rival[] = [];
  const offers = await atOnce(buyers, async (by) => {
    const draft = { heads: [], buyer: by.trader, seller: seller.identity.trader, terms };
    const offer = message(by, 'offer', draft, now());
    expect(await of.send(by, offer)).toBe('receipted');
    rivals.push({ by, trade: offer.id.toString() });
  });
  for (const outcome of offers) if (outcome.status === 'rejected') throw outcome.reason;
  /** All buyers accept at once whom the seller has made a counter-offer. */
  const accepting = async (): Promise<void> => {
    const outcomes = await atOnce(rivals, async ({ by, trade }) => {
      const { state } = await logOf(seller, trade);
      if (state.word === 'countered') await accept(by, state, of);
    });
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  };
  let promised = 0;
  switch (WAYS[at % WAYS.length] ?? WAYS[0]) {
    case 'offers':
      promised = await race(rivals, { kind: 'accept' });
      break;
    case 'confirmed':
      expect(await race(rivals, { kind: 'counter', price: '80000 IDR', subjectToStock: true })).toBe(BUYERS);
      await accepting();
      promised = await race(rivals, { kind: 'accept' });
      break;
    case 'reserved':
      promised = await race(rivals, { kind: 'counter', price: '80000 IDR' });
      await accepting();
  }
  const got: number[] = [];
  for (const { by, trade } of rivals)
    if ((await logOf(seller, trade)).state.agreement !== undefined) got.push(buyers.indexOf(by));
  expect((await seller.catalog.show(listing))?.available).toBe(0);
  ahead += A_ROUND;
  return { got, promised };
}

describe('the last piece', () => {
  it(`goes to exactly one of ${BUYERS} buyers, in ${ROUNDS} rounds`, { timeout: TIMEOUT }, async () => {
    /** How often the piece was sold in a round, and how often promised at most: of one piece, more leaves less than nothing. */
    const sold = new Map<number, number>();
    let most = 0;
    const winners = new Set<number>();
    const started = Date.now();
    let market = await open('0');
    let buyers: Buyer[] = [];
    for (let at = 0; at < ROUNDS; at++) {
      if (at > 0 && at % ROUNDS_A_NODE === 0) market = await open(String(at));
      if (at % FRESH_EVERY === 0) buyers = market.buyers(BUYERS);
      const { got, promised } = await round(market, buyers, at);
      sold.set(got.length, (sold.get(got.length) ?? 0) + 1);
      most = Math.max(most, promised);
      for (const place of got) winners.add(place);
      if ((at + 1) % TOLD_EVERY !== 0) continue;
      console.log(`oversell: ${at + 1} of ${ROUNDS} rounds, ${((Date.now() - started) / 1000).toFixed(1)} s`);
    }
    const figures = { buyers: BUYERS, sold: [...sold], least: 1 - most, winners: [...winners] };
    if (RESULT !== undefined) await writeFile(RESULT, JSON.stringify(figures));
    expect(figures).toMatchObject({ sold: [[1, ROUNDS]], least: 0 });
  });
});
