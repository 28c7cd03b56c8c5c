import { z } from 'zod';
import { commitmentSchema, saltSchema } from '../../private.js';
import { cidSchema, textSchema } from '../../schema.js';
import { partsSchema } from '../parts.js';
import { noteSchema, stepShape, wordsSchema } from './step.js';

/** Files of one delivery of digital goods at most. */
const MAX_FILES = 100;

/** Which part of the order is meant; without it all that is left. */
const partShape = {
  ...stepShape,
  parts: partsSchema.optional(),
};

const sentShape = {
  ...partShape,
  tracking: wordsSchema.optional(),
  carrier: wordsSchema.optional(),
  note: noteSchema.optional(),
};

/** Messages about goods and services. */
export const DELIVERY_SCHEMAS = {
  /** Sent, handed over, or the service done. */
  shipped: z.looseObject({
    ...sentShape,
    kind: z.literal('shipped'),
    /** Digital goods: encrypted files, to be fetched by anybody. */
    content: z
      .array(
        z.looseObject({
          /** Id of the encrypted file: a blob. */
          cid: cidSchema,
          /** Its bytes. */
          size: z.int().min(0),
          name: textSchema(1, 200),
          /** Commitment of the key, which the buyer gets sealed once the money was seen. */
          key: commitmentSchema,
        }),
      )
      .min(1)
      .max(MAX_FILES)
      .optional(),
    /** What the buyer showed when picking up: it opens the commitment in the contract, and so proves that the goods were received. */
    code: z.looseObject({ salt: saltSchema, value: textSchema(1, 200) }).optional(),
  }),
  received: z.looseObject({ ...partShape, kind: z.literal('received'), note: noteSchema.optional() }),
  /** All that was sent came and is as agreed: ends the inspection. */
  approved: z.looseObject({ ...stepShape, kind: z.literal('approved'), note: noteSchema.optional() }),
  /** The buyer has sent goods back. */
  returned: z.looseObject({ ...sentShape, kind: z.literal('returned') }),
  /** The seller's word that goods came back. */
  'return-seen': z.looseObject({ ...partShape, kind: z.literal('return-seen'), note: noteSchema.optional() }),
} as const;
