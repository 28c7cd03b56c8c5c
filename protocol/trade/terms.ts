import { z } from 'zod';
import { addMoney, formatMoney, moneySchema, multiplyMoney, type Money } from '../money.js';
import { cidSchema, slotSchema, textSchema, timeSchema } from '../schema.js';
import type { Role } from './roles.js';

const MAX_LINES = 100;
export const MAX_NOTE = 2_000;

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
export const DELIVERY_METHODS = ['shipping', 'pickup', 'digital', 'service'] as const;
/** `reserved`: the seller holds the goods until the proposal expires. `subject-to-stock`: an accept binds only once the seller confirms it. */
export const STOCK_PROMISES = ['reserved', 'subject-to-stock'] as const;
export type StockPromise = (typeof STOCK_PROMISES)[number];

/** What a proposal proposes and a contract fixes. */
export const termsSchema = z.looseObject({
  lines: z.array(lineSchema).min(1).max(MAX_LINES),
  shipping: moneySchema.optional(),
  /** The exact sum of quantity × price over the lines, and shipping. */
  total: moneySchema,
  settlement: z.looseObject({ method: z.enum(SETTLEMENT_METHODS), note: noteSchema.optional() }),
  delivery: z.looseObject({ method: z.enum(DELIVERY_METHODS), note: noteSchema.optional() }).optional(),
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
export function checkTerms(terms: Terms, author: Role, created: number): TermsProblem | undefined {
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
      `The total is ${formatMoney(terms.total)}, but lines and shipping add up to ${sum} minor units.`,
    );
  }
  if (terms.expires <= created) return problem('terms.expires', 'A proposal must expire after it was made.');
  if (author === 'seller' && terms.stock === undefined) {
    return problem('terms.stock', `A seller's proposal says whether stock is ${STOCK_PROMISES.join(' or ')}.`);
  }
  if (author === 'buyer' && terms.stock !== undefined)
    return problem('terms.stock', 'Only the seller can promise stock.');
  return undefined;
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
