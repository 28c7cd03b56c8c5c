import type { MoneyView } from '../../node/api/views.js';
import type { OutputOf } from '../api/client.js';
import { call, type InputOf } from '../api/client.js';

type Trade = OutputOf<'trade.show'>;

/** What a step's form asks for. */
export type StepField =
  | 'amount'
  | 'refund'
  | 'price'
  | 'quantity'
  | 'shipping'
  | 'reference'
  | 'tracking'
  | 'carrier'
  | 'note'
  | 'reason'
  | 'why'
  | 'stars'
  | 'text'
  | 'code';

/** What was filled in; amounts are in the node's own form, `85000 IDR`. Empty fields are left out. */
export type StepValues = Partial<Record<StepField, string>>;

export interface Step {
  readonly fields: readonly StepField[];
  readonly required?: readonly StepField[];
  /** Ends or contests something: the button looks so, and asks once more. */
  readonly grave?: true;
  readonly send: (trade: string, values: StepValues) => Promise<unknown>;
}

type Simple = 'trade.accept' | 'trade.remedy-accept' | 'trade.withdraw';
const simple =
  (name: Simple) =>
  (trade: string): Promise<unknown> =>
    call(name, { trade });

const whole = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

/** Without the fields that were left empty: the node takes a field that is there for one that was meant. */
function given<Input extends object>(input: Input): Input {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Input;
}

/** Every step that a person takes in a trade, by the kind of its message: what it asks for and the operation that does it. */
export const STEPS: Readonly<Record<string, Step>> = {
  accept: { fields: [], send: simple('trade.accept') },
  counter: {
    fields: ['price', 'quantity', 'shipping', 'note'],
    send: (trade, { price, quantity, shipping, note }) =>
      call(
        'trade.counter',
        given<InputOf<'trade.counter'>>({ trade, price, quantity: whole(quantity), shipping, note }),
      ),
  },
  decline: {
    fields: ['reason'],
    grave: true,
    send: (trade, { reason }) => call('trade.decline', given<InputOf<'trade.decline'>>({ trade, reason })),
  },
  withdraw: { fields: [], grave: true, send: simple('trade.withdraw') },
  cancel: {
    fields: ['reason'],
    grave: true,
    send: (trade, { reason }) => call('trade.cancel', given<InputOf<'trade.cancel'>>({ trade, reason })),
  },
  paid: {
    fields: ['amount', 'reference'],
    send: (trade, { amount, reference }) =>
      call('trade.pay', given<InputOf<'trade.pay'>>({ trade, amount, reference })),
  },
  'payment-seen': {
    fields: ['amount'],
    send: (trade, { amount }) => call('trade.confirm', given<InputOf<'trade.confirm'>>({ trade, amount })),
  },
  shipped: {
    fields: ['carrier', 'tracking', 'code', 'note'],
    send: (trade, { carrier, tracking, code, note }) =>
      call('trade.ship', given<InputOf<'trade.ship'>>({ trade, carrier, tracking, code, note })),
  },
  received: {
    fields: ['note'],
    send: (trade, { note }) => call('trade.receive', given<InputOf<'trade.receive'>>({ trade, note })),
  },
  approved: {
    fields: ['note'],
    send: (trade, { note }) => call('trade.approve', given<InputOf<'trade.approve'>>({ trade, note })),
  },
  refunded: {
    fields: ['amount', 'reference'],
    send: (trade, { amount, reference }) =>
      call('trade.refund', given<InputOf<'trade.refund'>>({ trade, amount, reference })),
  },
  'refund-seen': {
    fields: ['amount'],
    send: (trade, { amount }) => call('trade.refund', given<InputOf<'trade.refund'>>({ trade, amount, seen: true })),
  },
  returned: {
    fields: ['carrier', 'tracking', 'note'],
    send: (trade, { carrier, tracking, note }) =>
      call('trade.return', given<InputOf<'trade.return'>>({ trade, carrier, tracking, note })),
  },
  'return-seen': {
    fields: ['note'],
    send: (trade, { note }) => call('trade.return', given<InputOf<'trade.return'>>({ trade, note, seen: true })),
  },
  consent: {
    fields: ['note'],
    send: (trade, { note }) => call('trade.consent', given<InputOf<'trade.consent'>>({ trade, note })),
  },
  remedy: {
    fields: ['refund', 'why'],
    required: ['refund', 'why'],
    send: (trade, { refund, why = '' }) =>
      call('trade.remedy', given<InputOf<'trade.remedy'>>({ trade, refund, reason: why })),
  },
  'remedy-accept': { fields: [], send: simple('trade.remedy-accept') },
  'remedy-decline': {
    fields: ['reason'],
    send: (trade, { reason }) =>
      call('trade.remedy-decline', given<InputOf<'trade.remedy-decline'>>({ trade, reason })),
  },
  dispute: {
    fields: ['why', 'refund'],
    required: ['why'],
    grave: true,
    send: (trade, { refund, why = '' }) =>
      call('trade.dispute', given<InputOf<'trade.dispute'>>({ trade, refund, reason: why })),
  },
  'dispute-withdrawn': {
    fields: ['reason'],
    send: (trade, { reason }) =>
      call('trade.dispute-withdraw', given<InputOf<'trade.dispute-withdraw'>>({ trade, reason })),
  },
  statement: {
    fields: ['text'],
    required: ['text'],
    send: (trade, { text = '' }) => call('trade.statement', { trade, text }),
  },
  ruling: {
    fields: ['refund', 'why'],
    required: ['why'],
    grave: true,
    send: (trade, { refund, why = '' }) =>
      call('trade.rule', given<InputOf<'trade.rule'>>({ trade, refund, reason: why })),
  },
  rating: {
    fields: ['stars', 'text'],
    required: ['stars'],
    send: (trade, { stars, text }) =>
      call('trade.rate', given<InputOf<'trade.rate'>>({ trade, stars: Number(stars), text })),
  },
  reply: {
    fields: ['text'],
    required: ['text'],
    send: (trade, { text = '' }) => call('trade.reply', { trade, text }),
  },
};

/** Steps of this side: what is due comes first and is offered plainly, all others stand behind. */
export function stepsFor(trade: Trade): { readonly first: readonly string[]; readonly others: readonly string[] } {
  const mine = trade.next.filter(({ by, step }) => by === trade.role && step in STEPS).map(({ step }) => step);
  const due = trade.due.filter(({ by }) => by === trade.role).map(({ step }) => step);
  const plain = trade.turn === trade.role ? [...due, 'counter', 'decline'] : [...due, 'rating', 'reply'];
  const first = mine.filter((step) => plain.includes(step));
  return { first, others: mine.filter((step) => !first.includes(step)) };
}

/** The amount that a step moves unless somebody says another: what is due by it. */
export function amountDue(trade: Trade, step: string): MoneyView | undefined {
  return trade.due.find((each) => each.by === trade.role && each.step === step)?.amount;
}
