import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { reading } from './bases.js';

/** Parts of the node, as they name themselves in what they log. */
export const LOG_AREAS = [
  'api',
  'blocks',
  'catalog',
  'chat',
  'devices',
  'events',
  'index',
  'keep',
  'mail',
  'network',
  'search',
  'store',
  'traders',
  'trades',
  'watch',
  'webhooks',
] as const;
export type LogArea = (typeof LOG_AREAS)[number];

/** Each with all that follow it. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const logView = z.object({ area: z.enum(LOG_AREAS), level: z.enum(LOG_LEVELS) });
export type LogView = z.infer<typeof logView>;
const output = z.object({ areas: z.array(logView).describe('How much is logged of each part of the node') });

const admin = { ...reading, scope: 'admin', output } as const;

/** How much is logged while a node runs. */
export const LOG_OPERATIONS = {
  logList: operation({
    ...admin,
    command: ['log', 'list'],
    help: 'List how much the running node logs of each of its parts',
    input: z.object({}),
    example: 'niaga log list',
  }),
  logSet: operation({
    ...admin,
    command: ['log', 'set'],
    help: 'Log more or less from now on, until the node ends; for good: niaga config set log-level',
    input: z.object({
      level: z.enum(LOG_LEVELS).describe('This and what is graver'),
      area: z
        .array(z.enum(LOG_AREAS))
        .max(LOG_AREAS.length)
        .default([])
        .describe('Only of this part; of all unless said; may be given several times'),
    }),
    positional: ['level'],
    changes: true,
    example: 'niaga log set debug --area mail --area network',
  }),
} as const satisfies Record<string, Operation>;
