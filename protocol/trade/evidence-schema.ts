import { z } from 'zod';
import { headerShape } from '../header.js';
import { cidSchema } from '../schema.js';
import { MAX_MESSAGES } from './schema.js';

const envelopes = (most: number) =>
  z.array(z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes')).max(most);

/**
 * A trade's evidence in one file: a record like any other, signed by the party that exports it, so that no bit of it can
 * change unseen. It holds whole envelopes, each verifiable by itself.
 */
export const evidenceSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('evidence'),
  trade: cidSchema,
  /** Every message of the log, in an order in which each stands after those that it names. */
  messages: envelopes(MAX_MESSAGES),
  /** The receipts that the exporter holds, of both sides. */
  receipts: envelopes(2 * MAX_MESSAGES),
  /** The versions of the listings that the terms name. */
  listings: envelopes(1_000),
  /** Delegations that the listings name. Messages and receipts carry theirs. */
  delegations: envelopes(1_000),
  /** Profiles of the parties, as far as they are known. */
  profiles: envelopes(8),
});
export type Evidence = z.infer<typeof evidenceSchema>;
