import { z } from 'zod';
import { headerShape } from '../header.js';
import { commitmentSchema, saltSchema } from '../private.js';
import { cidSchema, textSchema } from '../schema.js';
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
  /** Delegations that the listings and profiles name. Messages and receipts carry theirs. */
  delegations: envelopes(1_000),
  /** What those in the trade say of themselves, one profile each, as far as they were known. */
  profiles: envelopes(8),
  /** Revocations of devices of the parties, as far as the exporter knows them: a check offline knows no others. */
  revocations: envelopes(100).optional(),
  /** Writer's leases of the parties, likewise. */
  leases: envelopes(8).optional(),
  /** Messages of the chat beside the trade that the exporter discloses. */
  chat: envelopes(10_000).optional(),
  /** Values that the log only commits to and that the exporter discloses. */
  values: z
    .array(
      z.looseObject({
        commitment: commitmentSchema,
        salt: saltSchema,
        value: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes').meta({ id: 'bytes' }),
        /** Of a file: what it is called. */
        name: textSchema(1, 200).optional(),
      }),
    )
    .max(200)
    .optional(),
});
export type Evidence = z.infer<typeof evidenceSchema>;
