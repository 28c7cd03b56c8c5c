import { z } from 'zod';
import { KINDS, MAX_ENVELOPE_OVERHEAD } from '../../protocol/kinds.js';
import { cidSchema } from '../../protocol/schema.js';
import { MAX_MESSAGES } from '../../protocol/trade/index.js';

/** The requests by which a party of a trade, or another device of the same trader, reads its log; and their bounds. */

export const LOG_METHOD = 'trade.log';
export const LIST_METHOD = 'trade.list';
export const CHANGED_METHOD = 'devices.changed';
export const ROWS_METHOD = 'devices.rows';

/** Bytes of records in one answer; one more may go over it. */
export const ANSWER_BYTES = 512 * 1024;
export const MAX_ANSWER = 1024 * 1024;
/** Trades in one list, and rows of the catalogue that are compared at once. */
export const LIST_LENGTH = 500;
export const ROWS_LENGTH = 1_000;

const bytesUpTo = (most: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= most, 'not an envelope');

/** Who asks: the peer that is connected must be the device that the delegation is for. */
const delegation = bytesUpTo(KINDS.delegation.maxBytes + MAX_ENVELOPE_OVERHEAD);
const message = bytesUpTo(KINDS.offer.maxBytes + MAX_ENVELOPE_OVERHEAD);
/** The other side may fork as often as it may write. */
const heads = z.array(cidSchema).max(MAX_MESSAGES);

export const logSchema = z.object({ delegation, trade: cidSchema, have: heads });
export const logAnswerSchema = z.object({
  /** All heads of the log there; none where the trade is not known. */
  heads,
  /** What the asker lacks as far as its heads tell, each after those that it names; there may be more. */
  messages: z.array(message),
  /** Receipts for messages of the log, in any order. */
  receipts: z.array(bytesUpTo(KINDS.receipt.maxBytes + MAX_ENVELOPE_OVERHEAD)),
});

export const listSchema = z.object({ delegation, after: z.string().max(100).optional() });
export const listAnswerSchema = z.object({
  trades: z.array(z.object({ trade: cidSchema, heads, ended: z.boolean() })).max(LIST_LENGTH),
  /** More follow after the last. */
  more: z.boolean(),
});

export const changedSchema = z.object({
  delegation,
  /** The trades that changed, so that no others are compared. Default: all may have. */
  trades: z.array(cidSchema).max(LIST_LENGTH).optional(),
  /** Answer when all of it was read: whoever asks is about to let this device write. */
  wait: z.boolean().optional(),
});

const key = z.string().max(400);
export const rowsSchema = z.object({
  delegation,
  table: z.string().max(40),
  /** Keys after this one; the first ones unless said. */
  after: key.optional(),
  /** The asker's own keys from there on, each with the beginning of its row's hash. */
  have: z.array(z.tuple([key, bytesUpTo(8)])).max(ROWS_LENGTH),
});
export const rowsAnswerSchema = z.object({
  /** Rows that the asker lacks or has otherwise. */
  rows: z.array(z.tuple([key, bytesUpTo(512 * 1024)])),
  /** Keys that the asker has and that are not there any more. */
  gone: z.array(key).max(ROWS_LENGTH),
  /** How far this goes; undefined: to the end. */
  until: key.optional(),
});
