import { z } from 'zod';
import { KINDS, MAX_ENVELOPE_OVERHEAD } from '../../protocol/kinds.js';
import { keySchema } from '../../protocol/schema.js';

/** The requests about records of traders, and their bounds. */

export const PUT_METHOD = 'trader.put';
export const GET_METHOD = 'trader.get';

/** The kinds that are kept under a trader's key. */
export const TRADER_RECORD_KINDS = ['profile', 'block-list', 'capsule'] as const;
export type TraderRecordKind = (typeof TRADER_RECORD_KINDS)[number];

const LARGEST = Math.max(...TRADER_RECORD_KINDS.map((kind) => KINDS[kind].maxBytes)) + MAX_ENVELOPE_OVERHEAD;
const DELEGATION = KINDS.delegation.maxBytes + MAX_ENVELOPE_OVERHEAD;
/** A record, its delegation, and what is around them. */
export const MAX_MESSAGE = LARGEST + DELEGATION + 1_024;

const bytesUpTo = (most: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= most, 'not an envelope');

export const recordSchema = z.object({ record: bytesUpTo(LARGEST), delegation: bytesUpTo(DELEGATION) });

export const putAnswerSchema = z.object({
  /** `ok` or the code of the refusal. */
  result: z.string().max(64),
});

export const getSchema = z.object({ trader: keySchema, kind: z.enum(TRADER_RECORD_KINDS) });

export const getAnswerSchema = z.object({ found: recordSchema.optional() });
