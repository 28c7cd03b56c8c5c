import { z } from 'zod';
import { cidSchema } from '../../protocol/schema.js';

/** The requests by which listings, texts and pictures are had by their ids, and their bounds. */

export const LISTING_METHOD = 'listing.get';
export const BLOB_METHOD = 'blob.get';
/** Tells a keeper of listings that one who asked it in vain has them now. */
export const KEEP_METHOD = 'listing.keep';

/** Listings of one request: what one keeper fetches of a shop that was just published fits a few of them. */
export const MAX_LISTINGS = 100;
/** Two ids a listing, 90 bytes with their names. */
export const MAX_LISTINGS_REQUEST = 16 * 1024;
/** One id. */
export const MAX_BLOB_REQUEST = 1_024;
/** A text of conditions is a few pages. */
export const MAX_TEXT = 256 * 1024;
/** A picture as a phone makes it smaller for sending; the network's frames end at 2 MiB. */
export const MAX_PICTURE = 1_536 * 1024;
/** A listing's envelope and a delegation's. */
export const MAX_LISTING_ANSWER = 160 * 1024;
/** Some eighty listings of three kilobytes; a phone on a slow line sends that in a few seconds. */
export const MAX_LISTINGS_ANSWER = 256 * 1024;

const envelope = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not an envelope');
const place = z.int().min(0);

/**
 * Versions by their ids. `listing` is the listing's own id, which stays: with it a keeper can tell whether it should have that version,
 * and fetches it. Readers give it; keepers that ask each other do not.
 * One listing is a batch of one.
 */
export const listingsRequestSchema = z.object({
  wanted: z
    .array(z.object({ id: cidSchema, listing: cidSchema.optional() }))
    .min(1)
    .max(MAX_LISTINGS),
});
/** What is neither given nor missing found no room: it is to be asked for again. At least one of the wanted is the one or the other. */
export const listingsAnswerSchema = z.object({
  /** Place in the request, the listing's envelope, and the place of its delegation. */
  listings: z.array(z.tuple([place, envelope, place])).max(MAX_LISTINGS),
  delegations: z.array(envelope).max(MAX_LISTINGS),
  /** Places in the request of those that are not here. */
  missing: z.array(place).max(MAX_LISTINGS),
});
export type ListingsAnswer = z.output<typeof listingsAnswerSchema>;

export const blobRequestSchema = z.object({ id: cidSchema });
export const keepRequestSchema = z.object({
  listings: z
    .array(z.object({ id: cidSchema, listing: cidSchema }))
    .min(1)
    .max(MAX_LISTINGS),
});
