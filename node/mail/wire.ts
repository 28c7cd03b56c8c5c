import { z } from 'zod';
import { MAX_ENVELOPE_OVERHEAD } from '../../protocol/kinds.js';
import { MAX_LETTER_BYTES, MAX_PARCELS, MAX_SEALED_BYTES, NONCE_BYTES } from '../../protocol/mail/index.js';
import { bytesSchema, cidSchema, keySchema, timeSchema } from '../../protocol/schema.js';

/** The requests about letters, and their bounds. */

const KiB = 1024;
const MiB = 1024 * KiB;

/** A letter to a node that is connected; the body is its envelope. */
export const DELIVER_METHOD = 'mail.deliver';
/** A sealed letter to a mailbox; also from under a throw-away id. */
export const DEPOSIT_METHOD = 'mail.deposit';
/** What lies in a mailbox, for its owner; the body is the envelope of a `mailbox-request`. */
export const COLLECT_METHOD = 'mail.collect';

export const MAX_DELIVERY = MAX_LETTER_BYTES + MAX_ENVELOPE_OVERHEAD;
/** A sealed letter, the token with its delegation, and what is around them. */
export const MAX_DEPOSIT = MAX_SEALED_BYTES + 4 * KiB;
export const MAX_COLLECT = 68 * KiB;
/** Letters in one answer of a mailbox. */
export const MAX_COLLECTED_BYTES = MiB;

const bytesUpTo = (most: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= most, `not up to ${most} bytes`);

const verdictSchema = z.object({
  receipt: bytesUpTo(4 * KiB).optional(),
  /** It came, and is of a kind without receipts. */
  taken: z.literal(true).optional(),
  code: z.string().max(64).optional(),
  message: z.string().max(1_000).optional(),
  missing: z.array(cidSchema).max(64).optional(),
  retryAt: timeSchema.optional(),
});
export type DeliveryVerdict = z.infer<typeof verdictSchema>;
export const deliverAnswerSchema = z.object({
  /** One verdict a parcel, in order. */
  results: z.array(verdictSchema).max(MAX_PARCELS),
  /**
   * The envelope of a letter without parcels, to whoever said how it is answered while it is away: how this one is. Who was reached once
   * is not looked up any more.
   */
  reply: bytesUpTo(MAX_DELIVERY).optional(),
});

export const depositSchema = z.object({
  to: keySchema,
  letter: bytesUpTo(MAX_SEALED_BYTES),
  /** The recipient's permission, and the deposit signed with the key that it names. */
  token: z.object({ record: bytesUpTo(2 * KiB), signature: bytesSchema(64) }).optional(),
  /** Instead of a token. */
  work: z
    .object({
      day: z
        .int()
        .min(0)
        .max(2 ** 32 - 1),
      nonce: bytesSchema(NONCE_BYTES),
    })
    .optional(),
});
export type Deposit = z.infer<typeof depositSchema>;

export const collectAnswerSchema = z.object({
  letters: z.array(bytesUpTo(MAX_SEALED_BYTES)).max(MAX_COLLECTED_BYTES / KiB),
  /** There is more than is in this answer. */
  more: z.boolean(),
});
