import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { decode, encode } from '../cbor.js';
import { NiagaError } from '../errors.js';
import { blobId, recordId } from '../ids.js';
import { cidSchema, timeSchema } from '../schema.js';

const KiB = 1024;

/** What one trader sends another. Those of {@link PASSING} only say something about others; they get no receipt and are not repeated. */
export const PARCEL_KINDS = [
  /** A signed message of a trade, by its author. */
  'trade',
  /** A signed message of a trade that the other side lacks, whoever wrote it. */
  'log',
  /** The log of a trade up to its contract, for the arbiter whom the contract names. */
  'case',
  /** The heads of trades as their sender has them: the other side sends what is missing there. */
  'heads',
  'chat',
  /** A piece of a file that a message or a private value names. */
  'file-part',
  /** Values that are only committed to in a log. */
  'private',
  /** Which of these values its sender has lost, or never got: it is sent them anew. */
  'wanted',
  /** Two conflicting messages of one device. */
  'proof',
  /** A signed receipt. */
  'receipt',
  /** Why something was not taken. */
  'refusal',
] as const;
export type ParcelKind = (typeof PARCEL_KINDS)[number];

const PASSING: ReadonlySet<string> = new Set<ParcelKind>(['log', 'heads', 'receipt', 'refusal']);
/** In these stands an envelope; their id is the record's, so that a receipt for it says which record came. */
const ENCLOSED: ReadonlySet<string> = new Set<ParcelKind>(['trade', 'log', 'chat', 'receipt']);

/** A message of a trade with its envelope is the largest of what is to fit; several small ones share a letter. */
export const MAX_PARCEL_BYTES = 128 * KiB;
const ENVELOPE_DEPTH = 4;

/** Whether the sender repeats it until the recipient has signed for it. */
export function isReceipted(kind: string): boolean {
  return !PASSING.has(kind);
}

/**
 * The id under which a parcel is known and receipted. It does not travel: both sides reckon it from the bytes, so that nobody gets a
 * receipt for what was not sent.
 * @throws NiagaError RECORD_MALFORMED, RECORD_TOO_LARGE where an envelope should stand and does not
 */
export function parcelId(kind: string, bytes: Uint8Array): CID {
  if (!ENCLOSED.has(kind)) return blobId(bytes);
  const value = decode(bytes, { maxBytes: MAX_PARCEL_BYTES, maxDepth: ENVELOPE_DEPTH });
  const payload = typeof value === 'object' && value !== null && 'payload' in value ? value.payload : undefined;
  if (!(payload instanceof Uint8Array)) throw new NiagaError('RECORD_MALFORMED', 'The parcel holds no signed record.');
  return recordId(payload);
}

/** Messages that one refusal names as lacking. */
const MAX_MISSING = 64;

/** Why a parcel was not taken: the answer to a delivery, or a parcel of its own where nobody waits for the answer. */
const refusalSchema = z.looseObject({
  of: cidSchema,
  code: z.string().max(64),
  message: z.string().max(1_000),
  /** Messages before this one that the recipient lacks. */
  missing: z.array(cidSchema).max(MAX_MISSING).optional(),
  /** The time from which another try may succeed. */
  retryAt: timeSchema.optional(),
});
export type Refusal = z.infer<typeof refusalSchema>;

/** @throws NiagaError RECORD_MALFORMED, RECORD_SCHEMA */
export function readRefusal(bytes: Uint8Array): Refusal {
  const parsed = refusalSchema.safeParse(decode(bytes, { maxBytes: 16 * KiB }));
  if (!parsed.success) throw new NiagaError('RECORD_SCHEMA', 'The refusal is not of its form.');
  return parsed.data;
}

export function writeRefusal({ missing, ...refusal }: Refusal): Uint8Array {
  return encode({ ...refusal, ...(missing === undefined ? {} : { missing: missing.slice(0, MAX_MISSING) }) });
}
