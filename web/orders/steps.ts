import type { MoneyView } from '../../node/api/views.js';
import type { OutputOf } from '../api/client.js';
import { change, type InputOf } from '../api/client.js';

type Trade = OutputOf<'trade.show'>;

/** What a step's form asks for. */
export type StepField =
  | 'amount'
  | 'refund'
  | 'price'
  | 'quantity'
  | 'return'
  | 'replace'
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

/** What was filled in, in the node's own form: amounts as `85000 IDR`, goods as `1=2`. Empty fields are left out. */
export type StepValues = Partial<Record<StepField, string>>;
type Files = InputOf<'trade.statement'>['files'];

export interface Step {
  readonly fields: readonly StepField[];
  readonly required?: readonly StepField[];
  /** Ends or contests something: the button looks so, and asks once more. */
  readonly grave?: true;
  /** Files may be added, as evidence: sealed to the others in the trade. */
  readonly files?: true;
  readonly send: (trade: string, values: StepValues, files?: Files) => Promise<unknown>;
}

type Simple = 'trade.accept' | 'trade.remedy-accept' | 'trade.withdraw';
const simple =
  (name: Simple) =>
  (trade: string): Promise<unknown> =>
    change(name, { trade });

const whole = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

/** A remedy's parts: goods are a list for the node. */
const mended = ({ refund, return: back, replace }: StepValues) => ({
  refund,
  return: back === undefined ? undefined : [back],
  replace: replace === undefined ? undefined : [replace],
});

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
      change(
        'trade.counter',
        given<InputOf<'trade.counter'>>({ trade, price, quantity: whole(quantity), shipping, note }),
      ),
  },
  decline: {
    fields: ['reason'],
    grave: true,
    send: (trade, { reason }) => change('trade.decline', given<InputOf<'trade.decline'>>({ trade, reason })),
  },
  withdraw: { fields: [], grave: true, send: simple('trade.withdraw') },
  cancel: {
    fields: ['reason'],
    grave: true,
    send: (trade, { reason }) => change('trade.cancel', given<InputOf<'trade.cancel'>>({ trade, reason })),
  },
  paid: {
    fields: ['amount', 'reference'],
    send: (trade, { amount, reference }) =>
      change('trade.pay', given<InputOf<'trade.pay'>>({ trade, amount, reference })),
  },
  'payment-seen': {
    fields: ['amount'],
    send: (trade, { amount }) => change('trade.confirm', given<InputOf<'trade.confirm'>>({ trade, amount })),
  },
  shipped: {
    fields: ['carrier', 'tracking', 'code', 'note'],
    send: (trade, { carrier, tracking, code, note }) =>
      change('trade.ship', given<InputOf<'trade.ship'>>({ trade, carrier, tracking, code, note })),
  },
  received: {
    fields: ['note'],
    send: (trade, { note }) => change('trade.receive', given<InputOf<'trade.receive'>>({ trade, note })),
  },
  approved: {
    fields: ['note'],
    send: (trade, { note }) => change('trade.approve', given<InputOf<'trade.approve'>>({ trade, note })),
  },
  refunded: {
    fields: ['amount', 'reference'],
    send: (trade, { amount, reference }) =>
      change('trade.refund', given<InputOf<'trade.refund'>>({ trade, amount, reference })),
  },
  'refund-seen': {
    fields: ['amount'],
    send: (trade, { amount }) => change('trade.refund', given<InputOf<'trade.refund'>>({ trade, amount, seen: true })),
  },
  returned: {
    fields: ['carrier', 'tracking', 'note'],
    send: (trade, { carrier, tracking, note }) =>
      change('trade.return', given<InputOf<'trade.return'>>({ trade, carrier, tracking, note })),
  },
  'return-seen': {
    fields: ['note'],
    send: (trade, { note }) => change('trade.return', given<InputOf<'trade.return'>>({ trade, note, seen: true })),
  },
  consent: {
    fields: ['note'],
    send: (trade, { note }) => change('trade.consent', given<InputOf<'trade.consent'>>({ trade, note })),
  },
  remedy: {
    fields: ['refund', 'return', 'replace', 'why'],
    required: ['why'],
    send: (trade, values) =>
      change('trade.remedy', given<InputOf<'trade.remedy'>>({ trade, ...mended(values), reason: values.why ?? '' })),
  },
  'remedy-accept': { fields: [], send: simple('trade.remedy-accept') },
  'remedy-decline': {
    fields: ['reason'],
    send: (trade, { reason }) =>
      change('trade.remedy-decline', given<InputOf<'trade.remedy-decline'>>({ trade, reason })),
  },
  dispute: {
    fields: ['why', 'refund', 'return', 'replace'],
    required: ['why'],
    grave: true,
    files: true,
    send: (trade, values, files) =>
      change(
        'trade.dispute',
        given<InputOf<'trade.dispute'>>({ trade, ...mended(values), reason: values.why ?? '', files }),
      ),
  },
  'dispute-withdrawn': {
    fields: ['reason'],
    send: (trade, { reason }) =>
      change('trade.dispute-withdraw', given<InputOf<'trade.dispute-withdraw'>>({ trade, reason })),
  },
  statement: {
    fields: ['text'],
    required: ['text'],
    files: true,
    send: (trade, { text = '' }, files) =>
      change('trade.statement', given<InputOf<'trade.statement'>>({ trade, text, files })),
  },
  ruling: {
    fields: ['refund', 'return', 'replace', 'why'],
    required: ['why'],
    grave: true,
    send: (trade, values) =>
      change('trade.rule', given<InputOf<'trade.rule'>>({ trade, ...mended(values), reason: values.why ?? '' })),
  },
  rating: {
    fields: ['stars', 'text'],
    required: ['stars'],
    send: (trade, { stars, text }) =>
      change('trade.rate', given<InputOf<'trade.rate'>>({ trade, stars: Number(stars), text })),
  },
  reply: {
    fields: ['text'],
    required: ['text'],
    send: (trade, { text = '' }) => change('trade.reply', { trade, text }),
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
