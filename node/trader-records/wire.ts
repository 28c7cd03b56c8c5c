import { z } from 'zod';
import { KINDS, MAX_ENVELOPE_OVERHEAD } from '../../protocol/kinds.js';
import { keySchema } from '../../protocol/schema.js';

/** The requests about records of traders, and their bounds. */

export const PUT_METHOD = 'trader.put';
export const GET_METHOD = 'trader.get';
export const LIST_METHOD = 'trader.list';

/** The kinds that are found without knowing whose they are. */
export const LISTED_KINDS = ['arbiter-offer'] as const;
export type ListedKind = (typeof LISTED_KINDS)[number];
/** Records in one answer to {@link LIST_METHOD}. */
export const MAX_LISTED = 16;

/** The kinds that are kept under a trader's key. */
export const TRADER_RECORD_KINDS = ['profile', 'block-list', 'capsule', 'arbiter-offer', 'ratings'] as const;
export type TraderRecordKind = (typeof TRADER_RECORD_KINDS)[number];

const LARGEST = Math.max(...TRADER_RECORD_KINDS.map((kind) => KINDS[kind].maxBytes)) + MAX_ENVELOPE_OVERHEAD;
const LARGEST_LISTED = Math.max(...LISTED_KINDS.map((kind) => KINDS[kind].maxBytes)) + MAX_ENVELOPE_OVERHEAD;
const DELEGATION = KINDS.delegation.maxBytes + MAX_ENVELOPE_OVERHEAD;
/** A record, its delegation, and what is around them. */
export const MAX_MESSAGE = LARGEST + DELEGATION + 1_024;

/** All that one answer to {@link LIST_METHOD} holds. */
export const MAX_LIST = MAX_LISTED * (LARGEST_LISTED + DELEGATION) + 1_024;

const bytesUpTo = (most: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= most, 'not an envelope');

export const recordSchema = z.object({ record: bytesUpTo(LARGEST), delegation: bytesUpTo(DELEGATION) });

export const putAnswerSchema = z.object({
  /** `ok` or the code of the refusal. */
  result: z.string().max(64),
});

export const getSchema = z.object({ trader: keySchema, kind: z.enum(TRADER_RECORD_KINDS) });

export const getAnswerSchema = z.object({ found: recordSchema.optional() });

export const listSchema = z.object({ kind: z.enum(LISTED_KINDS) });

export const listAnswerSchema = z.object({ found: z.array(recordSchema).max(MAX_LISTED) });
