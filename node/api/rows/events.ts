import { z } from 'zod';
import { EVENT_TYPES } from '../../events/types.js';
import { operation, type Operation } from '../operation.js';
import { reading } from './bases.js';

const eventView = z.object({
  seq: z.int().describe('Its number: give the last one that was seen as `after` to miss nothing'),
  time: z.int().describe('By this node’s clock, milliseconds since 1970'),
  type: z.enum(EVENT_TYPES),
  data: z.record(z.string(), z.unknown()).describe('What it tells; a `gap` says how many events were missed'),
});
export type EventView = z.infer<typeof eventView>;

/** What happened at this node. */
export const EVENT_OPERATIONS = {
  events: operation({
    ...reading,
    command: ['events'],
    help: 'Show what happened at this node, and what happens while it is followed',
    input: z.object({
      after: z
        .int()
        .min(0)
        .optional()
        .describe('Only events with a higher number; all that are kept unless said, with --follow those to come'),
      follow: z.boolean().default(false).describe('Go on with what is to come, until Ctrl-C'),
      type: z
        .array(z.string().max(40))
        .max(EVENT_TYPES.length)
        .default([])
        .describe(`Only events of this type, one of ${EVENT_TYPES.join(', ')}; may be given several times`),
    }),
    output: eventView,
    answer: 'stream',
    strangersText: true,
    example: 'niaga events --follow --type price-drop',
  }),
} as const satisfies Record<string, Operation>;
