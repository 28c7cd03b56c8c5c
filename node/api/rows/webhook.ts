import { z } from 'zod';
import { EVENT_TYPES } from '../../events/types.js';
import { operation, type Operation } from '../operation.js';
import { id, page, reading } from './bases.js';

const webhookView = z.object({
  webhook: z.string().describe('The id of the webhook'),
  url: z.string(),
  type: z.array(z.enum(EVENT_TYPES)).describe('What is sent there; none: all events'),
  created: z.int().describe('Milliseconds since 1970'),
  sent: z.int().describe('The number of the last event that has arrived there, or is not for it'),
  newest: z.int().describe('The number of the newest event: what lies between is on its way'),
  failing: z
    .object({
      since: z.int().describe('When the first try failed, milliseconds since 1970'),
      tries: z.int(),
      problem: z.string(),
    })
    .optional()
    .describe('The event after the last one that arrived could not be brought there yet'),
});
export type WebhookView = z.infer<typeof webhookView>;

const owning = { ...reading, scope: 'admin', changes: true } as const;

/** Events that are brought to other programs over HTTP. */
export const WEBHOOK_OPERATIONS = {
  webhookAdd: operation({
    ...owning,
    command: ['webhook', 'add'],
    help: 'Send events to a program of yours, signed, each until it has arrived',
    input: z.object({
      url: z
        .string()
        .min(1)
        .max(2_000)
        .describe('Where to: an http or https address; the node asks it, wherever it leads'),
      secret: z.string().min(16).max(200).describe('What the signature is made with: 16 to 200 characters'),
      type: z
        .array(z.enum(EVENT_TYPES))
        .max(EVENT_TYPES.length)
        .default([])
        .describe('Only events of this type; may be given several times'),
    }),
    output: webhookView,
    positional: ['url'],
    confirm: true,
    example: 'niaga webhook add https://toko.example/niaga --secret-file secret.txt --type trade-changed',
  }),
  webhookList: operation({
    ...reading,
    command: ['webhook', 'list'],
    help: 'List webhooks, and whether what is sent arrives',
    input: z.object(page),
    output: webhookView,
    scope: 'admin',
    answer: 'page',
    example: 'niaga webhook list',
  }),
  webhookRemove: operation({
    ...owning,
    command: ['webhook', 'remove'],
    help: 'Send nothing there any more, not even what waits',
    input: z.object({ webhook: id('The webhook, by its id') }),
    output: webhookView,
    positional: ['webhook'],
    example: 'niaga webhook remove 4f1c09ab',
  }),
} as const satisfies Record<string, Operation>;
