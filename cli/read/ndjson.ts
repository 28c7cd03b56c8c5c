import { NiagaError } from '../../protocol/errors.js';
import { MAX_LINE_BYTES } from './bytes.js';
import { decodeLines } from './encoding.js';
import type { ReadLine } from './index.js';
import { parseJsonLine } from './json.js';
import { splitLines } from './lines.js';
import { orError } from './or-error.js';

/** One JSON value a line; blank lines are passed over, a bad one stands alone. */
export async function* readNdjson(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ReadLine, void> {
  for await (const { line, bytes } of splitLines(chunks)) {
    if (bytes === undefined) yield { line, error: lineTooLong(line) };
    else if (bytes.some(isNotSpace)) yield orError(line, () => parseJsonLine(decodeLines(bytes, line), line));
  }
}

function isNotSpace(byte: number): boolean {
  return byte !== 0x20 && byte !== 0x09 && byte !== 0x0d;
}

export function lineTooLong(line: number, more = ''): NiagaError {
  const message = `Line ${line} has more than ${MAX_LINE_BYTES / 1024} KiB, which is more than a listing may have${more}.`;
  return new NiagaError('INPUT_TOO_LARGE', message, { where: `line ${line}` });
}
