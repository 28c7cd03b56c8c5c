import { z } from 'zod';
import { messageView, moneyView, roleView, tradeView } from './views.js';

/** One trade with all that is known of it. */

const nextView = z.object({
  by: roleView,
  step: z.string().describe('The kind of message'),
  does: z.string(),
  command: z.string().optional().describe('What to type, where this side may'),
});

const deliveryView = z.object({
  method: z.string(),
  code: z.boolean().describe('Whether the goods are handed over for a code that the buyer has'),
  milestones: z
    .array(
      z.object({
        milestone: z.int().describe('Its number, as --parts takes it'),
        title: z.string(),
        amount: moneyView,
      }),
    )
    .optional(),
});

const hours = (what: string) => z.number().describe(`Hours ${what}`);

const termsView = z.object({
  shipping: moneyView.nullable().describe('Of the whole order; part of the total'),
  stock: z
    .enum(['reserved', 'subject-to-stock'])
    .nullable()
    .describe(
      'What the seller promises: subject-to-stock binds once the seller has confirmed; null: the buyer proposed',
    ),
  arbiter: z
    .object({ trader: z.string(), fee: moneyView, offer: z.string().describe('What it offers, by id') })
    .nullable()
    .describe('Who rules where the sides do not agree, and what a ruling costs'),
  payment: z.string().describe('How the money moves; direct: as both agree, outside of the node'),
  deadlines: z.object({
    payment: hours('for the buyer to pay'),
    delivery: hours('for the seller to send what was paid'),
    inspection: hours('for the buyer to look at what came'),
    answer: hours('for a side to answer a remedy'),
    ruling: hours('for the arbiter to rule'),
  }),
  notes: z.array(z.string()).describe('What its author wrote beside it'),
});

export const tradeDetailView = tradeView.extend({
  terms: termsView.describe('What else is agreed, or proposed: to be read before it is accepted'),
  delivery: deliveryView.nullable().describe('How the goods come, where the terms say it'),
  next: z.array(nextView).describe('What may be done next, this side’s first'),
  messages: z.array(messageView),
});
export type TradeDetailView = z.infer<typeof tradeDetailView>;
