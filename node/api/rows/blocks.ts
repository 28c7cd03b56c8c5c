import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { reading } from './bases.js';

const traderKey = z.string().min(1).max(100);
const time = (what: string) => z.int().describe(`${what}, milliseconds since 1970`);

const blockedView = z.object({
  trader: z.string(),
  reason: z.string().optional(),
  since: time('When it was blocked'),
});
export type BlockedView = z.infer<typeof blockedView>;

const subscriptionView = z.object({
  trader: z.string().describe('Whose list it is'),
  name: z.string().optional().describe('What that trader calls the list'),
  traders: z.int().describe('How many traders it names'),
  published: time('When its owner signed it, by the owner’s clock'),
  checked: time('When it was last asked for'),
});
export type SubscriptionView = z.infer<typeof subscriptionView>;

const blockListView = z.object({
  shared: z.boolean().describe('Whether the own list is published for others to subscribe to'),
  traders: z.array(blockedView).describe('The own list'),
  subscriptions: z.array(subscriptionView).describe('Lists of others that count here too'),
});
export type BlockListView = z.infer<typeof blockListView>;

const sharedView = z.object({
  trader: z.string().describe('The key that others subscribe to: the own one'),
  traders: z.int().describe('How many traders the list names'),
  replicas: z.int().describe('Other nodes that keep it now'),
});
export type SharedView = z.infer<typeof sharedView>;

const change = { ...reading, scope: 'admin', changes: true, positional: ['trader'] } as const;

/** Block lists: own and subscribed to. */
export const BLOCK_OPERATIONS = {
  blockAdd: operation({
    ...change,
    command: ['block', 'add'],
    help: 'Block a trader: no hits, no cards kept here, no offers from there',
    input: z.object({
      trader: traderKey.describe('The trader’s key, z6Mk…; every hit names its seller’s'),
      reason: z.string().max(400).optional().describe('Why; others see it when the list is shared'),
    }),
    output: blockedView,
    example: 'niaga block add z6Mk… --reason "sold empty boxes"',
  }),
  blockRemove: operation({
    ...change,
    command: ['block', 'remove'],
    help: 'Take a trader off the own block list',
    input: z.object({ trader: traderKey.describe('The trader’s key') }),
    output: blockedView,
    example: 'niaga block remove z6Mk…',
  }),
  blockList: operation({
    ...reading,
    command: ['block', 'list'],
    help: 'Show the own block list and the lists subscribed to',
    input: z.object({}),
    output: blockListView,
    strangersText: true,
    example: 'niaga block list',
  }),
  blockShare: operation({
    ...change,
    command: ['block', 'share'],
    help: 'Publish the own block list, now and after each change, for others to subscribe to',
    input: z.object({}),
    output: sharedView,
    positional: [],
    confirm: true,
    example: 'niaga block share',
  }),
  blockSubscribe: operation({
    ...change,
    command: ['block', 'subscribe'],
    help: 'Block whom another trader blocks, as their list changes',
    input: z.object({ trader: traderKey.describe('The trader who shares the list') }),
    output: subscriptionView,
    strangersText: true,
    example: 'niaga block subscribe z6Mk…',
  }),
  blockUnsubscribe: operation({
    ...change,
    command: ['block', 'unsubscribe'],
    help: 'Stop using another trader’s block list',
    input: z.object({ trader: traderKey.describe('The trader who shares the list') }),
    output: subscriptionView,
    strangersText: true,
    example: 'niaga block unsubscribe z6Mk…',
  }),
} as const satisfies Record<string, Operation>;
