import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { decode, encode } from '../cbor.js';
import { NiagaError } from '../errors.js';
import { cidSchema, textSchema } from '../schema.js';

const KiB = 1024;
/** Two parts and a message fill the largest letter; one is well under what a parcel may have. */
export const PART_BYTES = 96 * KiB;
/** The picture of a bill or a parcel, made smaller by a phone: several of them fit what a mailbox keeps of one sender. */
export const MAX_FILE_BYTES = KiB * KiB;

/** A file that somebody sends beside a message: named there by the hash of all of it, it travels in parts. */
export const fileSchema = z.looseObject({
  /** Id of the bytes: a blob. */
  cid: cidSchema,
  size: z.int().min(1).max(MAX_FILE_BYTES),
  /** Without a path: what the recipient may call it. */
  name: textSchema(1, 200).refine((name) => !/[/\\]/.test(name), 'has a path'),
});
export type FileRef = z.infer<typeof fileSchema>;

/** A piece of a file. */
export interface FilePart {
  /** The file's id. */
  readonly of: CID;
  /** Which part, from 0. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

const partSchema = z.looseObject({
  of: cidSchema,
  at: z
    .int()
    .min(0)
    .max(Math.ceil(MAX_FILE_BYTES / PART_BYTES) - 1),
  bytes: z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length <= PART_BYTES,
    `not up to ${PART_BYTES} bytes`,
  ),
});

export function partCount({ size }: Pick<FileRef, 'size'>): number {
  return Math.ceil(size / PART_BYTES);
}

/** The parts of a file, in order. */
export function partsOfFile(of: CID, bytes: Uint8Array): FilePart[] {
  return Array.from({ length: partCount({ size: bytes.length }) }, (_, at) => ({
    of,
    at,
    bytes: bytes.slice(at * PART_BYTES, (at + 1) * PART_BYTES),
  }));
}

/** Whether a part is of a file of that size, as far as its length tells: the hash is of the whole. */
export function isPartOf({ size }: Pick<FileRef, 'size'>, { at, bytes }: Pick<FilePart, 'at' | 'bytes'>): boolean {
  return bytes.length > 0 && bytes.length === Math.min(PART_BYTES, size - at * PART_BYTES);
}

export function writePart(part: FilePart): Uint8Array {
  return encode({ ...part }, { maxBytes: PART_BYTES + KiB });
}

/** @throws NiagaError RECORD_MALFORMED, RECORD_TOO_LARGE, RECORD_SCHEMA */
export function readPart(bytes: Uint8Array): FilePart {
  const parsed = partSchema.safeParse(decode(bytes, { maxBytes: PART_BYTES + KiB, maxDepth: 2 }));
  if (!parsed.success) throw new NiagaError('RECORD_SCHEMA', 'The part of a file is not of its form.');
  return parsed.data;
}
