import { z } from 'zod';
import { headerShape } from '../header.js';
import { seqSchema } from '../schema.js';

const KiB = 1024;
/** A text of 2,000 characters, its signature and the delegation of its device. */
const MAX_ENVELOPE = 12 * KiB;
/** Ratings that a trader shows at most, the newest. */
export const MAX_SHOWN_RATINGS = 100;
/** Payload bytes: some fifty to a hundred ratings with a line or two of text. */
export const MAX_RATINGS_BYTES = 128 * KiB;

const envelope = z
  .custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length > 0 && value.length <= MAX_ENVELOPE,
    'is not an envelope',
  )
  .meta({ id: 'bytes' });

/**
 * What others said of its author after trades, the newest first: envelopes of a `rating`, of a message by which the author itself has
 * signed that it was in that trade (`payment-seen` of a seller, `received` or `approved` of a buyer), and of its `reply`. Published,
 * like the profile, at the nodes closest to the author's key, so that it can be read while the author sleeps. Whoever reads it
 * verifies each envelope.
 */
export const ratingsSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('ratings'),
  slot: z.literal('ratings'),
  seq: seqSchema,
  item: z.looseObject({
    ratings: z
      .array(z.looseObject({ rating: envelope, bond: envelope, reply: envelope.optional() }))
      .max(MAX_SHOWN_RATINGS),
  }),
});
type RatingsRecord = z.infer<typeof ratingsSchema>;
/** One rating as its author shows it. */
export type ShownRating = RatingsRecord['item']['ratings'][number];
