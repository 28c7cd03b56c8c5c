import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { OPERATIONS, type OperationKey } from '../../node/api/operations.js';
import type { NiagaNode } from '../../node/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';

/** A busy machine has time. */
const TIMEOUT = 180_000;
const TICK = 25;

/** What follows the trade in a command that could be right elsewhere; a row for each command that takes a step or needs a state. */
const STEPS = {
  tradeAccept: {},
  tradeCounter: { price: '70000 IDR' },
  tradeDecline: {},
  tradeWithdraw: {},
  tradeCancel: {},
  tradePay: {},
  tradeConfirm: {},
  tradeShip: {},
  tradeReceive: {},
  tradeApprove: {},
  tradeRemedy: { refund: '1000 IDR', reason: 'Sobek.' },
  tradeRemedyAccept: {},
  tradeRemedyDecline: {},
  tradeReturn: {},
  tradeRefund: {},
  tradeDispute: { reason: 'Sobek.' },
  tradeDisputeWithdraw: {},
  tradeStatement: { text: 'Utuh.' },
  tradeConsent: {},
  tradeRule: { reason: 'Separuh.' },
  tradeRate: { stars: 5 },
  tradeReply: { text: 'Terima kasih.' },
  tradeDisclose: {},
  tradeForget: {},
} as const satisfies Partial<Record<OperationKey, object>>;
type Step = keyof typeof STEPS;

/** Those that only read, or write a file: they need a trade, and no state of it. */
const READING = ['tradeShow', 'tradeExport', 'tradeInvoice'] as const satisfies readonly OperationKey[];

let testnet: Testnet;
let seller: NiagaNode;
let buyer: NiagaNode;
let arbiter: NiagaNode;
let stranger: NiagaNode;

type Party = 'buyer' | 'seller' | 'arbiter';
/** A trade that has come so far, and who is in it. */
interface Tried {
  readonly trade: string;
  readonly state: string;
  readonly parties: readonly Party[];
}
const trades = new Map<string, Tried>();
const tradeOf = (name: string): string => trades.get(name)?.trade ?? '';
const nodeOf = (party: Party): NiagaNode => ({ buyer, seller, arbiter })[party];

async function shows(node: NiagaNode, trade: string, state: string): Promise<void> {
  const end = Date.now() + TIMEOUT;
  for (;;) {
    const view = await node.tradeShow({ trade }).catch(() => undefined);
    if (view?.state === state && view.pending === 0) return;
    if (Date.now() > end) throw new Error(`waited in vain for ${state}: ${JSON.stringify(view)}`);
    await new Promise((resolve) => setTimeout(resolve, TICK));
  }
}

type Move = readonly [by: Party, step: Step, state: string];

/** Trades that have come so far and no further, by the word that stands over them. */
const COURSE: readonly Move[] = [
  ['seller', 'tradeAccept', 'accepted'],
  ['buyer', 'tradePay', 'paid'],
  ['seller', 'tradeConfirm', 'payment-confirmed'],
  ['seller', 'tradeShip', 'shipped'],
  ['buyer', 'tradeReceive', 'received'],
  ['buyer', 'tradeApprove', 'completed'],
];

async function consented(node: NiagaNode, trade: string): Promise<void> {
  for (const end = Date.now() + TIMEOUT; Date.now() < end;) {
    const { messages } = await node.tradeShow({ trade });
    if (messages.some(({ kind }) => kind === 'consent')) return;
    await new Promise((resolve) => setTimeout(resolve, TICK));
  }
  throw new Error('waited in vain for the consent');
}

async function take(by: NiagaNode, step: Step, trade: string, more: object = {}): Promise<unknown> {
  const operation = by[step] as (input: object) => Promise<unknown>;
  return operation.call(by, { trade, ...STEPS[step], ...more });
}

async function begin(listing: string, steps: readonly Move[]): Promise<void> {
  const { trade } = await buyer.offer({ listing });
  await shows(seller, trade, 'offered');
  const parties = ['buyer', 'seller'] as const;
  for (const [by, step, state] of steps) {
    await take(nodeOf(by), step, trade);
    for (const each of parties) await shows(nodeOf(each), trade, state);
  }
  const state = steps.at(-1)?.[2] ?? 'offered';
  trades.set(state, { trade, state, parties });
}

/** The same with an arbiter; `fits`: the contract is as it offers, so that its node consents by itself. */
async function beginWithArbiter(name: string, listing: string, steps: readonly Move[], fits = true): Promise<void> {
  const parties = ['buyer', 'seller', 'arbiter'] as const;
  const { trade } = await buyer.offer({ listing, arbiter: arbiter.trader });
  await shows(seller, trade, 'offered');
  // Whoever has changed the offer since is asked before it consents.
  if (!fits) await arbiter.arbiterOffer({ terms: name });
  await take(seller, 'tradeAccept', trade);
  for (const each of parties) await shows(nodeOf(each), trade, 'accepted');
  if (fits) for (const each of parties) await consented(nodeOf(each), trade);
  for (const [by, step, state] of steps) {
    await take(nodeOf(by), step, trade);
    for (const each of parties) await shows(nodeOf(each), trade, state);
  }
  trades.set(name, { trade, state: steps.at(-1)?.[2] ?? 'accepted', parties });
}

beforeAll(async () => {
  testnet = await createTestnet(4);
  [seller, buyer, arbiter, stranger] = testnet.nodes as [NiagaNode, NiagaNode, NiagaNode, NiagaNode];
  let listing = '';
  const value = { sku: 'satu', title: 'Kopi', price: '80000 IDR', quantity: 50 };
  for await (const line of seller.publish({ items: [{ value }] })) listing = line.listing ?? '';
  await begin(listing, []);
  for (const at of COURSE.keys()) await begin(listing, COURSE.slice(0, at + 1));
  await begin(listing, [['seller', 'tradeDecline', 'declined']]);
  await begin(listing, [['buyer', 'tradeWithdraw', 'withdrawn']]);
  await begin(listing, [...COURSE.slice(0, 1), ['buyer', 'tradeCancel', 'cancelled']]);
  await begin(listing, [...COURSE.slice(0, 2), ['buyer', 'tradeDispute', 'disputed']]);

  await arbiter.arbiterOffer({ fee: ['5000 IDR'] });
  const paid: Move = ['buyer', 'tradePay', 'paid'];
  const disputed: Move = ['buyer', 'tradeDispute', 'disputed'];
  await beginWithArbiter('consented', listing, []);
  await beginWithArbiter('consented and paid', listing, [paid]);
  await beginWithArbiter('disputed before an arbiter', listing, [paid, disputed]);
  await beginWithArbiter('withdrawn before an arbiter', listing, [
    paid,
    disputed,
    ['buyer', 'tradeDisputeWithdraw', 'paid'],
  ]);
  await beginWithArbiter('ruled', listing, [paid, disputed, ['arbiter', 'tradeRule', 'paid']]);
  await beginWithArbiter('completed with an arbiter', listing, COURSE.slice(1));
  await beginWithArbiter('not consented', listing, [], false);
  await beginWithArbiter('disputed without a consent', listing, [paid, disputed], false);
}, 2 * TIMEOUT);

afterAll(() => testnet.stop());

async function refusalOf(work: Promise<unknown>, what = 'it'): Promise<NiagaError> {
  try {
    await work;
  } catch (error) {
    if (isNiagaError(error)) return error;
    throw error;
  }
  throw new Error(`${what} was not refused`);
}

const verbOf = (step: Step): string => OPERATIONS[step].command.at(-1) ?? '';

describe('a command about a trade', () => {
  it('is tried here, whatever there is of them', () => {
    const all = Object.entries(OPERATIONS).flatMap(([key, { command }]) => (command[0] === 'trade' ? [key] : []));
    expect([...Object.keys(STEPS), ...READING, 'tradeList'].sort()).toEqual(all.sort());
  });

  it(
    'is refused in each state and role in which it has no place, with the state, what can be done, and what to type',
    async () => {
      const wrong: string[] = [];
      let tried = 0;
      for (const [held, { trade, state, parties }] of trades) {
        for (const role of parties) {
          const node = nodeOf(role);
          const { allowed } = await node.tradeShow({ trade });
          for (const step of Object.keys(STEPS) as Step[]) {
            // A trade that is over is forgotten where nobody asks for more.
            if (allowed.includes(verbOf(step)) || (step === 'tradeForget' && OVER.has(state))) continue;
            // A side shows its arbiter what it likes, whenever it likes.
            if (step === 'tradeDisclose' && parties.includes('arbiter') && role !== 'arbiter') continue;
            const name = `${role}: ${step} while ${held}`;
            // Each thing that can be done now is named.
            const verbs = step === 'tradeDisclose' || step === 'tradeForget' ? [] : allowed;
            const { code, message, next = '', details } = await refusalOf(take(node, step, trade), name);
            const isTold =
              /^TRADE_(STATE|ROLE|TURN)$/.test(code) &&
              message.includes(`The trade is ${state}`) &&
              details?.['state'] === state &&
              /niaga trade [a-z-]+ bafy/.test(next) &&
              verbs.every((verb) => next.includes(`niaga trade ${verb} `));
            if (!isTold) wrong.push(`${name}: ${code} ${message} ${next}`);
            tried++;
          }
          expect((await node.tradeShow({ trade })).state).toBe(state);
        }
      }
      console.log(`bad steps: ${tried} commands in ${trades.size} states by all who are in them, all refused`);
      expect(wrong).toEqual([]);
      expect(tried).toBeGreaterThan(800);
    },
    TIMEOUT,
  );

  it(
    'is refused for a trade that is not here, be it nobody’s or somebody else’s',
    async () => {
      const unknown = 'bafyreicsvqljlyeh6vagaoqr7y3b53awwoobmhxr6vosixj2lvsbiklojq';
      for (const trade of [unknown, 'bafyreinowhere', 'x', tradeOf('paid')]) {
        for (const step of [...(Object.keys(STEPS) as Step[]), ...READING]) {
          const operation = stranger[step] as (input: object) => Promise<unknown>;
          const more = step in STEPS ? STEPS[step as Step] : {};
          const { code, next } = await refusalOf(operation.call(stranger, { trade, ...more }));
          expect([step, trade, code, next]).toEqual([
            step,
            trade,
            'TRADE_NOT_FOUND',
            expect.stringContaining('niaga trade list'),
          ]);
        }
      }
    },
    TIMEOUT,
  );

  const AMOUNTS: [what: string, held: string, by: Party, step: Step, input: object, code: string][] = [
    ['money that is none', 'accepted', 'buyer', 'tradePay', { amount: 'banyak' }, 'MONEY_INVALID'],
    ['less than nothing', 'accepted', 'buyer', 'tradePay', { amount: '-5 IDR' }, 'MONEY_INVALID'],
    ['nothing', 'accepted', 'buyer', 'tradePay', { amount: '0 IDR' }, 'TRADE_TERMS'],
    ['another currency', 'accepted', 'buyer', 'tradePay', { amount: '5 USD' }, 'TRADE_TERMS'],
    ['a currency that there is not', 'paid', 'seller', 'tradeConfirm', { amount: '5 XQQ' }, 'CURRENCY_UNKNOWN'],
    ['another currency', 'paid', 'seller', 'tradeConfirm', { amount: '5 USD' }, 'TRADE_TERMS'],
    ['less than was seen before', 'payment-confirmed', 'seller', 'tradeConfirm', { amount: '5 IDR' }, 'TRADE_STATE'],
    ['a refund of more than it cost', 'received', 'buyer', 'tradeRemedy', { refund: '900000 IDR' }, 'TRADE_TERMS'],
    ['a refund of another currency', 'received', 'buyer', 'tradeRemedy', { refund: '1 USD' }, 'TRADE_TERMS'],
    ['a line that there is not', 'payment-confirmed', 'seller', 'tradeShip', { parts: ['7=1'] }, 'TRADE_TERMS'],
    ['more pieces than were ordered', 'payment-confirmed', 'seller', 'tradeShip', { parts: ['1=9'] }, 'TRADE_STATE'],
    ['parts that are none', 'payment-confirmed', 'seller', 'tradeShip', { parts: ['satu'] }, 'INPUT_INVALID'],
    ['a code that is none', 'payment-confirmed', 'seller', 'tradeShip', { code: '1234' }, 'TRADE_TERMS'],
    ['a quantity of none', 'offered', 'seller', 'tradeCounter', { price: undefined, line: ['1=0'] }, 'TRADE_TERMS'],
    [
      'a line that there is not',
      'offered',
      'seller',
      'tradeCounter',
      { price: undefined, line: ['3=1'] },
      'INPUT_INVALID',
    ],
    ['a price that is none', 'offered', 'seller', 'tradeCounter', { price: 'murah' }, 'MONEY_INVALID'],
    ['more than there is', 'offered', 'seller', 'tradeCounter', { quantity: 51 }, 'STOCK_SHORT'],
    [
      'milestones that are not all of it',
      'offered',
      'seller',
      'tradeCounter',
      { milestone: ['Awal=5 IDR'] },
      'TRADE_TERMS',
    ],
    ['a buyer’s address', 'offered', 'seller', 'tradeAccept', { address: 'Jl. Mawar 3' }, 'TRADE_TERMS'],
    ['no counter-offer', 'offered', 'seller', 'tradeCounter', { price: undefined }, 'INPUT_MISSING'],
    ...(['tradeRule', 'tradeDispute'] as const).flatMap((step): typeof AMOUNTS => {
      const held = step === 'tradeRule' ? 'disputed before an arbiter' : 'consented and paid';
      const by = step === 'tradeRule' ? 'arbiter' : 'seller';
      return [
        ['a refund of more than it cost', held, by, step, { refund: '900000 IDR' }, 'TRADE_TERMS'],
        ['a refund of another currency', held, by, step, { refund: '1 USD' }, 'TRADE_TERMS'],
        ['a refund that is no money', held, by, step, { refund: 'separuh' }, 'MONEY_INVALID'],
        ['goods back that were never sent', held, by, step, { return: ['1=1'] }, 'TRADE_TERMS'],
        ['a line that there is not', held, by, step, { omit: ['7=1'] }, 'TRADE_TERMS'],
        ['parts that are none', held, by, step, { omit: ['satu'] }, 'INPUT_INVALID'],
      ];
    }),
  ];

  it.each(AMOUNTS)(
    'refuses %s (%s, %s, %s) and stays as it was',
    async (_, held, by, step, input, code) => {
      const { trade, state } = trades.get(held) ?? { trade: '', state: '' };
      const node = nodeOf(by);
      const refusal = await refusalOf(take(node, step, trade, input));
      expect([refusal.code, refusal.message]).toEqual([code, expect.any(String)]);
      expect(refusal.next, refusal.message).toMatch(/niaga|--|Write|Publish|such as/);
      if (code.startsWith('TRADE_')) expect(refusal.details?.['state']).toBe(state);
      expect((await node.tradeShow({ trade })).state).toBe(state);
    },
    TIMEOUT,
  );
});

const OVER = new Set(['completed', 'declined', 'withdrawn', 'cancelled']);
