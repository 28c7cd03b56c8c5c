import { NiagaError } from '../errors.js';
import { quote } from '../quote.js';
import { isItemField } from './aliases.js';

/**
 * Listings in a table, as spreadsheets have them: a header of field names, then one listing a row. Where a cell of a column goes: a
 * field, or a part of one (`attributes.color`).
 */
export interface Column {
  readonly name: string;
  readonly part?: string | undefined;
}

/**
 * What a spreadsheet would run as a formula (OWASP, "CSV Injection"), and what begins as the mark that prevents it: both get the mark,
 * an apostrophe, in front. Numbers are no formulas.
 */
export const FORMULA = /^'*[=+\-@\t\r]/;

/** What a cell meant before it was made safe for spreadsheets. */
export function withoutMark(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}

/**
 * The columns that a header names. @param line where it stands in the file, from 1
 * @throws NiagaError INPUT_SYNTAX where a name is there twice, or none is called title
 */
export function columnsOf(names: readonly string[], line: number): Column[] {
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

/**
 * A row as the listing that `readItem` understands: cells are text, an empty one is null.
 * @throws NiagaError INPUT_SYNTAX when there are more or fewer cells than columns
 */
export function rowOf(columns: readonly Column[], cells: readonly string[], line: number): object {
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

/** A fault of a table. @param line from 1 */
export function syntaxError(line: number, what: string): NiagaError {
  return new NiagaError('INPUT_SYNTAX', `Line ${line}: ${what}.`, { where: `line ${line}`, details: { line } });
}
