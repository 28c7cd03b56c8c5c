import { z } from 'zod';
import { moneySchema } from '../../money.js';
import { commitmentSchema } from '../../private.js';
import { stepShape, wordsSchema } from './step.js';

const movedShape = {
  ...stepShape,
  method: wordsSchema.optional(),
  reference: wordsSchema.optional(),
  /** Commitment of a proof, such as the picture of a transfer. */
  proof: commitmentSchema.optional(),
};

/** Messages about money. Amounts that are "so far" count once however often they are said. */
export const PAYMENT_SCHEMAS = {
  /** The buyer's claim to have paid. `amount`: what this one payment moved. */
  paid: z.looseObject({ ...movedShape, kind: z.literal('paid'), amount: moneySchema }),
  /** The seller's word that money came. `amount`: all that came for this trade so far. */
  'payment-seen': z.looseObject({ ...stepShape, kind: z.literal('payment-seen'), amount: moneySchema }),
  /** The seller's claim to have sent money back. `amount`: all that went back so far. */
  refunded: z.looseObject({ ...movedShape, kind: z.literal('refunded'), amount: moneySchema }),
  /** The buyer's word that money came back. `amount`: all that came back so far. */
  'refund-seen': z.looseObject({ ...stepShape, kind: z.literal('refund-seen'), amount: moneySchema }),
} as const;
