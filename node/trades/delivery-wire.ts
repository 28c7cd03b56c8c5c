import { z } from 'zod';
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
      }),
    )
    .max(MAX_MESSAGES),
});
export type DeliveryResult = z.infer<typeof deliverAnswerSchema>['results'][number];

/** Refusals that may pass: the sender goes on trying. All others are final. */
export const PASSING_CODES: ReadonlySet<string> = new Set([
  'TRADE_HEADS',
  'RATE_LIMITED',
  'RECORD_TIME',
  'STOPPED',
  'STORE_FAILED',
  'STORE_CORRUPT',
  'TIMED_OUT',
  'INTERNAL',
]);
