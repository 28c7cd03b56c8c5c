import { z } from 'zod';
import { addMoney, formatMoney, moneySchema, multiplyMoney, type Money } from '../money.js';
import { commitmentSchema } from '../private.js';
import { cidSchema, keySchema, slotSchema, textSchema, timeSchema } from '../schema.js';
import { MAX_LINES } from './parts.js';
import type { Side } from './roles.js';

export const MAX_NOTE = 2_000;
/** Milestones of a service at most. */
const MAX_MILESTONES = 50;

const hour = 60 * 60 * 1000;
const day = 24 * hour;
/** A deadline is at least so long, since clocks and nodes are not always there, */
export const SHORTEST_DEADLINE = hour;
/** and at most so long, since every trade has to end. */
export const LONGEST_DEADLINE = 365 * day;

const noteSchema = textSchema(0, MAX_NOTE);

/** One thing ordered. The price is for one piece; `listing` is the id of the exact version that the buyer saw. */
export const lineSchema = z.looseObject({
  listing: cidSchema,
  /** `listing/<sku>`: the slot of the seller that the version stands in, which is what stock is counted by. */
  slot: slotSchema.refine(
    (slot) => slot.startsWith('listing/') && slot.length > 'listing/'.length,
    'not the slot of a listing',
  ),
  title: textSchema(1, 300),
  /** The sku of the variant, where the listing has variants. */
  variant: textSchema(1, 128).optional(),
  quantity: z.int().min(1),
  price: moneySchema,
});
export type Line = z.infer<typeof lineSchema>;

export const SETTLEMENT_METHODS = ['direct'] as const;
export type SettlementMethod = (typeof SETTLEMENT_METHODS)[number];
export const DELIVERY_METHODS = ['shipping', 'pickup', 'digital', 'service'] as const;
/** `reserved`: the seller holds the goods until the proposal expires. `subject-to-stock`: an accept binds only once the seller confirms it. */
export const STOCK_PROMISES = ['reserved', 'subject-to-stock'] as const;
export type StockPromise = (typeof STOCK_PROMISES)[number];

/** Milliseconds from {@link SHORTEST_DEADLINE} to {@link LONGEST_DEADLINE}. */
const durationSchema = z.int().min(SHORTEST_DEADLINE).max(LONGEST_DEADLINE);

/** How long each deadline of the contract lasts, ms; when it runs and what its end does is in deadlines.ts. */
export const durationsSchema = z.looseObject({
  /** For the buyer to pay. */
  payment: durationSchema,
  /** For the seller to send the goods once they are paid; also how long goods are thought to be on their way. */
  delivery: durationSchema,
  /** For the buyer to look at what came. */
  inspection: durationSchema,
  /** For a side to answer a remedy that the other proposed, and to confirm what came back. */
  answer: durationSchema,
  /** For the arbiter to rule, and for the sides to do what was ruled. */
  ruling: durationSchema,
});
export type Durations = z.infer<typeof durationsSchema>;

/** What a proposer takes where it has no reason for another time. */
export const DEFAULT_DURATIONS: Durations = {
  // A bank transfer over a long weekend.
  payment: 3 * day,
  // A parcel between two islands.
  delivery: 14 * day,
  inspection: 3 * day,
  // Somebody without power or network for some days.
  answer: 5 * day,
  ruling: 14 * day,
};

/** Who decides where the sides do not agree; it counts once it has consented to this contract. */
const arbiterSchema = z.looseObject({
  /** Its root key. */
  trader: keySchema,
  /** Id of the record in which it offers itself, with its terms. */
  offer: cidSchema,
  /** What it takes for a ruling. */
  fee: moneySchema,
});

/** How and where the goods come. */
const deliverySchema = z.looseObject({
  method: z.enum(DELIVERY_METHODS),
  note: noteSchema.optional(),
  /** Commitment of the buyer's address; the value goes sealed to the seller (private.ts). */
  address: commitmentSchema.optional(),
  /** Commitment of the buyer's phone number, likewise. */
  phone: commitmentSchema.optional(),
  /** Commitment of a code that the buyer shows when picking up: who knows it has handed over the goods. */
  code: commitmentSchema.optional(),
  /** Steps of a service, each delivered, received and paid by itself; their amounts add up to the total. */
  milestones: z
    .array(z.looseObject({ title: textSchema(1, 300), amount: moneySchema }))
    .min(1)
    .max(MAX_MILESTONES)
    .optional(),
});

/** What a proposal proposes and a contract fixes. */
export const termsSchema = z.looseObject({
  lines: z.array(lineSchema).min(1).max(MAX_LINES),
  shipping: moneySchema.optional(),
  /** The exact sum of quantity × price over the lines, and shipping. */
  total: moneySchema,
  settlement: z.looseObject({ method: z.enum(SETTLEMENT_METHODS), note: noteSchema.optional() }),
  delivery: deliverySchema.optional(),
  deadlines: durationsSchema,
  arbiter: arbiterSchema.optional(),
  /** Id of the text of the seller's conditions: a blob. */
  conditions: cidSchema.optional(),
  /** Stands in a seller's proposal and in no other: stock has one writer. */
  stock: z.enum(STOCK_PROMISES).optional(),
  /** Until when an answer binds the proposer, by the claimed time of the answer. */
  expires: timeSchema,
  note: noteSchema.optional(),
});
export type Terms = z.infer<typeof termsSchema>;

/** What is wrong with terms, and in which field. */
export interface TermsProblem {
  readonly where: string;
  readonly message: string;
}

/**
 * Whether terms hold in themselves; whether they fit the listing that they name is the seller's business.
 * @param author the side that proposes them
 * @param created the proposal's `created`, ms
 */
export function checkTerms(terms: Terms, author: Side, created: number): TermsProblem | undefined {
  const { currency } = terms.total;
  const foreign = terms.lines.findIndex((line) => line.price.currency !== currency);
  if (foreign !== -1)
    return problem(`terms.lines[${foreign}].price`, `All prices must be in ${currency}, the currency of the total.`);
  if (terms.shipping !== undefined && terms.shipping.currency !== currency) {
    return problem('terms.shipping', `Shipping must be in ${currency}, the currency of the total.`);
  }
  // BigInt, so that a sum beyond 2^53 is seen to differ from the total and cannot round onto it.
  const sum = terms.lines.reduce(
    (so, line) => so + BigInt(line.quantity) * BigInt(line.price.amount),
    BigInt(terms.shipping?.amount ?? 0),
  );
  if (sum !== BigInt(terms.total.amount)) {
    return problem(
      'terms.total',
      `The total is ${formatMoney(terms.total)}, but lines and shipping add up to ${inWords(sum, currency)}.`,
    );
  }
  const milestones = problemOfMilestones(terms);
  if (milestones !== undefined) return milestones;
  if (terms.delivery?.code !== undefined && terms.delivery.method !== 'pickup') {
    return problem('terms.delivery.code', 'Only goods that are picked up are handed over for a code.');
  }
  if (terms.expires <= created) return problem('terms.expires', 'A proposal must expire after it was made.');
  if (author === 'seller' && terms.stock === undefined) {
    return problem('terms.stock', `A seller's proposal says whether stock is ${STOCK_PROMISES.join(' or ')}.`);
  }
  if (author === 'buyer' && terms.stock !== undefined)
    return problem('terms.stock', 'Only the seller can promise stock.');
  return undefined;
}

function problemOfMilestones({ delivery, total }: Terms): TermsProblem | undefined {
  if (delivery?.milestones === undefined) return undefined;
  const where = 'terms.delivery.milestones';
  if (delivery.method !== 'service') return problem(where, 'Only services have milestones.');
  const foreign = delivery.milestones.findIndex(({ amount }) => amount.currency !== total.currency);
  if (foreign !== -1) return problem(`${where}[${foreign}].amount`, `All amounts must be in ${total.currency}.`);
  const sum = delivery.milestones.reduce((so, { amount }) => so + BigInt(amount.amount), 0n);
  if (sum === BigInt(total.amount)) return undefined;
  const added = inWords(sum, total.currency);
  return problem(where, `The total is ${formatMoney(total)}, but the milestones add up to ${added}.`);
}

/** A sum as people write money; one that no amount can be, as what it is. */
function inWords(sum: bigint, currency: string): string {
  return sum > BigInt(Number.MAX_SAFE_INTEGER)
    ? 'more than any amount of money'
    : formatMoney({ amount: Number(sum), currency });
}

/**
 * The total that terms must name.
 * @throws NiagaError MONEY_INVALID when currencies differ or the sum is beyond 2^53 − 1 minor units; RangeError without a line
 */
export function totalOf(lines: readonly Pick<Line, 'quantity' | 'price'>[], shipping?: Money): Money {
  const first = lines[0];
  if (first === undefined) throw new RangeError('An order has at least one line.');
  const goods = lines
    .map((line) => multiplyMoney(line.price, line.quantity))
    .reduce(addMoney, { amount: 0, currency: first.price.currency });
  return shipping === undefined ? goods : addMoney(goods, shipping);
}

function problem(where: string, message: string): TermsProblem {
  return { where, message };
}
