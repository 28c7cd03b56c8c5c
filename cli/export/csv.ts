/**
 * What a spreadsheet would run as a formula (OWASP, "CSV Injection"), and what begins as the mark that prevents it: both get the mark,
 * an apostrophe, in front. Numbers are no formulas.
 */
const FORMULA = /^'*[=+\-@\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?$/;
const SPECIAL = /[",;\t\r\n]|^\s|\s$/;

/** A row of RFC 4180, with its line end. */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return SPECIAL.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** What a cell meant before it was made safe; the inverse of what {@link csvRow} does to one. */
export function withoutMark(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}
