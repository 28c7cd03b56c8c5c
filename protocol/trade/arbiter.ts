import { z } from 'zod';
import { headerShape } from '../header.js';
import { moneySchema, type Money } from '../money.js';
import { seqSchema, textSchema } from '../schema.js';

/** Currencies in which an arbiter takes contracts at most. */
const MAX_FEES = 20;
const MAX_LANGUAGES = 20;
/** A share is counted in hundredths of a per cent. */
export const WHOLE_SHARE = 10_000;

/**
 * A trader offers to rule where the sides of a contract do not agree. Published, like the profile, at the nodes closest to its key; a
 * contract names it by id, so that what it promises is part of what was agreed.
 */
export const arbiterOfferSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('arbiter-offer'),
  slot: z.literal('arbiter-offer'),
  seq: seqSchema,
  item: z.looseObject({
    /** Whether it takes new contracts. */
    open: z.boolean(),
    /** What a ruling costs whatever the contract is worth: one amount for each currency in which contracts are taken. */
    fees: z
      .array(moneySchema)
      .min(1)
      .max(MAX_FEES)
      .refine((fees) => new Set(fees.map(({ currency }) => currency)).size === fees.length, 'names a currency twice'),
    /** And so much of the contract's total, in hundredths of a per cent, rounded up to a minor unit. */
    share: z.int().min(0).max(WHOLE_SHARE).optional(),
    /** Languages in which statements may be written (BCP 47). */
    languages: z.array(textSchema(2, 16)).max(MAX_LANGUAGES),
    terms: textSchema(0, 4_000).optional(),
  }),
});
export type ArbiterOffer = z.infer<typeof arbiterOfferSchema>;

/** What an arbiter takes for a contract of this total; undefined where it takes none in that currency, or none at all. */
export function arbiterFee({ open, fees, share = 0 }: ArbiterOffer['item'], total: Money): Money | undefined {
  const flat = fees.find(({ currency }) => currency === total.currency);
  if (!open || flat === undefined) return undefined;
  const part = (BigInt(total.amount) * BigInt(share) + BigInt(WHOLE_SHARE - 1)) / BigInt(WHOLE_SHARE);
  const amount = Number(BigInt(flat.amount) + part);
  return Number.isSafeInteger(amount) ? { amount, currency: total.currency } : undefined;
}
