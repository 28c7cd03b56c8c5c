import { z } from 'zod';
import type { ErrorCode } from '../../protocol/errors.js';
import { cidSchema } from '../../protocol/schema.js';

/** How messages of trades travel: the sender asks for receipts, and keeps asking until each has one. */
export const DELIVER_METHOD = 'trade.deliver';
export const MAX_MESSAGES = 50;
export const MAX_BYTES = 1024 * 1024;

const envelope = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.length <= 72 * 1024,
  'not an envelope',
);

export const deliverSchema = z.object({ messages: z.array(envelope).min(1).max(MAX_MESSAGES) });

export const deliverAnswerSchema = z.object({
  /** One a message, in order: a receipt, or why there is none. */
  results: z
    .array(
      z.object({
        receipt: envelope.optional(),
        code: z.string().max(64).optional(),
        message: z.string().max(1_000).optional(),
        /** With TRADE_HEADS: messages before this one that the recipient lacks. */
        missing: z.array(cidSchema).max(64).optional(),
        /** The time from which another try may succeed: a deadline that the recipient's clock has not reached. */
        retryAt: z.int().min(0).optional(),
      }),
    )
    .max(MAX_MESSAGES),
});
export type DeliveryResult = z.infer<typeof deliverAnswerSchema>['results'][number];

/** Refusals that no further try can change: what was judged is the message itself. All others may pass. */
const FINAL_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'RECORD_MALFORMED',
  'RECORD_TOO_LARGE',
  'RECORD_SIGNATURE',
  'RECORD_NETWORK',
  'RECORD_KIND',
  'RECORD_SCHEMA',
  'RECORD_CRITICAL',
  'DELEGATION_MISSING',
  'DELEGATION_MISMATCH',
  'DELEGATION_EXPIRED',
  'DELEGATION_CAPABILITY',
  'DELEGATION_REVOKED',
  // Only a person takes a block back; whoever still wants to trade then offers again.
  'TRADER_BLOCKED',
  'TRADE_ROLE',
  'TRADE_STATE',
  'TRADE_TURN',
  'TRADE_TERMS',
  'TRADE_EXPIRED',
  'TRADE_FULL',
  'LISTING_NOT_FOUND',
  'LISTING_REMOVED',
  'STOCK_SHORT',
]);

/** Whether the recipient will never take the message. */
export function isFinal(result: DeliveryResult): boolean {
  if (result.code === 'TRADE_HEADS') return result.missing === undefined;
  return result.retryAt === undefined && result.code !== undefined && FINAL_CODES.has(result.code);
}
