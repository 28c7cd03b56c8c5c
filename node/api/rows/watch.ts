import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { page, reading } from './bases.js';
import { searchFilters } from './search.js';

const watchView = z.object({
  watch: z.string().describe('The id of the watch'),
  words: z.array(z.string()),
  filters: z.record(z.string(), z.union([z.string(), z.boolean()])).describe('As they were given'),
  created: z.int().describe('Milliseconds since 1970'),
  checked: z.int().nullable().describe('When index nodes were last asked, milliseconds since 1970; null: not yet'),
  matches: z.int().describe('Listings that are known to match or did'),
  full: z.boolean().describe('It matches more listings than are remembered: add words or filters'),
});
export type WatchView = z.infer<typeof watchView>;

const watchId = z.string().min(1).max(100).describe('The watch, by its id');

/** Standing queries. `watch` itself takes words, so that a watch is typed as a search is. */
export const WATCH_OPERATIONS = {
  watch: operation({
    ...reading,
    command: ['watch'],
    help: 'Keep a search, asked every 15 minutes: new matches, price drops, back in stock come as events',
    input: z.object({
      words: z
        .array(z.string().max(2_000))
        .max(100)
        .default([])
        .describe('What to watch for; a listing must have all of the words; none: all that the filters let through'),
      ...searchFilters,
    }),
    output: watchView,
    positional: ['words'],
    scope: 'trade',
    changes: true,
    example: 'niaga watch kopi gayo --max-price "90000 IDR"',
  }),
  watchList: operation({
    ...reading,
    command: ['watch', 'list'],
    help: 'List watches, the newest first',
    input: z.object(page),
    output: watchView,
    answer: 'page',
    example: 'niaga watch list',
  }),
  watchRemove: operation({
    ...reading,
    command: ['watch', 'remove'],
    help: 'End a watch',
    input: z.object({ watch: watchId }),
    output: watchView,
    positional: ['watch'],
    scope: 'trade',
    changes: true,
    example: 'niaga watch remove 4f1c09ab',
  }),
} as const satisfies Record<string, Operation>;
