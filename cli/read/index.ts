import type { NiagaError } from '../../protocol/errors.js';
import { isNiagaError } from '../../protocol/errors.js';
import { peek, plainBytes, skip } from './bytes.js';
import { readCsv } from './csv.js';
import { ENCODING_HEAD_BYTES, bomLength } from './encoding.js';
import { readGoogle } from './google.js';
import { readJson } from './json.js';
import { readJsonLd } from './json-ld.js';
import { readNdjson } from './ndjson.js';
import { formatOfBeginning, tellsFormat } from './sniff.js';
import { fileError, formatOfName, type Format, type Source } from './sources.js';

/**
 * Files into values, one a listing:
 *
 * ```ts
 * for (const source of await openSources(['shop.ndjson.gz', 'more.csv'])) {
 *   for await (const { line, value, error } of readItems(source)) …
 * }
 * ```
 */

export { formatOfName, openSources } from './sources.js';
export type { Format, Source } from './sources.js';

/** What a line holds (`value`), or why it holds nothing (`error`). */
export type ReadLine =
  | { readonly line: number; readonly value: unknown; readonly error?: never }
  | { readonly line: number; readonly error: NiagaError; readonly value?: never };

export interface ReadItemsOptions {
  readonly format?: Format | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes were read each time: of a packed file, packed ones. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/**
 * The listings of a source as its lines have them, to be understood by `readItem`. Memory is bounded: a line or record
 * of more than 1 MiB is an error of that line, whatever its length; a file of JSON or XML may have 64 MiB.
 *
 * What is wrong with one line of NDJSON, record of CSV or entry of JSON-LD or a feed is the error of that line and reading goes on. What is wrong
 * with the file (JSON or XML syntax, UTF-16, damaged gzip, a failing disk) is the last thing that comes.
 *
 * @throws NiagaError FILE_NOT_FOUND, INPUT_FILE if the file is gone since `openSources`; the signal's reason
 */
export async function* readItems(source: Source, options: ReadItemsOptions = {}): AsyncGenerator<ReadLine> {
  let line = 0;
  try {
    for await (const read of readContent(source, options)) {
      options.signal?.throwIfAborted();
      line = read.line;
      yield read;
    }
  } catch (error) {
    const known = isNiagaError(error) ? error : fileError(error, 'path' in source ? source.path : 'standard input');
    if (!isNiagaError(known) || known.code === 'FILE_NOT_FOUND' || (known.code === 'INPUT_FILE' && line === 0))
      throw known;
    const at = known.details?.line;
    yield { line: typeof at === 'number' ? at : line + 1, error: known };
  }
}

async function* readContent(
  source: Source,
  { format: given, onRead }: ReadItemsOptions,
): AsyncGenerator<ReadLine, void> {
  const isStdin = 'stdin' in source;
  const bytes = plainBytes(isStdin ? source.stdin : source.path, onRead);
  const format = given ?? source.format ?? (isStdin ? undefined : formatOfName(source.path));
  try {
    // The encoding wants its bytes also where fewer tell the format: what is wrong must not depend on how they arrive.
    const isEnough = (head: Uint8Array): boolean =>
      head.length >= ENCODING_HEAD_BYTES && (format !== undefined || tellsFormat(head));
    const { head, chunks } = await peek(bytes, isEnough);
    const content = skip(chunks, bomLength(head));
    switch (format ?? formatOfBeginning(head)) {
      case 'json':
        return yield* readJson(content);
      case 'ndjson':
        return yield* readNdjson(content);
      case 'csv':
        return yield* readCsv(content);
      case 'json-ld':
        return yield* readJsonLd(content);
      case 'google':
        return yield* readGoogle(content);
    }
  } finally {
    // A reader that fails before it has begun leaves the file open.
    await bytes.return(undefined);
  }
}
