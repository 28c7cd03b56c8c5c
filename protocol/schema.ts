import { CID } from 'multiformats/cid';
import { z } from 'zod';

/** The atoms of every schema on the wire. Objects are loose (`z.looseObject`): unknown fields survive untouched. */

const CODECS = new Set([0x71, 0x55]);
const SHA2_256 = 0x12;

/** The id of a record (dag-cbor) or of a blob (raw): CIDv1 with a whole sha2-256. Other hashes could be made to collide. */
export const cidSchema = z.custom<CID>((value) => isId(value), 'not the id of a record or blob').meta({ id: 'cid' });

export function isId(value: unknown): value is CID {
  const cid = CID.asCID(value);
  if (cid === null || cid !== value) return false;
  const { version, code, multihash } = cid;
  return version === 1 && CODECS.has(code) && multihash.code === SHA2_256 && multihash.digest.length === 32;
}

/** Exactly `length` bytes. */
export function bytesSchema(length: number) {
  return z
    .custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length, `not ${length} bytes`)
    .meta({ id: `bytes${length}` });
}

/** An Ed25519 public key: of a trader's root or of a device. */
export const keySchema = bytesSchema(32);

/** The last time that a Date can hold (ECMA-262, 21.4.1.1): later ones cannot be shown. */
export const LAST_TIME = 8_640_000_000_000_000;

/** Milliseconds since 1970 UTC, as claimed by the record's author. */
export const timeSchema = z.int().min(0).max(LAST_TIME);

/** Counts up: of two versions in one slot the higher wins. */
export const seqSchema = z.int().min(0);

/**
 * C0 but tab and line feed, DEL, C1 (a terminal obeys some), line and paragraph separators, and the characters that turn the
 * direction of text around: with them a price can be shown back to front.
 */
export const FORBIDDEN_CHARACTERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

/** Well-formed text of `min` to `max` UTF-16 units, without {@link FORBIDDEN_CHARACTERS}. */
export function textSchema(min: number, max: number) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((text) => !FORBIDDEN_CHARACTERS.test(text), 'has control characters')
    .refine((text) => text.isWellFormed(), 'has a lone surrogate');
}

/** The name of a place in a trader's own space, such as `listing/<sku>`. */
export const slotSchema = textSchema(1, 160);
