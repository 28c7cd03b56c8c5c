import { z } from 'zod';
import { headerShape } from '../../header.js';
import { commitmentSchema } from '../../private.js';
import { cidSchema, textSchema } from '../../schema.js';
import { MAX_NOTE } from '../terms.js';

/** A message names at most so many heads; honest logs have two or three. */
export const MAX_HEADS = 64;
/** Files beside a message at most. */
const MAX_ATTACHMENTS = 16;

export const noteSchema = textSchema(0, MAX_NOTE);
export const reasonSchema = textSchema(1, MAX_NOTE);
export const wordsSchema = textSchema(1, 200);
/** Commitments of files that go sealed to the other side and to the arbiter, and into the evidence where somebody discloses them. */
export const attachmentsSchema = z.array(commitmentSchema).min(1).max(MAX_ATTACHMENTS);

/** What all messages but the first have: the trade, and every head of its log that the author had seen. */
export const stepShape = {
  ...headerShape,
  /** Id of the first offer. */
  trade: cidSchema,
  /** Sorted by bytes, none twice, none an ancestor of another. */
  heads: z.array(cidSchema).min(1).max(MAX_HEADS),
};
