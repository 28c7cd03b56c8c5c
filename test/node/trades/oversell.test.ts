import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Services } from '../../../node/services.js';
import type { MessageRecord } from '../../../node/trades/journal.js';
import { firstTerms, offeredByListing } from '../../../node/trades/terms.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { isNiagaError } from '../../../protocol/errors.js';
import { parseId } from '../../../protocol/ids.js';
import { signRecord, type Draft, type Signer } from '../../../protocol/record.js';
import { nextHeads, type MessageKind, type TradeState } from '../../../protocol/trade/index.js';
import { startMember, untilKnown } from '../../network/members.js';
import { temporaryFolder } from '../../support/processes.js';
import { deliver } from './replay/attacks.js';
import { logOf } from './replay/market.js';

const DAY = 24 * 60 * 60 * 1000;
const BUYERS = 100;
/** `npm run oversell` says how many; with the other tests none is run, since each takes seconds. */
const ROUNDS = Number(process.env['NIAGA_OVERSELL_ROUNDS'] ?? 0);
/** A seller has at most 10,000 new trades a day, and one buyer 500. */
const ROUNDS_A_NODE = 50;
const TIMEOUT = 240_000 + ROUNDS * 5_000;

/** How the last piece is fought for. */
const WAYS = ['offers accepted at once', 'counters accepted at once, and confirmed', 'counters that reserve'] as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let running: Services[] = [];
let seller: Services;
let via: Services;
let ahead = 0;
const now = (): number => Date.now() + ahead;

async function open(name: string): Promise<void> {
  await close();
  seller = await startMember(folder.path, `seller-${name}`, { now });
  via = await startMember(folder.path, `via-${name}`, { now, bootstrap: seller.network.addresses() });
  running = [seller, via];
  await untilKnown(running, 2);
}

async function close(): Promise<void> {
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

/** Somebody with a root and a device, whose letters a node of somebody else brings. */
function trader(): Signer & { readonly network: string } {
  const [root, device] = [
    keyPairFromSeed(new Uint8Array(randomBytes(32))),
    keyPairFromSeed(new Uint8Array(randomBytes(32))),
  ];
  const owner: Signer = {
    trader: root.publicKey,
    device: root.publicKey,
    sign: (bytes) => sign(bytes, root.secretKey),
  };
  const draft = { delegate: device.publicKey, may: ['trade'], expires: now() + 300 * DAY };
  const delegation = signRecord('delegation', draft, owner, { network: 'main', created: now() - DAY });
  const { publicKey, secretKey } = device;
  return {
    network: 'main',
    trader: root.publicKey,
    device: publicKey,
    delegation,
    sign: (bytes) => sign(bytes, secretKey),
  };
}

type Buyer = ReturnType<typeof trader>;

function message(by: Buyer, kind: MessageKind, draft: object): MessageRecord {
  return signRecord(kind, draft as unknown as Draft<MessageKind>, by, {
    network: 'main',
    created: now(),
    inlineDelegation: true,
  });
}

/** Gives the seller's node a message of a buyer: whether it was receipted. */
async function send(by: Buyer, record: MessageRecord): Promise<boolean> {
  const parcel = { what: record.payload.kind, kind: 'trade', bytes: record.bytes };
  const [verdict] = await deliver([parcel], { by, via, to: seller, now: now() });
  if (verdict?.receipt === undefined && verdict?.code !== 'TRADE_STATE' && verdict?.code !== 'STOCK_SHORT')
    throw new Error(`the seller's node did not take it: ${verdict?.code ?? ''} ${verdict?.message ?? ''}`);
  return verdict.receipt !== undefined;
}

function answer(by: Buyer, state: TradeState): MessageRecord {
  if (state.contract.status !== 'open') throw new Error('there is nothing to accept');
  const answers = state.contract.last.id;
  return message(by, 'accept', { trade: state.trade, heads: [...nextHeads(state, 'buyer', answers)], answers });
}

/** How many steps were taken; the others were refused for want of stock. */
async function race(steps: readonly Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(steps);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected' && !isNiagaError(outcome.reason, 'STOCK_SHORT')) throw outcome.reason;
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

/** One round: all of these want the only piece. How many contracts bind the seller in the end, and how much stock is left. */
async function round(buyers: readonly Buyer[], sku: string, way: (typeof WAYS)[number]): Promise<number> {
  const value = { sku, title: 'Kopi Gayo', price: '85000 IDR', quantity: 1 };
  let listing = '';
  for await (const line of seller.catalog.publish([{ line: 1, value }], {})) listing = line.listing ?? '';
  const shown = await seller.catalog.show(listing);
  const version = await seller.catalog.version(parseId(shown?.version ?? ''));
  if (version === undefined) throw new Error('nothing was published');
  const terms = firstTerms([{ offered: offeredByListing(version) }], {}, now());
  const offers = buyers.map((by) =>
    message(by, 'offer', { heads: [], buyer: by.trader, seller: seller.identity.trader, terms }),
  );
  await Promise.all(offers.map((offer, at) => send(buyers[at] as Buyer, offer)));
  const trades = offers.map(({ id }) => id.toString());
  const steps = (step: Parameters<Services['trades']['step']>[1]): Promise<unknown>[] =>
    trades.map((trade) => seller.trades.step(trade, step));
  const accepting = (some: readonly string[]): Promise<unknown>[] =>
    some.map(async (trade) => {
      const { state } = await logOf(seller, trade);
      const by = buyers[trades.indexOf(trade)] as Buyer;
      await send(by, answer(by, state));
    });
  switch (way) {
    case 'offers accepted at once':
      await race(steps({ kind: 'accept' }));
      break;
    case 'counters accepted at once, and confirmed':
      expect(await race(steps({ kind: 'counter', price: '80000 IDR', subjectToStock: true }))).toBe(BUYERS);
      await Promise.all(accepting(trades));
      await race(steps({ kind: 'accept' }));
      break;
    case 'counters that reserve': {
      await race(steps({ kind: 'counter', price: '80000 IDR' }));
      const countered: string[] = [];
      for (const trade of trades) {
        const { state } = await logOf(seller, trade);
        if (state.word === 'countered') countered.push(trade);
      }
      await Promise.all(accepting(countered));
    }
  }
  let bound = 0;
  for (const trade of trades) if ((await logOf(seller, trade)).state.agreement !== undefined) bound++;
  // Nobody gets these answers: they would be tried again for all the rounds to come.
  for (const { to, id } of seller.mail.waiting()) seller.mail.recall(to, [id]);
  // A node takes 50 letters a second from another.
  ahead += 5_000;
  return bound;
}

describe('the last piece', () => {
  it.runIf(ROUNDS > 0)(
    `goes to exactly one of ${BUYERS} buyers, in ${ROUNDS} rounds`,
    { timeout: TIMEOUT },
    async () => {
      const buyers = Array.from({ length: BUYERS }, trader);
      const sold = new Map<number, number>();
      const started = Date.now();
      for (let at = 0; at < ROUNDS; at++) {
        if (at % ROUNDS_A_NODE === 0) await open(String(at));
        const bound = await round(buyers, `sku-${at}`, WAYS[at % WAYS.length] ?? WAYS[0]);
        sold.set(bound, (sold.get(bound) ?? 0) + 1);
        if (ROUNDS > 100 && at % 50 === 49)
          console.log(`oversell: ${at + 1} rounds, ${Math.round((Date.now() - started) / 1000)} s`);
      }
      const figures = [...sold].map(([bound, rounds]) => `${rounds} rounds with ${bound} sold`).join(', ');
      console.log(`oversell: ${BUYERS} buyers, ${ROUNDS} rounds: ${figures}`);
      expect([...sold]).toEqual([[1, ROUNDS]]);
    },
  );
});
