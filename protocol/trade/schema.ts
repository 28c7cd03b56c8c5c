import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { headerShape } from '../header.js';
import { moneySchema } from '../money.js';
import { cidSchema, keySchema, textSchema } from '../schema.js';
import { MAX_NOTE, termsSchema } from './terms.js';

/** A trade's log ends here; enough for every honest trade many times over. */
export const MAX_MESSAGES = 1_000;
/** No side can fill the log for the other: each has half of it. */
export const MAX_MESSAGES_A_PARTY = MAX_MESSAGES / 2;
/** A message names at most so many heads; honest logs have two or three. */
export const MAX_HEADS = 64;

const noteSchema = textSchema(0, MAX_NOTE);
const wordsSchema = textSchema(1, 200);

/** What all messages but the first have: the trade, and every head of its log that the author had seen. */
const stepShape = {
  ...headerShape,
  /** Id of the first offer. */
  trade: cidSchema,
  /** Sorted by bytes, none twice, none an ancestor of another. */
  heads: z.array(cidSchema).min(1).max(MAX_HEADS),
};

/** Every message of a trade, by kind. The rules that hold between them are in rules.ts. */
export const TRADE_SCHEMAS = {
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
  accept: z.looseObject({ ...stepShape, kind: z.literal('accept'), answers: cidSchema }),
  decline: z.looseObject({
    ...stepShape,
    kind: z.literal('decline'),
    answers: cidSchema,
    reason: noteSchema.optional(),
  }),
  /** Takes back the author's own proposal while it is unanswered. */
  withdraw: z.looseObject({ ...stepShape, kind: z.literal('withdraw'), answers: cidSchema }),
  cancel: z.looseObject({ ...stepShape, kind: z.literal('cancel'), reason: noteSchema.optional() }),
  /** The buyer's claim to have paid. `amount`: what this one payment moved. */
  paid: z.looseObject({
    ...stepShape,
    kind: z.literal('paid'),
    method: wordsSchema.optional(),
    reference: wordsSchema.optional(),
    amount: moneySchema,
  }),
  /** The seller's word that money came. `amount`: all that came for this trade so far, so that saying it twice counts once. */
  'payment-seen': z.looseObject({ ...stepShape, kind: z.literal('payment-seen'), amount: moneySchema }),
  /** Sent, handed over, or the service done. */
  shipped: z.looseObject({
    ...stepShape,
    kind: z.literal('shipped'),
    tracking: wordsSchema.optional(),
    carrier: wordsSchema.optional(),
    note: noteSchema.optional(),
  }),
  received: z.looseObject({ ...stepShape, kind: z.literal('received'), note: noteSchema.optional() }),
  /** Says that a deadline has passed. `deadline` is an open enum; this version knows `offer-expiry`. */
  timeout: z.looseObject({ ...stepShape, kind: z.literal('timeout'), deadline: textSchema(1, 64) }),
} as const;

export type MessageKind = keyof typeof TRADE_SCHEMAS;
export const MESSAGE_KINDS = Object.keys(TRADE_SCHEMAS) as readonly MessageKind[];

export type TradePayloadOf<K extends MessageKind> = z.infer<(typeof TRADE_SCHEMAS)[K]>;
export type TradePayload = { [K in MessageKind]: TradePayloadOf<K> }[MessageKind];

/** What the state machine needs of a verified record; every `SignedRecord` of a trade message is one. */
export interface TradeMessage<P extends TradePayload = TradePayload> {
  readonly id: CID;
  readonly payload: P;
}

/** The recipient's word that a message is on its disk. About delivery only: it is never part of a trade's state. */
export const receiptSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('receipt'),
  /** The message received. */
  of: cidSchema,
  trade: cidSchema,
});
export type Receipt = z.infer<typeof receiptSchema>;
