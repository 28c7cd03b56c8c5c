import { z } from 'zod';
import { headerShape } from '../header.js';
import { bytesSchema, cidSchema, keySchema, textSchema } from '../schema.js';
import { MAX_PARCEL_BYTES } from './parcel.js';

const KiB = 1024;

/** Payload bytes of a letter: with its envelope it fits into the largest sealed size (sealing.ts). */
export const MAX_LETTER_BYTES = 252 * KiB;
export const MAX_PARCELS = 64;
/** Mailboxes that a trader names. */
const MAX_MAILBOXES = 16;

const bytesUpTo = (most: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= most, `not up to ${most} bytes`);

/** Where and how the sender can be answered while it is away. */
const replySchema = z.looseObject({
  /** X25519 key that letters to the sender are sealed to. */
  sealing: keySchema,
  /** Peer ids of the nodes that keep letters for the sender. */
  mailboxes: z.array(textSchema(1, 128)).max(MAX_MAILBOXES),
  /** A permission to leave letters for the sender: its envelope, and the seed of the key that it names (token.ts). */
  token: z.looseObject({ record: bytesUpTo(2 * KiB), seed: bytesSchema(32) }).optional(),
});
export type Reply = z.infer<typeof replySchema>;

/**
 * What goes from one trader to another, signed by the sender's device and for this recipient only. Between two nodes that are
 * connected it travels as it is, through a mailbox sealed.
 */
export const letterSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('letter'),
  to: keySchema,
  /** Kinds are open: a recipient says of one that it does not know that it does not. */
  parcels: z
    .array(
      z.looseObject({
        kind: z.string().regex(/^[a-z][a-z-]{0,31}$/),
        bytes: bytesUpTo(MAX_PARCEL_BYTES),
        /** The trade that it belongs to, where it belongs to one. */
        about: cidSchema.optional(),
      }),
    )
    .max(MAX_PARCELS),
  reply: replySchema.optional(),
});
export type Letter = z.infer<typeof letterSchema>;

const DAY = 24 * 60 * 60 * 1000;
/** Mailboxes keep a sealed letter so long. */
export const LETTER_LIFETIME = 30 * DAY;
/** An older letter is nobody's who still waits: it would be a copy that somebody kept. Twice what mailboxes keep, for clocks and retries. */
export const OLDEST_LETTER = 2 * LETTER_LIFETIME;
