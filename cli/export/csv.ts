import { FORMULA } from '../../protocol/listing/table.js';

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
