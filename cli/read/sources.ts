import { constants, fstatSync } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { LISTING_FORMATS } from '../../node/api/rows/export.js';
import { NiagaError } from '../../protocol/errors.js';
import { quote } from '../../protocol/quote.js';
import { isGzip, isGzipName, plainBytes } from './bytes.js';
import { MAX_JSON_BYTES, jsonTooLarge } from './json.js';
import { lookedFor } from './looked-for.js';

/** `json` and whatever listings are exported as. */
export type Format = 'json' | (typeof LISTING_FORMATS)[number];

/** Something to read listings from, with its format where that is known before reading. */
export type Source = ({ readonly path: string } | { readonly stdin: Readable }) & {
  readonly format?: Format | undefined;
  /** Bytes of the file, where it is one. */
  readonly size?: number;
};

export interface OpenSourcesOptions {
  /** The format of all; default: by each file's name, else by its beginning. */
  readonly format?: Format | undefined;
  /** What `-` stands for. */
  readonly stdin?: Readable | undefined;
}

/** A gzip file is unpacked once to see whether it is whole, as far as this. */
const MAX_CHECKED_BYTES = 1024 * 1024 * 1024;

/**
 * The files of a command, each looked at before any is read, so that a missing or unreadable one stops everything.
 *
 * @throws NiagaError FILE_NOT_FOUND, INPUT_FILE for a folder or what may not be read, INPUT_SYNTAX for a damaged gzip
 * file, INPUT_TOO_LARGE for a JSON file, USAGE for `-` twice
 */
export async function openSources(paths: readonly string[], options: OpenSourcesOptions = {}): Promise<Source[]> {
  const sources: Source[] = [];
  for (const path of paths) {
    if (path !== '-') {
      sources.push(await checkFile(path, options.format ?? formatOfName(path)));
    } else if (options.stdin !== undefined && !sources.some((source) => 'stdin' in source)) {
      checkStdin(options.stdin);
      sources.push({ stdin: options.stdin, format: options.format });
    } else {
      throw new NiagaError('USAGE', 'Standard input (-) can be named once only.');
    }
  }
  return sources;
}

/** By the end of a name, `.gz` aside; undefined for other names. */
export function formatOfName(path: string): Format | undefined {
  const extension = /\.(json|ndjson|jsonl|csv|tsv|jsonld|xml)(?:\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  switch (extension) {
    case 'json':
      return 'json';
    case 'ndjson':
    case 'jsonl':
      return 'ndjson';
    case 'csv':
    case 'tsv':
      return 'csv';
    case 'jsonld':
      return 'json-ld';
    case 'xml':
      return 'google';
    default:
      return undefined;
  }
}

async function checkFile(path: string, format: Format | undefined): Promise<Source> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw isFolder(path);
    // A pipe can be opened once only; what it holds shows when it is read.
    if (status.isFIFO() || status.isCharacterDevice()) {
      await access(path, constants.R_OK);
      return { path, format };
    }
    if (!status.isFile()) throw new NiagaError('INPUT_FILE', `${quote(path)} is not a file.`, { where: path });
    if (await beginsAsGzip(path)) await checkGzip(path);
    else if (format === 'json' && status.size > MAX_JSON_BYTES) throw jsonTooLarge(path);
    return { path, format, size: status.size };
  } catch (error) {
    throw fileError(error, path);
  }
}

function isFolder(path: string): NiagaError {
  const next = 'Name the files in it, such as listings/*.ndjson.';
  return new NiagaError('INPUT_FILE', `${quote(path)} is a folder, not a file.`, { where: path, next });
}

/** Node reads a folder that stands for standard input as if it were empty. */
function checkStdin(stdin: Readable): void {
  const fd = 'fd' in stdin ? stdin.fd : undefined;
  if (typeof fd === 'number' && fstatSync(fd).isDirectory()) throw isFolder('standard input');
}

async function beginsAsGzip(path: string): Promise<boolean> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return isGzip(buffer.subarray(0, bytesRead)) || isGzipName(path);
}

async function checkGzip(path: string): Promise<void> {
  let length = 0;
  for await (const chunk of plainBytes(path)) {
    length += chunk.length;
    if (length > MAX_CHECKED_BYTES) return;
  }
}

/** A failure of the file system as an error that names the path. */
export function fileError(error: unknown, path: string): unknown {
  if (error instanceof NiagaError) {
    return error.where === path
      ? error
      : new NiagaError(error.code, error.message, { ...error, where: path, cause: error.cause });
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return error;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new NiagaError('FILE_NOT_FOUND', `There is no file ${quote(path)}.`, {
      where: path,
      next: lookedFor(path),
      cause: error,
    });
  }
  const why = code === 'EACCES' || code === 'EPERM' ? 'may not be read' : `cannot be read (${code})`;
  return new NiagaError('INPUT_FILE', `${quote(path)} ${why}.`, { where: path, cause: error });
}
