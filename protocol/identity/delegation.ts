import { z } from 'zod';
import { isStrongPublicKey } from '../ed25519.js';
import { equalBytes } from '../ids.js';
import { headerShape } from '../header.js';
import { keySchema, seqSchema, textSchema, timeSchema } from '../schema.js';
import { standsSchema } from './stands.js';

/** What a device may do for its trader. */
export const CAPABILITIES = ['profile', 'publish', 'trade'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** The root lets a device sign for the trader until `expires`. Unknown capabilities are kept and grant nothing here. */
export const delegationSchema = z
  .looseObject({
    ...headerShape,
    kind: z.literal('delegation'),
    /** A device key of small order could sign for nobody in particular (see ed25519.ts). */
    delegate: keySchema.refine(isStrongPublicKey, 'is not a key that can sign'),
    may: z.array(z.string().min(1).max(32)).max(32),
    expires: timeSchema,
    label: textSchema(0, 80).optional(),
    /** X25519 key to which the device seals capsules; only the root opens them (capsule.ts). */
    recovery: keySchema.optional(),
  })
  // The root signs delegations and revocations, and nothing else (DESIGN section 4).
  .refine(({ trader, delegate }) => !equalBytes(trader, delegate), {
    path: ['delegate'],
    message: 'is the root key itself',
  });
export type Delegation = z.infer<typeof delegationSchema>;

/**
 * The root takes a device's delegation back. For each trade `stands` names the last message of that device that is valid, open ones
 * first where there is no room for all; everything else that the device signed for a trade is void, unless another device of
 * the trader that may sign built upon it (DESIGN section 4).
 */
export const revocationSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('revocation'),
  revoked: keySchema,
  stands: standsSchema,
  reason: textSchema(0, 400).optional(),
});
export type Revocation = z.infer<typeof revocationSchema>;

/** Who a trader says to be. */
export const profileSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('profile'),
  slot: z.literal('profile'),
  seq: seqSchema,
  item: z.looseObject({
    name: textSchema(0, 120),
    description: textSchema(0, 2_000).optional(),
    inLanguage: textSchema(2, 16).optional(),
    /** Multiaddrs at which the trader's device can be dialled. */
    addresses: z.array(textSchema(1, 256)).max(16).optional(),
    /** Peer ids of the nodes that keep letters for the trader. */
    mailboxes: z.array(textSchema(1, 128)).max(16).optional(),
    /** X25519 key for sealed letters. */
    sealing: keySchema.optional(),
  }),
});
export type Profile = z.infer<typeof profileSchema>;

/**
 * Traders whom its author shows to nobody: others may subscribe to the list and then see none of theirs either. Published, like the
 * profile, at the nodes closest to the author's key.
 */
export const blockListSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('block-list'),
  slot: z.literal('block-list'),
  seq: seqSchema,
  item: z.looseObject({
    name: textSchema(0, 120).optional(),
    traders: z
      .array(z.looseObject({ trader: keySchema, reason: textSchema(0, 400).optional(), since: timeSchema }))
      .max(1_000),
  }),
});
export type BlockList = z.infer<typeof blockListSchema>;
