import { NiagaError } from '../../protocol/errors.js';
import { quote } from '../../protocol/quote.js';
import { decodeLines } from './encoding.js';
import { findJsonFault, type JsonFault } from './json-syntax.js';
import type { ReadLine } from './index.js';

const MiB = 1024 * 1024;

/** A JSON file is read whole before anything of it counts, so that one with a fault near its end publishes nothing. */
export const MAX_JSON_BYTES = 64 * MiB;

/** Listings in one JSON file, at most: their places in the text are kept. */
const MAX_JSON_LISTINGS = 1_000_000;

const EXCERPT_BEFORE = 15;
const EXCERPT_AFTER = 25;

/**
 * The elements of a list, each with the line that it begins on, or one object.
 * @param listIn the field of an object at the top whose list counts as one at the top
 */
export async function* readJson(chunks: AsyncIterable<Uint8Array>, listIn?: string): AsyncGenerator<ReadLine, void> {
  const text = decodeLines(await gather(chunks, jsonTooLarge), 1);
  if (text.trim() === '') return;
  const bounds: number[] = [];
  let hasHuge = false;
  const fault = findJsonFault(text, {
    onElement: (start, end) => {
      if (bounds.push(start, end) > 2 * MAX_JSON_LISTINGS) throw jsonTooLarge();
    },
    onHuge: () => (hasHuge = true),
    listIn,
  });
  if (fault) throw syntaxError(text, fault, 1);
  const first = text.search(/\S/);
  if (text[first] !== '[' && bounds.length === 0) {
    yield { line: lineAt(text, first), value: parseJsonLine(text, 1) };
    return;
  }
  // Parsed one by one, so that only one element at a time is held beside the text.
  let line = 1;
  let counted = 0;
  for (let index = 0; index < bounds.length; index += 2) {
    const [start, end] = [bounds[index], bounds[index + 1]];
    line += lineAt(text.slice(counted, start)) - 1;
    counted = start ?? counted;
    const element = text.slice(start, end);
    yield { line, value: hasHuge ? parseJsonLine(element, line) : (JSON.parse(element) as unknown) };
  }
}

/** All of a file that is understood as a whole. @throws what `tooLarge` makes past `MAX_JSON_BYTES` */
export async function gather(chunks: AsyncIterable<Uint8Array>, tooLarge: () => NiagaError): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > MAX_JSON_BYTES) throw tooLarge();
    pieces.push(chunk);
  }
  return Buffer.concat(pieces);
}

export function jsonTooLarge(where?: string): NiagaError {
  return new NiagaError(
    'INPUT_TOO_LARGE',
    `A JSON file may have at most ${MAX_JSON_BYTES / MiB} MiB and ${MAX_JSON_LISTINGS} listings.`,
    {
      where,
      next: 'Write one listing a line (NDJSON), for which there is no limit.',
    },
  );
}

/**
 * The value of a text that begins on `line`. A number beyond all doubles (1e400) comes as the text that it was written
 * as: as Infinity it would turn into null on its way to the node, and a price of null means something else.
 *
 * @throws NiagaError INPUT_SYNTAX
 */
export function parseJsonLine(text: string, line: number): unknown {
  const pieces: string[] = [];
  let copied = 0;
  const fault = findJsonFault(text, {
    onHuge: (start, end) => {
      pieces.push(text.slice(copied, start), JSON.stringify(text.slice(start, end)));
      copied = end;
    },
  });
  if (fault) throw syntaxError(text, fault, line);
  return JSON.parse(copied === 0 ? text : pieces.join('') + text.slice(copied)) as unknown;
}

function syntaxError(text: string, { offset, what, field }: JsonFault, firstLine: number): NiagaError {
  const line = firstLine + lineAt(text, offset) - 1;
  const column = offset - text.lastIndexOf('\n', offset - 1);
  const excerpt = text.slice(Math.max(0, offset - EXCERPT_BEFORE), offset + EXCERPT_AFTER).trim();
  const near = excerpt === '' ? '' : `, near ${quote(excerpt)}`;
  const inField = field === undefined ? '' : ` in ${quote(field)}`;
  return new NiagaError('INPUT_SYNTAX', `Line ${line}, column ${column}: ${what}${inField}${near}.`, {
    where: `line ${line}, column ${column}`,
    details: { line, column, ...(field === undefined ? {} : { field }) },
  });
}

/** The number, from 1, of the line that holds the offset. */
function lineAt(text: string, offset = text.length): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
