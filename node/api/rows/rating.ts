import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { moneyView } from '../views.js';
import { reading } from './bases.js';

const time = (what: string) => z.int().describe(`${what}, by its author’s clock, milliseconds since 1970`);

const ratingView = z.object({
  trade: z.string().describe('The trade that was rated'),
  by: z.string().describe('The trader who rates'),
  role: z.enum(['buyer', 'seller']).describe('What the one who rates was in that trade'),
  stars: z.int().min(1).max(5),
  text: z.string().optional(),
  time: time('When it was signed'),
  reply: z
    .object({ text: z.string(), time: time('When it was signed') })
    .optional()
    .describe('What the rated trader replied'),
  paid: moneyView.optional().describe('What the seller of that trade has signed to have got'),
  source: z
    .enum(['here', 'trader'])
    .describe(
      'here: the whole log of the trade is on this node; trader: the rated trader shows it, and both signed messages of one trade',
    ),
});
export type RatingView = z.infer<typeof ratingView>;

const ratingsView = z.object({
  trader: z.string(),
  answered: z
    .boolean()
    .describe(
      'Whether nodes answered that would keep what the trader shows; without them there are only ratings of trades on this node',
    ),
  count: z.int().describe('Ratings found whose signatures hold'),
  traders: z.int().describe('By so many different traders: whoever makes many keys can rate with each of them'),
  average: z.number().nullable().describe('Of the stars; null: there are no ratings'),
  stars: z.array(z.int()).length(5).describe('How many gave one star, two, … five'),
  ratings: z.array(ratingView).describe('The newest first'),
});
export type RatingsView = z.infer<typeof ratingsView>;

/** What others say of a trader. */
export const RATING_OPERATIONS = {
  traderRatings: operation({
    ...reading,
    command: ['trader', 'ratings'],
    help: 'Show how others rated a trader after trades; a trader can hide what it does not like',
    input: z.object({
      trader: z.string().min(1).max(100).describe('The trader’s key, z6Mk…'),
      limit: z.int().min(1).max(200).default(20).describe('Show at most this many; all are counted'),
    }),
    output: ratingsView,
    positional: ['trader'],
    strangersText: true,
    example: 'niaga trader ratings z6Mk…',
  }),
} as const satisfies Record<string, Operation>;
