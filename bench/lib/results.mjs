// What a run has found so far. A table is shown as soon as it stands, and saved with each of its rows: a run that is cut off, by
// a time limit or by a person, leaves what it measured.
import { inCells, printTable, progress, writeJson } from './report.mjs';

const tables = [];
const notes = [];
let save = () => undefined;

/** Saves from now on. @param {string} file @param {() => object} head what stands before the tables */
export function saveTo(file, head) {
  save = (more) => writeJson(file, { ...head(), tables, notes, ...more });
}

/** Shows what was begun and not shown yet; saves all, with what else the run gives for programs. */
export function endResults(more = {}) {
  for (const table of tables) table.end();
  save(more);
}

/** A table that is complete. @param {readonly object[]} rows @param {string} title */
export function table(rows, title) {
  new Table(title).fill(rows);
}

/** A line about what was measured. */
export function note(text) {
  console.log(`\n${text}`);
  notes.push(text);
  save();
}

/** A table whose rows take long, each of them: a row is said on stderr as soon as it stands, the table is shown at its end. */
export class Table {
  title;
  rows = [];
  #shown = false;

  constructor(title) {
    this.title = title;
    tables.push(this);
  }

  add(row) {
    this.rows.push(row);
    progress(inCells(row).join(' | '));
    save();
  }

  /** @param {readonly object[]} rows all of them */
  fill(rows) {
    this.rows = rows;
    this.end();
  }

  end() {
    if (this.#shown) return;
    this.#shown = true;
    if (this.rows.length > 0) printTable(this.rows, this.title);
    save();
  }
}
