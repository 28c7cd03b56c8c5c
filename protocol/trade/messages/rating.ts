import { z } from 'zod';
import { noteSchema, reasonSchema, stepShape } from './step.js';

const MAX_STARS = 5;

/** What the sides say of each other after the end. */
export const RATING_SCHEMAS = {
  rating: z.looseObject({
    ...stepShape,
    kind: z.literal('rating'),
    stars: z.int().min(1).max(MAX_STARS),
    text: noteSchema.optional(),
  }),
  /** The rated side's answer. */
  reply: z.looseObject({ ...stepShape, kind: z.literal('reply'), text: reasonSchema }),
} as const;
