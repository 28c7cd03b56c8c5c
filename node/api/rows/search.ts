import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { reading } from './bases.js';
import { searchEventView, searchView } from '../views.js';

/** What a search can be limited to; each field is an option of that name. */
export const searchFilters = {
  minPrice: z.string().max(40).optional().describe('Lowest price, "150000 IDR" or a number with --currency'),
  maxPrice: z.string().max(40).optional().describe('Highest price'),
  currency: z.string().max(8).optional().describe('Only prices in this currency'),
  category: z.string().max(200).optional().describe('Only this category, a word or a path "A > B"'),
  kind: z.enum(['goods', 'service', 'digital']).optional().describe('Only goods, services or digital things'),
  condition: z.enum(['new', 'used', 'refurbished', 'damaged']).optional().describe('Only things in this condition'),
  place: z.string().max(200).optional().describe('Only what is in this town, region or country'),
  shipsTo: z.string().max(200).optional().describe('Only what is shipped there, such as "Bandung, Indonesia"'),
  inStock: z.boolean().default(false).describe('Only what is not sold out'),
  seller: z.string().max(100).optional().describe('Only this seller, by the key that hits show'),
};

const searchInput = z.object({
  words: z
    .array(z.string().max(2_000))
    .max(10_000)
    .default([])
    .describe('What to look for; "without X" (tanpa X) prefers what has no X; none: browse by filter'),
  ...searchFilters,
  sort: z
    .enum(['relevance', 'newest', 'price'])
    .default('relevance')
    .describe(
      'The order; without words the newest come first unless said. By newest and price only what has all of the words, if anything has',
    ),
  perSeller: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe(
      'At most so many of one seller among the first 20 while there are others to show; 3 unless said, 0: any number',
    ),
  facets: z.boolean().default(false).describe('Count the matches by category, brand, price and place'),
  explain: z.boolean().default(false).describe('Say of each hit why it stands where it stands'),
  limit: z.int().min(1).max(100).default(20).describe('At most this many hits on a page'),
  after: z.string().max(100).optional().describe('Go on after this page: the `next` of the one before'),
  timeoutMs: z.int().min(50).max(60_000).default(2_500).describe('Milliseconds after which the answers so far must do'),
});

const search = {
  ...reading,
  input: searchInput,
  positional: ['words'],
  strangersText: true,
} as const;

export const SEARCH_OPERATIONS = {
  search: operation({
    ...search,
    command: ['search'],
    help: 'Find listings in the whole network',
    output: searchView,
    example: 'niaga search kopi gayo --max-price "100000 IDR"',
  }),
  searchStream: operation({
    ...search,
    command: ['search', 'stream'],
    typedAs: 'search --stream',
    help: 'The same, the best so far first, as answers come in',
    output: searchEventView,
    answer: 'stream',
    example: 'niaga search --stream kopi gayo',
  }),
} as const satisfies Record<string, Operation>;
