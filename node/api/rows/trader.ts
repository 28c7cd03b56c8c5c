import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { reading } from './bases.js';

const time = (what: string) => z.int().describe(`${what}, by that trader’s clock, milliseconds since 1970`);

const traderView = z.object({
  trader: z.string(),
  profile: z
    .object({
      name: z.string(),
      description: z.string().optional(),
      mailboxes: z.array(z.string()).describe('Nodes that keep letters for the trader while it is away'),
      published: time('When it was signed'),
    })
    .nullable()
    .describe('What the trader says of itself: anybody may take any name'),
  blockList: z
    .object({
      name: z.string().optional(),
      traders: z.int().describe('How many traders it names'),
      published: time('When it was signed'),
    })
    .nullable()
    .describe('The list that the trader shares for others to subscribe to'),
  blocked: z
    .object({ list: z.string().describe('`own`, or whose list it is'), reason: z.string().optional() })
    .nullable()
    .describe('The block list in use here that names the trader'),
});
export type TraderView = z.infer<typeof traderView>;

export const TRADER_OPERATIONS = {
  traderShow: operation({
    ...reading,
    command: ['trader', 'show'],
    help: 'Show what a trader says of itself: name, mailboxes and shared block list',
    input: z.object({ trader: z.string().min(1).max(100).describe('The trader’s key, z6Mk…') }),
    output: traderView,
    positional: ['trader'],
    strangersText: true,
    example: 'niaga trader show z6Mk…',
  }),
} as const satisfies Record<string, Operation>;
