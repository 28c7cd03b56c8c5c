import { z } from 'zod';
import { decode, encode } from '../cbor.js';
import { fileSchema } from '../chat/file-part.js';
import { NiagaError } from '../errors.js';
import { commitmentSchema, opens, saltSchema } from '../private.js';
import { cidSchema, timeSchema } from '../schema.js';

const KiB = 1024;
/** A longer value goes as a file. */
export const MAX_INLINE_VALUE = 32 * KiB;
const MAX_BYTES = MAX_INLINE_VALUE + KiB;

/** A value that a log commits to, as it goes to the one who needs it. It is not signed: what it must be the log says. */
const privateSchema = z.looseObject({
  trade: cidSchema,
  commitment: commitmentSchema,
  salt: saltSchema,
  /** The value, or the file that it is, in parts. */
  value: z
    .custom<Uint8Array>(
      (value) => value instanceof Uint8Array && value.length <= MAX_INLINE_VALUE,
      `not up to ${MAX_INLINE_VALUE} bytes`,
    )
    .optional(),
  /** What kind of file it is, where it is one. */
  file: fileSchema.optional(),
});
export type PrivateParcel = z.infer<typeof privateSchema>;

export function writePrivate(parcel: PrivateParcel): Uint8Array {
  return encode(parcel, { maxBytes: MAX_BYTES });
}

/** @throws NiagaError RECORD_MALFORMED, RECORD_TOO_LARGE, RECORD_SCHEMA; PRIVATE_MISMATCH where the value does not open the commitment */
export function readPrivate(bytes: Uint8Array): PrivateParcel {
  const parsed = privateSchema.safeParse(decode(bytes, { maxBytes: MAX_BYTES, maxDepth: 3 }));
  if (!parsed.success || (parsed.data.value === undefined && parsed.data.file === undefined))
    throw new NiagaError('RECORD_SCHEMA', 'The private value is not of its form.');
  const { commitment, salt, value } = parsed.data;
  if (value !== undefined) checkOpens(commitment, salt, value);
  return parsed.data;
}

/** Values in one question. A log has few. */
const MAX_WANTED = 64;

/** What somebody who is in a trade lacks of what its log commits to: a home that was restored from the words has only the log. */
const wantedSchema = z.looseObject({
  trade: cidSchema,
  commitments: z.array(commitmentSchema).min(1).max(MAX_WANTED),
  /** When it was asked, ms: a question that is asked again is another one. */
  asked: timeSchema,
});
export type Wanted = z.infer<typeof wantedSchema>;

export function writeWanted(wanted: Wanted): Uint8Array {
  return encode({ ...wanted, commitments: wanted.commitments.slice(0, MAX_WANTED) }, { maxBytes: MAX_BYTES });
}

/** @throws NiagaError RECORD_MALFORMED, RECORD_TOO_LARGE, RECORD_SCHEMA */
export function readWanted(bytes: Uint8Array): Wanted {
  const parsed = wantedSchema.safeParse(decode(bytes, { maxBytes: MAX_BYTES, maxDepth: 3 }));
  if (!parsed.success) throw new NiagaError('RECORD_SCHEMA', 'The question for private values is not of its form.');
  return parsed.data;
}

/** @throws NiagaError PRIVATE_MISMATCH */
export function checkOpens(commitment: Uint8Array, salt: Uint8Array, value: Uint8Array): void {
  if (!opens(commitment, salt, value))
    throw new NiagaError('PRIVATE_MISMATCH', 'The value is not the one that the log commits to.');
}
