import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { openSources, readItems, type Format, type ReadLine } from '../../../cli/read/index.js';

/** The path of a new file, which is there until the test ends. */
export function file(name: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'niaga-read-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

export async function collect(lines: AsyncIterable<ReadLine>): Promise<ReadLine[]> {
  const all: ReadLine[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** What a file of that name and content gives, read as the command does it. */
export async function read(name: string, content: string | Uint8Array, format?: Format): Promise<ReadLine[]> {
  const [source] = await openSources([file(name, content)], { format });
  if (source === undefined) throw new Error('no source');
  return collect(readItems(source));
}

/** The same bytes as standard input, in pieces of `size`. */
export async function pipe(content: string | Uint8Array, size: number, format?: Format): Promise<ReadLine[]> {
  const bytes = Buffer.from(content as string);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
  return collect(readItems({ stdin: Readable.from(pieces) }, { format }));
}

export function values(lines: readonly ReadLine[]): unknown[] {
  return lines.map(({ value }) => value);
}

export function errors(lines: readonly ReadLine[]): [number, string, string][] {
  return lines.flatMap(({ line, error }) =>
    error ? [[line, error.code, error.message] as [number, string, string]] : [],
  );
}

/** What all the forms of it come to. */
export const two = [
  { sku: 'a', title: 'Kopi “Gayo”' },
  { sku: 'b', title: 'Teh 茶' },
];
export const ndjson = two.map((item) => JSON.stringify(item)).join('\n');
