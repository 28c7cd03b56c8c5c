import { z } from 'zod';
import { keySchema, timeSchema } from './schema.js';

export const NETWORK_NAME = /^[a-z0-9-]{1,32}$/;

/** The fields that every payload starts with (DESIGN section 3); each kind narrows `kind` and adds its own. */
export const headerShape = {
  kind: z.string().regex(/^[a-z][a-z-]{0,31}$/),
  /** The network that the record is for: a record never counts on another one. */
  network: z.string().regex(NETWORK_NAME),
  /** The author: the trader's root public key. */
  trader: keySchema,
  /** The key that signs: the device's, or the root's own for delegations and revocations. */
  device: keySchema,
  /** The author's clock, milliseconds since 1970 UTC. */
  created: timeSchema,
  /** Top-level fields that a reader must understand or else refuse the record. */
  crit: z
    .array(z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,63}$/))
    .max(32)
    .optional(),
};

export const headerSchema = z.looseObject(headerShape);
export type Header = z.infer<typeof headerSchema>;
