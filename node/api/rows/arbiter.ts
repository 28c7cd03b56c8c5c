import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { moneyView } from '../views.js';
import { reading } from './bases.js';

/** As many as a record may name (protocol/trade/arbiter.ts). */
const MAX_EACH = 20;

const arbiterView = z.object({
  trader: z.string(),
  offer: z.string().describe('The id of the signed offer, as contracts name it'),
  open: z.boolean().describe('Whether it takes new contracts'),
  fees: z.array(moneyView).describe('What a ruling costs, one amount a currency'),
  share: z.number().optional().describe('And so much per cent of the contract’s total'),
  languages: z.array(z.string()),
  terms: z.string().optional(),
  published: z.int(),
  own: z.boolean(),
});
export type ArbiterView = z.infer<typeof arbiterView>;

/** Who rules where the sides of a trade do not agree. */
export const ARBITER_OPERATIONS = {
  arbiterOffer: operation({
    ...reading,
    command: ['arbiter', 'offer'],
    help: 'Offer to be an arbiter: contracts that name you on these terms get your consent by themselves',
    input: z.object({
      fee: z
        .array(z.string().max(40))
        .max(MAX_EACH)
        .optional()
        .describe(
          'What a ruling costs, such as "50000 IDR"; may be given once for each currency; as before unless said',
        ),
      share: z.number().min(0).max(100).optional().describe('And so much per cent of the contract’s total'),
      language: z
        .array(z.string().min(2).max(16))
        .max(MAX_EACH)
        .optional()
        .describe('A language in which statements may be written, such as id; may be given several times'),
      terms: z.string().max(4_000).optional().describe('What else the sides should know'),
      close: z.boolean().default(false).describe('Take no new contracts'),
    }),
    output: arbiterView,
    scope: 'trade',
    changes: true,
    confirm: true,
    example: 'niaga arbiter offer --fee "50000 IDR" --share 1.5 --language id --terms "A ruling within a week"',
  }),
  arbiterList: operation({
    ...reading,
    command: ['arbiter', 'list'],
    help: 'List arbiters with fee, languages and terms: those whom the network knows of, or these traders',
    input: z.object({
      traders: z.array(z.string().max(100)).max(100).default([]).describe('Traders; all that are found unless said'),
      limit: z.int().min(1).max(1_000).default(100).describe('At most this many'),
      after: z.string().max(100).optional().describe('Go on after this trader'),
    }),
    output: arbiterView,
    positional: ['traders'],
    answer: 'page',
    strangersText: true,
    example: 'niaga arbiter list',
  }),
} as const satisfies Record<string, Operation>;
