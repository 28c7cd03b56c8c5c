import type { z } from 'zod';
import { cardSchema, deltaSchema, leaseSchema, listingSchema, tombstoneSchema } from './catalog/card.js';
import {
  blockListSchema,
  delegationSchema,
  profileSchema,
  revocationSchema,
  type Capability,
} from './identity/delegation.js';
import { chatSchema } from './chat/message.js';
import { capsuleSchema } from './identity/capsule.js';
import { writerSchema } from './identity/writer.js';
import { arbiterOfferSchema } from './trade/arbiter.js';
import { MAX_RATINGS_BYTES, ratingsSchema } from './trade/shown-ratings.js';
import { evidenceSchema } from './trade/evidence-schema.js';
import { mailboxRequestSchema, mailboxTokenSchema } from './mail/deposit.js';
import { letterSchema, MAX_LETTER_BYTES } from './mail/letter.js';
import { receiptSchema, TRADE_SCHEMAS } from './trade/schema.js';

const KiB = 1024;

/** An envelope's signature, field names and an inline delegation (≤ 1 KiB) around the payload. */
export const MAX_ENVELOPE_OVERHEAD = 2 * KiB;
/** DESIGN section 5: a card is at most 1 KiB with its signature; the envelope around the payload takes 154 bytes. */
export const MAX_CARD_PAYLOAD = KiB - 160;

export interface KindRow {
  readonly schema: z.ZodObject;
  /** Payload bytes at most. */
  readonly maxBytes: number;
  /** Envelope bytes at most, where that is less than the payload's and {@link MAX_ENVELOPE_OVERHEAD} together. */
  readonly maxEnvelopeBytes?: number;
  /** What its device's delegation must allow; `root`: signed by the trader's root key itself. */
  readonly capability: Capability | 'root';
  /** The root itself may sign it too. */
  readonly orRoot?: true;
}

const trade = <S>(schema: S) => ({ schema, maxBytes: 64 * KiB, capability: 'trade' }) as const;

/** Every kind of record there is: its shape, its size, and who may sign it. */
export const KINDS = {
  delegation: { schema: delegationSchema, maxBytes: KiB, capability: 'root' },
  revocation: { schema: revocationSchema, maxBytes: 128 * KiB, capability: 'root' },
  writer: { schema: writerSchema, maxBytes: 128 * KiB, capability: 'trade', orRoot: true },
  capsule: { schema: capsuleSchema, maxBytes: 66 * KiB, capability: 'trade' },
  profile: { schema: profileSchema, maxBytes: 16 * KiB, capability: 'profile' },
  'block-list': { schema: blockListSchema, maxBytes: 128 * KiB, capability: 'profile' },
  'arbiter-offer': { schema: arbiterOfferSchema, maxBytes: 16 * KiB, capability: 'profile' },
  ratings: { schema: ratingsSchema, maxBytes: MAX_RATINGS_BYTES, capability: 'profile' },
  listing: { schema: listingSchema, maxBytes: 128 * KiB, capability: 'publish' },
  card: { schema: cardSchema, maxBytes: MAX_CARD_PAYLOAD, maxEnvelopeBytes: KiB, capability: 'publish' },
  delta: { schema: deltaSchema, maxBytes: KiB / 2, capability: 'publish' },
  tombstone: { schema: tombstoneSchema, maxBytes: KiB, capability: 'publish' },
  lease: { schema: leaseSchema, maxBytes: KiB, capability: 'publish' },
  offer: trade(TRADE_SCHEMAS.offer),
  counter: trade(TRADE_SCHEMAS.counter),
  accept: trade(TRADE_SCHEMAS.accept),
  decline: trade(TRADE_SCHEMAS.decline),
  withdraw: trade(TRADE_SCHEMAS.withdraw),
  cancel: trade(TRADE_SCHEMAS.cancel),
  paid: trade(TRADE_SCHEMAS.paid),
  'payment-seen': trade(TRADE_SCHEMAS['payment-seen']),
  shipped: trade(TRADE_SCHEMAS.shipped),
  received: trade(TRADE_SCHEMAS.received),
  timeout: trade(TRADE_SCHEMAS.timeout),
  refunded: trade(TRADE_SCHEMAS.refunded),
  'refund-seen': trade(TRADE_SCHEMAS['refund-seen']),
  approved: trade(TRADE_SCHEMAS.approved),
  returned: trade(TRADE_SCHEMAS.returned),
  'return-seen': trade(TRADE_SCHEMAS['return-seen']),
  consent: trade(TRADE_SCHEMAS.consent),
  remedy: trade(TRADE_SCHEMAS.remedy),
  'remedy-accept': trade(TRADE_SCHEMAS['remedy-accept']),
  'remedy-decline': trade(TRADE_SCHEMAS['remedy-decline']),
  dispute: trade(TRADE_SCHEMAS.dispute),
  'dispute-withdrawn': trade(TRADE_SCHEMAS['dispute-withdrawn']),
  statement: trade(TRADE_SCHEMAS.statement),
  ruling: trade(TRADE_SCHEMAS.ruling),
  rating: trade(TRADE_SCHEMAS.rating),
  reply: trade(TRADE_SCHEMAS.reply),
  receipt: { schema: receiptSchema, maxBytes: KiB, capability: 'trade' },
  chat: { schema: chatSchema, maxBytes: 16 * KiB, capability: 'trade' },
  letter: { schema: letterSchema, maxBytes: MAX_LETTER_BYTES, capability: 'trade' },
  'mailbox-token': { schema: mailboxTokenSchema, maxBytes: KiB, capability: 'trade' },
  'mailbox-request': { schema: mailboxRequestSchema, maxBytes: 64 * KiB, capability: 'trade' },
  evidence: { schema: evidenceSchema, maxBytes: 32 * KiB * KiB, capability: 'trade' },
} as const satisfies Record<string, KindRow>;

export type Kind = keyof typeof KINDS;
export type PayloadOf<K extends Kind> = z.infer<(typeof KINDS)[K]['schema']>;
