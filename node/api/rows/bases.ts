import { z } from 'zod';

/** What most rows say: one answer, read from a running node. A row names only what differs. */
export const reading = {
  positional: [],
  answer: 'one',
  scope: 'read',
  changes: false,
  confirm: false,
  strangersText: false,
  runs: 'node',
} as const;

/** The fields of every row that answers with pages. */
export const page = {
  limit: z.int().min(1).max(1_000).default(100).describe('At most this many'),
  after: z.string().max(100).optional().describe('Go on after this id'),
};

/** An id, given whole or as an answer showed it. */
export const id = (what: string) => z.string().min(1).max(100).describe(what);
