import { renderValue } from './render.js';
import { safeLine } from './safe-text.js';

/** A column of a list on a terminal. */
export interface Column {
  readonly key: string;
  /** Ids must be copied whole: such a column is never cut. */
  readonly whole?: boolean;
}

const GAP = '  ';
/** A column that is cut keeps at least so much. */
const LEAST = 12;

/**
 * Rows under headings, cut to the terminal's width; undefined when even cut they do not fit.
 *
 * @param width columns of the terminal
 */
export function renderTable(
  rows: readonly Readonly<Record<string, unknown>>[],
  columns: readonly Column[],
  width: number,
): string[] | undefined {
  const cells = rows.map((row) => columns.map(({ key }) => safeLine(renderValue(key, row[key]))));
  const heads = columns.map(({ key }) => key.toUpperCase());
  const widths = columns.map((_, index) =>
    Math.max(...[heads, ...cells].map((line) => displayWidth(line[index] ?? ''))),
  );
  let excess = widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length) - width;
  while (excess > 0) {
    const widest = columns
      .map((column, index) => ({ index, width: column.whole === true ? 0 : (widths[index] ?? 0) }))
      .reduce((a, b) => (b.width > a.width ? b : a));
    const cut = Math.min(excess, widest.width - LEAST);
    if (cut <= 0) return undefined;
    // By halves, so that two wide columns share the loss.
    const step = Math.max(1, Math.ceil(cut / 2));
    widths[widest.index] = widest.width - step;
    excess -= step;
  }
  return [heads, ...cells].map((line) =>
    line
      .map((cell, index) => fit(cell, widths[index] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

function fit(text: string, width: number): string {
  const own = displayWidth(text);
  if (own <= width) return text + ' '.repeat(width - own);
  let kept = '';
  let used = 1;
  for (const character of text) {
    used += displayWidth(character);
    if (used > width) break;
    kept += character;
  }
  return `${kept}…${' '.repeat(width - displayWidth(kept) - 1)}`;
}

const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
const ZERO = /[\p{M}\u200b-\u200d\ufe00-\ufe0f]/u;

/** Cells of a terminal that a text takes: a good guess, as every terminal differs in details (Unicode UAX #11). */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}
