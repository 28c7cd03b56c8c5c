const DELIMITERS = [',', ';', '\t'] as const;

/** A record of a CSV file. */
interface Record {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** The file ends inside a quoted cell of it. */
  readonly open: boolean;
}

/** The one that the first line uses most, outside of quotes. */
export function delimiterOf(text: string): string {
  const header = (/^[^\r\n]*/.exec(text)?.[0] ?? '').replace(/"[^"]*"/g, '');
  const count = (delimiter: string): number => header.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

/** RFC 4180: a line break inside quotes belongs to the cell; a quote opens only where a cell begins, so that `10" pipe` is no trap. */
export function* recordsOf(text: string, delimiter: string): Generator<Record> {
  const mark = delimiter === '\t' ? '\\t' : delimiter;
  // A quoted cell (what follows its end up to the next mark belongs to it), or a plain one; then what ends it.
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)("?)([^${mark}\\r\\n]*)|([^${mark}\\r\\n]*))(${mark}|\\r\\n|\\n|\\r|$)`,
    'y',
  );
  let cells: string[] = [];
  let line = 1;
  let begun = 1;
  while (cell.lastIndex <= text.length) {
    const [whole = '', quoted, closing, rest = '', plain = '', end = ''] = cell.exec(text) ?? [];
    line += whole.split(/\r\n|\n|\r/).length - 1;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"') + rest);
    if (end === delimiter) continue;
    yield { line: begun, cells, open: quoted !== undefined && closing === '' };
    if (end === '') return;
    cells = [];
    begun = line;
  }
}
