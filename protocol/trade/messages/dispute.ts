import { z } from 'zod';
import { moneySchema } from '../../money.js';
import { cidSchema, textSchema } from '../../schema.js';
import { partsSchema } from '../parts.js';
import { attachmentsSchema, noteSchema, reasonSchema, stepShape } from './step.js';

const MAX_STATEMENT = 8_000;

/** How a contract is changed after the fact: agreed by both as a remedy, or by ruling. */
const remedyShape = {
  /** So much less is to be paid; what was paid beyond goes back. */
  refund: moneySchema.optional(),
  /** The buyer sends these back. */
  return: partsSchema.optional(),
  /** The seller delivers these again. */
  replace: partsSchema.optional(),
  /** These need not be delivered any more. */
  omit: partsSchema.optional(),
};
const remedySchema = z.looseObject(remedyShape);
export type Remedy = z.infer<typeof remedySchema>;

/** Messages by which the sides, and at last the arbiter, mend what went wrong. */
export const DISPUTE_SCHEMAS = {
  /** The arbiter's word that it is the arbiter of this contract. */
  consent: z.looseObject({ ...stepShape, kind: z.literal('consent'), note: noteSchema.optional() }),
  remedy: z.looseObject({ ...stepShape, kind: z.literal('remedy'), ...remedyShape, reason: reasonSchema }),
  'remedy-accept': z.looseObject({ ...stepShape, kind: z.literal('remedy-accept'), answers: cidSchema }),
  'remedy-decline': z.looseObject({
    ...stepShape,
    kind: z.literal('remedy-decline'),
    answers: cidSchema,
    reason: noteSchema.optional(),
  }),
  dispute: z.looseObject({
    ...stepShape,
    kind: z.literal('dispute'),
    reason: reasonSchema,
    /** What its author would take for a good end. */
    wants: remedySchema.optional(),
    attachments: attachmentsSchema.optional(),
  }),
  'dispute-withdrawn': z.looseObject({
    ...stepShape,
    kind: z.literal('dispute-withdrawn'),
    reason: noteSchema.optional(),
  }),
  statement: z.looseObject({
    ...stepShape,
    kind: z.literal('statement'),
    text: textSchema(1, MAX_STATEMENT),
    attachments: attachmentsSchema.optional(),
  }),
  /** The arbiter's decision; of the four none needs to be there: then all stays as it was agreed. */
  ruling: z.looseObject({ ...stepShape, kind: z.literal('ruling'), ...remedyShape, reason: reasonSchema }),
} as const;
