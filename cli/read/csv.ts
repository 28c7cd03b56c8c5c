import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { NiagaError } from '../../protocol/errors.js';
import { isItemField } from '../../protocol/listing/aliases.js';
import { quote } from '../../protocol/quote.js';
import { withoutMark } from '../export/csv.js';
import { MAX_LINE_BYTES, peek } from './bytes.js';
import { splitRecords, type RawRecord } from './csv-records.js';
import { decodeLines } from './encoding.js';
import type { ReadLine } from './index.js';
import { lineTooLong } from './ndjson.js';
import { orError } from './or-error.js';

const DELIMITERS = [',', ';', '\t'] as const;

/** Where a cell of a column goes: a field, or a part of one (`attributes.color`). */
interface Column {
  readonly name: string;
  readonly part?: string | undefined;
}

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
      return blank ? undefined : objectOf(header, cells, record.line);
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

/** @throws NiagaError INPUT_SYNTAX */
function columnsOf(names: readonly string[], line: number): Column[] {
  const columns = names.map((name): Column => {
    const trimmed = name.trim();
    const [field = '', ...part] = trimmed.split('.');
    return part.length > 0 && isItemField(field) ? { name: field, part: part.join('.') } : { name: trimmed };
  });
  const twice = names.find((name, index) => name.trim() !== '' && names.indexOf(name) !== index);
  if (twice !== undefined) throw syntaxError(line, `the column ${quote(twice)} is there twice`);
  const whole = columns.find(
    (column) =>
      column.part !== undefined && columns.some(({ name, part }) => name === column.name && part === undefined),
  );
  if (whole !== undefined) {
    throw syntaxError(
      line,
      `the column ${quote(whole.name)} stands beside columns for parts of it, such as ${quote(`${whole.name}.${whole.part}`)}`,
    );
  }
  if (!columns.some(({ name }) => /^(title|name)$/i.test(name))) {
    const message =
      'the first line must name the columns, such as "sku,title,price,currency"; no column is called title';
    throw syntaxError(line, message);
  }
  return columns;
}

/** @throws NiagaError INPUT_SYNTAX when there are more or fewer cells than columns */
function objectOf(columns: readonly Column[], cells: readonly string[], line: number): object {
  const surplus = cells.slice(columns.length).some((cell) => cell !== '');
  if (surplus || cells.length < columns.length) {
    const message = `there are ${cells.length} columns where the header has ${columns.length}`;
    throw syntaxError(line, `${message}; a text with the delimiter in it stands in double quotes`);
  }
  const fields = new Map<string, string | null | Map<string, string>>();
  for (const [index, { name, part }] of columns.entries()) {
    const cell = withoutMark(cells[index] ?? '');
    if (part === undefined) {
      if (name !== '') fields.set(name, cell.trim() === '' ? null : cell);
      else if (cell.trim() !== '') throw syntaxError(line, `column ${index + 1} has no name in the header`);
    } else if (cell.trim() !== '') {
      const parts = fields.get(name);
      if (parts instanceof Map) parts.set(part, cell);
      else fields.set(name, new Map([[part, cell]]));
    }
  }
  // fromEntries defines own properties, whatever the columns are called.
  return Object.fromEntries(
    [...fields].map(([name, cell]) => [name, cell instanceof Map ? Object.fromEntries(cell) : cell]),
  );
}

function syntaxError(line: number, what: string): NiagaError {
  return new NiagaError('INPUT_SYNTAX', `Line ${line}: ${what}.`, { where: `line ${line}`, details: { line } });
}
