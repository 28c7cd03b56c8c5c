import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { columnsOf, rowOf, syntaxError, type Column } from '../../protocol/listing/table.js';
import { MAX_LINE_BYTES, peek } from './bytes.js';
import { splitRecords, type RawRecord } from './csv-records.js';
import { decodeLines } from './encoding.js';
import type { ReadLine } from './index.js';
import { lineTooLong } from './ndjson.js';
import { orError } from './or-error.js';

const DELIMITERS = [',', ';', '\t'] as const;

/**
 * One listing a record under a header of field names; the delimiter (comma, semicolon, tab) is the one that the header
 * uses most. Cells are text, for `readItem` to understand; an empty one is null. A record with a fault stands alone; a
 * header with one is thrown.
 */
export async function* readCsv(source: AsyncIterable<Uint8Array>): AsyncGenerator<ReadLine, void> {
  const { head, chunks } = await peek(source, (begin) => firstLineEnd(begin) !== -1 || begin.length > MAX_LINE_BYTES);
  const end = firstLineEnd(head);
  const delimiter = delimiterOf(end === -1 ? head : head.subarray(0, end));
  let columns: Column[] | undefined;
  for await (const record of splitRecords(chunks, delimiter.charCodeAt(0))) {
    if (columns === undefined) {
      const names = cellsOf(record, delimiter);
      if (!isBlank(names)) columns = columnsOf(names, record.line);
      continue;
    }
    const header = columns;
    let blank = false;
    const read = orError(record.line, () => {
      const cells = cellsOf(record, delimiter);
      blank = isBlank(cells);
      return blank ? undefined : rowOf(header, cells, record.line);
    });
    if (!blank) yield read;
  }
}

function firstLineEnd(bytes: Uint8Array): number {
  return bytes.findIndex((byte) => byte === 0x0a || byte === 0x0d);
}

function delimiterOf(header: Uint8Array): string {
  const text = Buffer.from(header)
    .toString('latin1')
    .replace(/"[^"]*"/g, '');
  const count = (delimiter: string) => text.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

function isBlank(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === '');
}

/** @throws NiagaError INPUT_SYNTAX, INPUT_ENCODING, INPUT_TOO_LARGE */
function cellsOf({ line, bytes, openQuote }: RawRecord, delimiter: string): string[] {
  if (bytes === undefined) throw lineTooLong(line, openQuote ? ': a quote in it is never closed' : '');
  if (openQuote) throw syntaxError(line, 'a quote that opens in this line is never closed');
  const text = decodeLines(bytes, line);
  if (text === '') return [];
  try {
    const [cells = [], ...more] = parse(text, { delimiter, relax_quotes: true, relax_column_count: true });
    if (more.length === 0) return cells;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  throw syntaxError(line, 'the quotes do not match');
}
