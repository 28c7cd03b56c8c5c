import { NiagaError } from '../../protocol/errors.js';
import type { ReadLine } from '../read/index.js';

const KiB = 1024;
const MiB = 1024 * KiB;

/** A batch is one request: its listings are placed in the network together. */
const MAX_BATCH_ITEMS = 500;
/** Well below the API's limit of a request. */
const MAX_BATCH_BYTES = 4 * MiB;
/** As much as a line of NDJSON may have; an element of a JSON list may not have more. */
const MAX_ITEM_BYTES = 1 * MiB;

/** Lines in their order, cut into batches; a listing that is too large to be one becomes an error of its line. */
export async function* createBatches(lines: AsyncIterable<ReadLine>): AsyncGenerator<ReadLine[]> {
  let batch: ReadLine[] = [];
  let bytes = 0;
  for await (const given of lines) {
    const { read, size } = sendable(given);
    if (batch.length === MAX_BATCH_ITEMS || (bytes + size > MAX_BATCH_BYTES && batch.length > 0)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(read);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function sendable(read: ReadLine): { read: ReadLine; size: number } {
  if (read.error !== undefined) return { read, size: 0 };
  const { line, value } = read;
  const size = Buffer.byteLength(JSON.stringify(value));
  if (size <= MAX_ITEM_BYTES) return { read, size };
  const message = `The listing has more than ${MAX_ITEM_BYTES / KiB} KiB.`;
  return { read: { line, error: new NiagaError('INPUT_TOO_LARGE', message) }, size: 0 };
}
