import { MAX_LINE_BYTES } from './bytes.js';
import type { Format } from './sources.js';

/** Whether the beginning of a text is long enough for `formatOfBeginning`: its first line that is not blank. */
export function tellsFormat(head: Uint8Array): boolean {
  return head.length > MAX_LINE_BYTES || latin1(head).trimStart().includes('\n');
}

/**
 * The format of a text whose name does not tell: what begins with a tag is a feed; a list is JSON; an object is NDJSON where
 * its first line ends with it and JSON where it goes on, both JSON-LD where the first name is one of that; everything else is CSV.
 */
export function formatOfBeginning(head: Uint8Array): Format {
  const text = latin1(head).trimStart();
  if (text.startsWith('<')) return 'google';
  if (/^\[?\s*\{\s*"@(?:context|graph|type|id)"/.test(text)) return 'json-ld';
  const [line = ''] = /\S[^\n]*/.exec(text) ?? [];
  if (line.startsWith('[')) return 'json';
  if (line.startsWith('{')) return line.trimEnd().endsWith('}') ? 'ndjson' : 'json';
  return 'csv';
}

/** One character a byte, without a byte order mark: enough to see ASCII. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '');
}
