// What every benchmark prints: the machine, the versions, tables in Markdown; and the same as JSON for programs.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const ROOT = new URL('../../', import.meta.url);

/** Versions of what is measured; a package that is not installed is left out. */
function versions() {
  const own = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  const found = { niaga: own.version, node: process.versions.node };
  for (const name of ['libp2p', '@libp2p/kad-dht', 'level', 'peerbit', '@peerbit/document']) {
    for (const folder of ['node_modules/', 'bench/node_modules/']) {
      try {
        const file = new URL(`${folder}${name}/package.json`, ROOT);
        found[name] ??= JSON.parse(readFileSync(file, 'utf8')).version;
      } catch {
        // Not in this folder.
      }
    }
  }
  return found;
}

/** The machine in words: cores, processor, memory, system, versions. */
export function machine() {
  const [first] = cpus();
  return {
    cores: cpus().length,
    processor: first?.model.trim() ?? 'unknown',
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    versions: versions(),
  };
}

/** One line that says where the figures come from. */
export function machineLine(about = machine()) {
  const names = Object.entries(about.versions).map(([name, version]) => `${name} ${version}`);
  return `${about.cores} × ${about.processor}, ${about.memoryGB} GB, ${about.system}; ${names.join(', ')}`;
}

/**
 * The value below which `share` of the sorted values lie (nearest rank); NaN of none.
 * @param {readonly number[]} sorted ascending
 */
export function quantile(sorted, share) {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))];
}

/** Median, 95th and 99th of a hundred, and the greatest. */
export function percentiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    count: sorted.length,
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  };
}

export function mean(values) {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How many of a list have each name. */
export function countBy(list, nameOf) {
  const counts = {};
  for (const one of list) counts[nameOf(one)] = (counts[nameOf(one)] ?? 0) + 1;
  return counts;
}

/** `{complete: 3, partial: 1}` as "3 complete, 1 partial". */
export function inWords(counts) {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

/** A number as people read it: three digits that count, no exponent; `–` for what was not measured. */
function figure(value, digits) {
  if (value === undefined || value === null || Number.isNaN(value)) return '–';
  if (typeof value !== 'number') return String(value);
  if (digits !== undefined) return value.toFixed(digits);
  if (Number.isInteger(value) || Math.abs(value) >= 100) return String(Math.round(value));
  if (Math.abs(value) >= 10) return value.toFixed(1);
  return value.toFixed(Math.abs(value) >= 1 ? 2 : 3);
}

/** A row's values as people read them. */
export function inCells(row) {
  return Object.values(row).map((value) => figure(value));
}

/** Says on stderr what is being done: a benchmark takes minutes. */
export function progress(text) {
  console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
}

/** Prints rows (objects with the same keys) as a table in Markdown, columns as wide as their longest cell. */
export function printTable(rows, title) {
  console.log(`\n${title}\n`);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [columns, ...rows.map((row) => columns.map((column) => figure(row[column])))];
  const widths = columns.map((_, at) => Math.max(3, ...cells.map((line) => line[at].length)));
  const line = (parts) => `| ${parts.map((part, at) => part.padEnd(widths[at])).join(' | ')} |`;
  console.log(line(cells[0]));
  console.log(`| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  for (const row of cells.slice(1)) console.log(line(row));
}

/** Writes what was measured for programs to read, with the machine beside it. */
export function writeJson(file, results) {
  writeFileSync(file, `${JSON.stringify({ machine: machine(), ...results }, undefined, 2)}\n`);
}
