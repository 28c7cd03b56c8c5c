import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { listingView, publishedView } from '../views.js';
import { id, page, reading } from './bases.js';
import { LISTING_FORM } from './listing-form.js';

/** Own listings, and what others’ listings say. */
export const LISTING_OPERATIONS = {
  publish: operation({
    ...reading,
    command: ['publish'],
    help: 'Publish listings from files; each waits two minutes at most for enough nodes to hold it',
    input: z.object({
      items: z
        .array(
          z.object({
            line: z.int().min(1).optional().describe('Its line in the file; its place in the list unless said'),
            value: z.unknown().meta(LISTING_FORM),
          }),
        )
        .max(5_000)
        .describe('The listings'),
      strict: z.boolean().default(false).describe('Refuse listings with fields that Niaga does not know'),
      restock: z
        .boolean()
        .default(false)
        .describe(
          'There are as many as is said now: what was sold before does not count, though the number is that of before',
        ),
    }),
    output: publishedView,
    positional: ['items'],
    answer: 'stream',
    scope: 'publish',
    changes: true,
    example: 'niaga publish barang.csv',
  }),
  listingList: operation({
    ...reading,
    command: ['listing', 'list'],
    help: 'List own listings',
    input: z.object(page),
    output: listingView,
    answer: 'page',
    example: 'niaga listing list',
  }),
  listingShow: operation({
    ...reading,
    command: ['listing', 'show'],
    help: 'Show one listing, own or another’s',
    input: z.object({ listing: id('The listing') }),
    output: listingView,
    positional: ['listing'],
    strangersText: true,
    example: 'niaga listing show bafyrei…',
  }),
  listingRemove: operation({
    ...reading,
    command: ['listing', 'remove'],
    help: 'Take an own listing back',
    input: z.object({ listing: id('The listing') }),
    output: listingView,
    positional: ['listing'],
    scope: 'publish',
    changes: true,
    confirm: true,
    example: 'niaga listing remove bafyrei…',
  }),
} as const satisfies Record<string, Operation>;
