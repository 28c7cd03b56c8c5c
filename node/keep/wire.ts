import { z } from 'zod';
import { cidSchema } from '../../protocol/schema.js';

/** The requests by which listings, texts and pictures are had by their ids, and their bounds. */

export const LISTING_METHOD = 'listing.get';
export const BLOB_METHOD = 'blob.get';
/** Tells a keeper of a listing that one who asked in vain has it now. */
export const KEEP_METHOD = 'listing.keep';

/** An id or two. */
export const MAX_KEEP_REQUEST = 1_024;
/** A text of conditions is a few pages. */
export const MAX_TEXT = 256 * 1024;
/** A picture as a phone makes it smaller for sending; the network's frames end at 2 MiB. */
export const MAX_PICTURE = 1_536 * 1024;
/** A listing's envelope and a delegation's. */
export const MAX_LISTING_ANSWER = 160 * 1024;

const envelope = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not an envelope');

/** `listing` is the listing's id, which stays; with it a keeper can tell whether it should have that version. */
export const listingRequestSchema = z.object({ id: cidSchema, listing: cidSchema.optional() });
export const listingAnswerSchema = z.object({ listing: envelope, delegation: envelope });
export const blobRequestSchema = z.object({ id: cidSchema });
export const keepRequestSchema = z.object({ id: cidSchema, listing: cidSchema });
