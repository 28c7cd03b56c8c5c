import { isNiagaError } from '../../protocol/errors.js';
import { readItem } from '../../protocol/listing/input.js';
import { columnsOf, rowOf, syntaxError, type Column } from '../../protocol/listing/table.js';
import { moneyToJson } from '../../protocol/money.js';
import type { MoneyView } from '../../node/api/views.js';
import { blobId } from '../../protocol/ids.js';
import { picturesOf, withIds } from './pictures.js';
import { delimiterOf, recordsOf } from './csv.js';

/** In the place of a picture that is not on the node yet. */
const ANY_PICTURE = blobId(new Uint8Array()).toString();

/** What is wrong with a line, as the node would say it. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** A line of the file: what it would put up, or why it cannot. */
export interface Line {
  readonly line: number;
  readonly title: string;
  readonly price: MoneyView | undefined;
  /** What the node is given, once its pictures are there. */
  readonly value: object;
  /** The names of those, as far as they are files to be chosen beside this one. */
  readonly pictures: readonly string[];
  readonly fault: Fault | undefined;
  readonly warnings: readonly string[];
}

/**
 * The listings in a CSV file, each looked at by the very rules by which the node takes it. Loaded only when somebody imports: those
 * rules are larger than the rest of the page.
 * @throws NiagaError INPUT_SYNTAX for a header that is none
 */
export function readLines(text: string): Line[] {
  const lines: Line[] = [];
  let columns: Column[] | undefined;
  for (const { line, cells, open } of recordsOf(text, delimiterOf(text))) {
    if (cells.every((cell) => cell.trim() === '')) continue;
    if (columns === undefined) columns = columnsOf(cells, line);
    else lines.push(lineOf(columns, cells, line, open));
  }
  return lines;
}

function lineOf(columns: readonly Column[], cells: readonly string[], line: number, open: boolean): Line {
  const at = columns.findIndex(({ name }) => /^(title|name)$/i.test(name));
  const shown = {
    line,
    title: cells[at] ?? '',
    price: undefined,
    value: {},
    pictures: [],
    fault: undefined,
    warnings: [],
  };
  try {
    if (open) throw syntaxError(line, 'a quote that opens in this line is never closed');
    const value = rowOf(columns, cells, line);
    const { item, warnings } = readItem(withIds(value, () => ANY_PICTURE));
    const price = item.price === null ? undefined : moneyToJson(item.price);
    return {
      ...shown,
      title: item.title,
      price,
      value,
      pictures: picturesOf(value),
      warnings: warnings.map(({ message }) => message),
    };
  } catch (error) {
    if (!isNiagaError(error)) throw error;
    return { ...shown, fault: { code: error.code, message: error.message } };
  }
}
