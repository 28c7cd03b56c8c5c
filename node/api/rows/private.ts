import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { id, reading } from './bases.js';
import { fileView } from './chat.js';

const role = z.enum(['buyer', 'seller', 'arbiter']);
const tradeId = id('The trade, or the beginning of its id (8 characters or more)');
/** protocol/trade/commitments.ts */
const privateKind = z.enum(['address', 'phone', 'code', 'proof', 'attachment', 'key']);

export const privateView = z.object({
  what: privateKind,
  of: role.describe('Who committed to it'),
  status: z
    .enum(['here', 'awaited', 'withheld', 'forgotten', 'lost'])
    .describe(
      'here: on this disk; awaited: on its way, or asked for by a restored home; withheld: it comes when it is needed, if ever; forgotten: deleted here; lost: an own one that this disk has not, and that nobody has given back',
    ),
  value: z.string().optional().describe('Texts, where they are here'),
  file: fileView.optional(),
  sent: z
    .array(z.object({ to: role, delivery: z.enum(['queued', 'stored', 'delivered', 'read', 'refused']) }))
    .optional()
    .describe('To whom it was sent, and how far it is'),
});
export type PrivateView = z.infer<typeof privateView>;

const forgottenView = z.object({
  trade: z.string(),
  values: z
    .array(
      z.object({
        what: privateKind,
        own: z.boolean(),
        sentTo: z.array(role).describe('Who was sent it, and may still hold it'),
      }),
    )
    .describe('What was deleted on this disk'),
  messages: z.int().describe('Chat messages about the trade that were deleted'),
  remains: z.string().describe('What this cannot delete'),
});
export type ForgottenView = z.infer<typeof forgottenView>;

/** What a trade commits to and does not say. */
export const PRIVATE_OPERATIONS = {
  tradeDisclose: operation({
    ...reading,
    command: ['trade', 'disclose'],
    help: 'Give the arbiter what the trade keeps private: address, phone number, proofs',
    input: z.object({
      trade: tradeId,
      what: z
        .array(z.string().max(20))
        .max(6)
        .default([])
        .describe(`Only these, of ${privateKind.options.join(', ')}; all that is here unless said`),
    }),
    output: z.object({ trade: z.string(), values: z.int().describe('How many were sent') }),
    positional: ['trade'],
    scope: 'trade',
    changes: true,
    confirm: true,
    example: 'niaga trade disclose bafyrei… --what proof',
  }),
  tradeForget: operation({
    ...reading,
    command: ['trade', 'forget'],
    help: 'Delete what was private in a trade that is over, keys of digital goods too: save those first',
    input: z.object({
      trade: tradeId,
      chat: z.boolean().default(false).describe('Delete the chat messages about it too'),
    }),
    output: forgottenView,
    positional: ['trade'],
    scope: 'trade',
    changes: true,
    confirm: true,
    example: 'niaga trade forget bafyrei… --chat',
  }),
} as const satisfies Record<string, Operation>;
