import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { reading } from './bases.js';

export const LISTING_FORMATS = ['csv', 'ndjson', 'json-ld', 'google'] as const;

const file = z.string().min(1).describe('The file to write; - is standard output');
const force = z.boolean().default(false).describe('Write over a file that exists');
const written = z.object({
  file: z.string(),
  count: z.int().describe('How many are in it'),
  lacking: z.int().describe('How many of them have something that the format cannot say'),
});

const local = { ...reading, runs: 'local' } as const;

/** What is the owner's, for other programs. */
export const EXPORT_OPERATIONS = {
  exportListings: operation({
    ...local,
    command: ['export', 'listings'],
    help: 'Write own listings into a file for other programs, or for niaga publish',
    input: z.object({
      file,
      format: z
        .enum(LISTING_FORMATS)
        .optional()
        .describe(
          'csv, ndjson, schema.org’s json-ld, or a feed for google merchants; by the name of the file unless said',
        ),
      base: z
        .string()
        .max(400)
        .regex(/^https?:\/\/\S+$/, 'must be an address that begins with http:// or https://')
        .optional()
        .describe('For google: the address of the shop’s own pages; the id of the listing is put behind it'),
      force,
    }),
    output: written,
    positional: ['file'],
    example: 'niaga export listings barang.csv',
  }),
  exportTrades: operation({
    ...local,
    command: ['export', 'trades'],
    help: 'Write all trades into a CSV file for bookkeeping',
    input: z.object({ file, force }),
    output: written,
    positional: ['file'],
    strangersText: true,
    example: 'niaga export trades 2026.csv',
  }),
  exportEverything: operation({
    ...local,
    command: ['export', 'everything'],
    help: 'Write listings with pictures, and trades with evidence, chat and private values, into a new folder',
    input: z.object({ folder: z.string().min(1).describe('The folder to make') }),
    output: z.object({ folder: z.string(), listings: z.int(), pictures: z.int(), trades: z.int() }),
    positional: ['folder'],
    strangersText: true,
    confirm: true,
    example: 'niaga export everything niaga-2026-11',
  }),
} as const satisfies Record<string, Operation>;
