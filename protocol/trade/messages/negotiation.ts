import { z } from 'zod';
import { headerShape } from '../../header.js';
import { commitmentSchema } from '../../private.js';
import { cidSchema, keySchema, textSchema } from '../../schema.js';
import { termsSchema } from '../terms.js';
import { noteSchema, stepShape } from './step.js';

/** Messages that make a contract, or end a trade without one. */
export const NEGOTIATION_SCHEMAS = {
  /** Opens a trade; its id is the trade's. */
  offer: z.looseObject({
    ...headerShape,
    kind: z.literal('offer'),
    trade: z.never().optional(),
    heads: z.array(cidSchema).max(0),
    buyer: keySchema,
    seller: keySchema,
    terms: termsSchema,
  }),
  /** New terms instead of the proposal that it answers. */
  counter: z.looseObject({ ...stepShape, kind: z.literal('counter'), answers: cidSchema, terms: termsSchema }),
  accept: z.looseObject({
    ...stepShape,
    kind: z.literal('accept'),
    answers: cidSchema,
    /** Of the buyer: commitment of the address, where the seller's proposal could not name it. */
    address: commitmentSchema.optional(),
    /** Of the buyer: commitment of the phone number, likewise. */
    phone: commitmentSchema.optional(),
    /** Of the buyer: commitment of the code for picking up, likewise. */
    code: commitmentSchema.optional(),
  }),
  decline: z.looseObject({
    ...stepShape,
    kind: z.literal('decline'),
    answers: cidSchema,
    reason: noteSchema.optional(),
  }),
  /** Takes back the author's own proposal while it is unanswered. */
  withdraw: z.looseObject({ ...stepShape, kind: z.literal('withdraw'), answers: cidSchema }),
  cancel: z.looseObject({ ...stepShape, kind: z.literal('cancel'), reason: noteSchema.optional() }),
  /** Says that a deadline has passed. `deadline` is an open enum; the deadlines of this version are in deadlines.ts. */
  timeout: z.looseObject({ ...stepShape, kind: z.literal('timeout'), deadline: textSchema(1, 64) }),
} as const;
