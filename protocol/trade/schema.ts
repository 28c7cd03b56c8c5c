import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { headerShape } from '../header.js';
import { cidSchema } from '../schema.js';
import { DELIVERY_SCHEMAS } from './messages/delivery.js';
import { DISPUTE_SCHEMAS } from './messages/dispute.js';
import { NEGOTIATION_SCHEMAS } from './messages/negotiation.js';
import { PAYMENT_SCHEMAS } from './messages/payment.js';
import { RATING_SCHEMAS } from './messages/rating.js';
import type { Role } from './roles.js';

export { MAX_HEADS } from './messages/step.js';

/** Messages of each role in a trade: nobody can fill the log for the others. Enough for every honest trade many times over. */
export const MAX_MESSAGES_OF: Readonly<Record<Role, number>> = { buyer: 500, seller: 500, arbiter: 100 };
/** A trade's log ends here. */
export const MAX_MESSAGES = MAX_MESSAGES_OF.buyer + MAX_MESSAGES_OF.seller + MAX_MESSAGES_OF.arbiter;

/** Every message of a trade, by kind. The rules that hold between them are in rules.ts. */
export const TRADE_SCHEMAS = {
  ...NEGOTIATION_SCHEMAS,
  ...PAYMENT_SCHEMAS,
  ...DELIVERY_SCHEMAS,
  ...DISPUTE_SCHEMAS,
  ...RATING_SCHEMAS,
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
  /** The trade that the message is of; absent for what belongs to none. */
  trade: cidSchema.optional(),
  /** A person has seen it, too. */
  read: z.literal(true).optional(),
});
export type Receipt = z.infer<typeof receiptSchema>;
