import { z } from 'zod';
import type { DELIVERY_METHODS } from '../../../protocol/trade/index.js';
import type { PageLanguage } from '../../../protocol/trade/evidence-words.js';
import { id, reading } from './bases.js';
import { fileInput } from './chat.js';

/** Fields that several steps of a trade have in common. */

export const LANGUAGES = ['en', 'id'] as const satisfies readonly PageLanguage[];

export const tradeId = id('The trade, or the beginning of its id (8 characters or more)');
const DELIVERY = [
  'shipping',
  'pickup',
  'digital',
  'service',
] as const satisfies readonly (typeof DELIVERY_METHODS)[number][];

/** How long a proposal may stand, hours: up to half a year. */
const MAX_HOURS = 180 * 24;
export const MAX_PARTS = 100;
/** protocol/trade/terms.ts */
const MAX_MILESTONES = 50;

export const note = (to: string) => z.string().max(2_000).optional().describe(`A message to ${to}`);
export const reason = z.string().max(400).optional().describe('Why');
export const why = z.string().min(1).max(2_000).describe('Why');
export const amount = (what: string) => z.string().max(40).optional().describe(what);
const parts = (what: string) => z.array(z.string().max(20)).max(MAX_PARTS).optional().describe(what);
export const sent = {
  parts: parts('Of a line so many pieces, such as 1=2; may be given several times; all that is left unless said'),
  tracking: z.string().max(200).optional().describe('Tracking code'),
  carrier: z.string().max(200).optional().describe('Who carries it'),
  note: note('the other side'),
};
export const remedy = {
  refund: amount('So much less is to be paid; what was paid beyond goes back'),
  return: parts('The buyer sends these back, such as 1=2 for two pieces of line 1; may be given several times'),
  replace: parts('The seller delivers these again'),
  omit: parts('These need not be delivered any more'),
};
/** What only the buyer says, and only the seller gets. */
export const personal = {
  address: z
    .string()
    .min(1)
    .max(2_000)
    .optional()
    .describe('Where to deliver: the log has a commitment only, and the seller gets it once there is a contract'),
  phone: z.string().min(1).max(100).optional().describe('Where to call, likewise'),
  code: z
    .boolean()
    .optional()
    .describe(
      'For what is picked up: make a code; trade show prints it, and you show it when the goods are handed over',
    ),
};
export const forBuyer = {
  address: personal.address.describe('Buyer: where to deliver; only the seller gets it, once there is a contract'),
  phone: personal.phone.describe('Buyer: where to call, likewise'),
  code: personal.code.describe('Buyer: make a code for picking up; trade show prints it'),
};
export const order = {
  delivery: z.enum(DELIVERY).optional().describe('How the goods come'),
  milestone: z
    .array(z.string().max(350))
    .max(MAX_MILESTONES)
    .optional()
    .describe('A step of a service and what it costs, such as "Design=500000 IDR"; all together cost the total'),
  hours: z.int().min(1).max(MAX_HOURS).optional().describe('How many hours the offer stands; 72 unless said'),
  arbiter: z
    .string()
    .max(100)
    .optional()
    .describe('The trader who rules where both sides do not agree; see niaga arbiter list'),
};

export const tradeStep = { ...reading, scope: 'trade', changes: true, confirm: true, positional: ['trade'] } as const;

export const files = z
  .array(fileInput)
  .max(4)
  .optional()
  .describe('Pictures, say: sealed to the others in the trade, the log has commitments only');
