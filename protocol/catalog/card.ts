import { z } from 'zod';
import { headerShape } from '../header.js';
import { listingItemSchema } from '../listing/item.js';
import { MAX_LEAVES } from '../merkle.js';
import { moneySchema } from '../money.js';
import { bytesSchema, cidSchema, seqSchema, slotSchema, textSchema, timeSchema } from '../schema.js';

const LISTING_PREFIX = 'listing/';
export const CARD_PREFIX = 'card/';

const inSlots = (...prefixes: readonly string[]) =>
  slotSchema.refine(
    (slot) => prefixes.some((prefix) => slot.startsWith(prefix) && slot.length > prefix.length),
    'is not a slot of this kind',
  );

/** One version of a listing. `item` is what the seller wrote; the slot `listing/<sku>` is what stays. */
export const listingSchema = z
  .looseObject({
    ...headerShape,
    kind: z.literal('listing'),
    slot: inSlots(LISTING_PREFIX),
    seq: seqSchema,
    item: listingItemSchema,
  })
  .refine(({ slot, item }) => slot === listingSlot(item.sku), { path: ['slot'], message: 'is not that of the sku' });
export type Listing = z.infer<typeof listingSchema>;

/** schema.org's ItemAvailability, as far as a summary needs it. */
export const AVAILABILITY = ['InStock', 'LimitedAvailability', 'OutOfStock'] as const;
export type Availability = (typeof AVAILABILITY)[number];

/** What a hit shows and what filters need. */
export const summarySchema = z.looseObject({
  title: textSchema(1, 300),
  kind: listingItemSchema.shape.kind,
  category: z.array(textSchema(1, 120)).max(10),
  brand: textSchema(1, 120).optional(),
  price: moneySchema.nullable(),
  unitText: textSchema(1, 40).optional(),
  availability: z.enum(AVAILABILITY),
  itemCondition: listingItemSchema.shape.itemCondition,
  /** Country, region, town, as far as they are given. */
  place: z.array(textSchema(1, 120)).max(3).optional(),
  shipsTo: z.array(textSchema(1, 80)).max(8).optional(),
  /** Id of the listing's `conditions` object (dag-cbor), so that a hit says whether the conditions changed. */
  conditions: cidSchema.optional(),
  inLanguage: textSchema(2, 16).optional(),
});
export type Summary = z.infer<typeof summarySchema>;

/**
 * The signed summary of a listing that index nodes hold and searchers read (DESIGN section 5); its envelope has at most
 * 1 KiB. `index` are the groups of protocol/search/index-terms.ts, checked there.
 */
export const cardSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('card'),
  /** `card/<sku>`: one card for the listing in `listing/<sku>`. */
  slot: inSlots(CARD_PREFIX),
  seq: seqSchema,
  /** The version of the listing that the card sums up. */
  listing: cidSchema,
  summary: summarySchema,
  index: z.array(z.tuple([z.int().min(1).max(31), z.int().min(1).max(15), z.string().min(1).max(1_024)])).max(128),
  validUntil: timeSchema,
});
export type Card = z.infer<typeof cardSchema>;

/**
 * A small change to the card in the same slot: what sells out and what it costs now. All else is the card's, which it names; it
 * takes the next seq of the slot, and a card with a higher one ends it.
 */
export const deltaSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('delta'),
  slot: inSlots(CARD_PREFIX),
  seq: seqSchema,
  /** Record id of the card that is changed. */
  card: cidSchema,
  /** The version of the listing that card and delta sum up together. */
  listing: cidSchema,
  price: moneySchema.nullable(),
  availability: z.enum(AVAILABILITY),
});
export type Delta = z.infer<typeof deltaSchema>;

/** Ends a slot: nothing with a lower seq in it counts any more. */
export const tombstoneSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('tombstone'),
  slot: inSlots(LISTING_PREFIX, CARD_PREFIX),
  seq: seqSchema,
  reason: textSchema(0, 400).optional(),
});
export type Tombstone = z.infer<typeof tombstoneSchema>;

/**
 * One signature that refreshes all cards of a seller: until when they stand, and the Merkle root over them
 * (protocol/merkle.ts). A leaf is the digest of the newest record id in a card's slot, of the card or of its delta; the leaves stand in
 * the order of the listings' ids.
 */
export const leaseSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('lease'),
  slot: z.literal('lease'),
  seq: seqSchema,
  root: bytesSchema(32),
  cards: z.int().min(0).max(MAX_LEAVES),
  validUntil: timeSchema,
});
export type Lease = z.infer<typeof leaseSchema>;

export function listingSlot(sku: string): string {
  return LISTING_PREFIX + sku;
}

export function cardSlot(sku: string): string {
  return CARD_PREFIX + sku;
}

/** The slot of the listing that a card's slot belongs to; undefined where the slot is not a card's. */
export function listingSlotOfCard(slot: string): string | undefined {
  return slot.startsWith(CARD_PREFIX) && slot.length > CARD_PREFIX.length
    ? LISTING_PREFIX + slot.slice(CARD_PREFIX.length)
    : undefined;
}
