import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { page, reading } from './bases.js';

const inboxItemView = z.object({
  item: z.string().describe('Its id in this list'),
  kind: z
    .enum(['trade', 'chat', 'undelivered', 'equivocation'])
    .describe(
      'trade: this side is to act next; chat: messages that nobody has read; undelivered: one that was refused, or has waited here for long; equivocation: somebody signed what contradicts itself',
    ),
  with: z.string().describe('The other trader'),
  trade: z.string().optional(),
  state: z.string().optional().describe('Of a trade'),
  text: z.string().describe('What waits'),
  since: z.int().describe('Since when, milliseconds since 1970'),
  deadline: z.int().optional().describe('Until when, milliseconds since 1970'),
  count: z.int().optional().describe('How many messages'),
  command: z.string().describe('What to type'),
});
export type InboxItemView = z.infer<typeof inboxItemView>;

/** What waits for a person. */
export const INBOX_OPERATIONS = {
  inbox: operation({
    ...reading,
    command: ['inbox'],
    help: 'What waits for you: trades in which you are next, unread messages, what could not be delivered',
    input: z.object(page),
    output: inboxItemView,
    answer: 'page',
    strangersText: true,
    example: 'niaga inbox',
  }),
  inboxClear: operation({
    ...reading,
    command: ['inbox', 'clear'],
    help: 'Take out of the inbox what the other side has refused: you know it',
    input: z.object({
      item: z.string().max(400).optional().describe('One of them, as inbox names it; all unless said'),
    }),
    output: z.object({ cleared: z.int().describe('How many') }),
    positional: ['item'],
    scope: 'trade',
    changes: true,
    example: 'niaga inbox clear',
  }),
} as const satisfies Record<string, Operation>;
