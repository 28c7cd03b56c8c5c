import { z } from 'zod';
import { KINDS, MAX_ENVELOPE_OVERHEAD } from '../../protocol/kinds.js';
import { keySchema } from '../../protocol/schema.js';

/** The requests about traders' devices, and their bounds. */

export const TELL_METHOD = 'devices.tell';
export const ASK_METHOD = 'devices.ask';

const LARGEST = KINDS.revocation.maxBytes + MAX_ENVELOPE_OVERHEAD;
/** Records of one trader in one message. */
const MAX_RECORDS = 128;
export const MAX_MESSAGE = 1024 * 1024;

const envelope = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.length <= LARGEST,
  'not an envelope',
);

export const recordsSchema = z.object({ records: z.array(envelope).max(MAX_RECORDS) });
export const tellAnswerSchema = z.object({
  /** Whether what holds of it is kept there. */
  kept: z.boolean(),
});
export const askSchema = z.object({ trader: keySchema });

/**
 * As many of the records as fit into one message, each once.
 * @param more what is sent where there is room left
 */
export function fitting(records: readonly Uint8Array[], more: readonly Uint8Array[] = []): Uint8Array[] {
  let bytes = 0;
  const sorted = [...records].sort((a, b) => a.length - b.length);
  return [...new Set([...sorted, ...more])]
    .slice(0, MAX_RECORDS)
    .filter((record) => (bytes += record.length + 8) <= MAX_MESSAGE - 1_024);
}
