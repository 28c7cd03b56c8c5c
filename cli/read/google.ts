import { SaxesParser } from 'saxes';
import { NiagaError } from '../../protocol/errors.js';
import { MAX_LINE_BYTES, peek } from './bytes.js';
import { readCsv } from './csv.js';
import { decodeLines } from './encoding.js';
import type { ReadLine } from './index.js';
import { gather, MAX_JSON_BYTES } from './json.js';

const MiB = 1024 * 1024;
/** Elements of XML stand in one another at most so deep; a feed has four levels or five. */
const MAX_DEPTH = 64;

/** Fields of a feed that say what a thing is like, and have no field of their own here. */
const PROPERTIES = ['color', 'size', 'material', 'pattern', 'gender', 'age_group', 'gtin', 'mpn'];

type Fields = ReadonlyMap<string, string>;

/**
 * A feed for Google merchants, as shops have it and `niaga export` writes it: RSS 2.0 or Atom, or text with tabs. Links and
 * pictures are left out: they are addresses there.
 */
export async function* readGoogle(source: AsyncIterable<Uint8Array>): AsyncGenerator<ReadLine, void> {
  const { head, chunks } = await peek(source, (begin) => begin.some((byte) => byte > 0x20));
  if (head.find((byte) => byte > 0x20) === '<'.charCodeAt(0)) return yield* readXml(chunks);
  for await (const read of readCsv(chunks)) {
    if (read.error !== undefined) yield read;
    else yield { line: read.line, value: itemOf(cellsOf(read.value)) };
  }
}

/** The cells of a record that are not empty, by the names of their columns. */
function cellsOf(record: unknown): Fields {
  const cells = Object.entries(record as Readonly<Record<string, unknown>>);
  return new Map(
    cells.flatMap(([name, cell]) => (typeof cell === 'string' ? [[name.toLowerCase().replace(/ /g, '_'), cell]] : [])),
  );
}

/** The listing as `readItem` takes it. */
function itemOf(fields: Fields): Readonly<Record<string, unknown>> {
  const properties = PROPERTIES.flatMap((name) => {
    const value = fields.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const isGone = /^out[ _]of[ _]stock$/i.test(fields.get('availability')?.trim() ?? '');
  return {
    sku: fields.get('id'),
    title: fields.get('title'),
    description: fields.get('description'),
    category: fields.get('product_type') ?? categoryOf(fields.get('google_product_category')),
    brand: fields.get('brand'),
    itemCondition: fields.get('condition'),
    additionalProperty: properties.length === 0 ? undefined : Object.fromEntries(properties),
    price: fields.get('price') ?? 'on request',
    inventoryLevel: isGone ? 0 : undefined,
  };
}

/** Google's own categories come as paths, or as numbers that mean something to Google only. */
function categoryOf(path: string | undefined): string | undefined {
  return path === undefined || /^\s*\d+\s*$/.test(path) ? undefined : path;
}

/**
 * The items of a feed of XML. It is read whole before anything of it counts. A document type is refused: the entities that
 * it could define (files of this machine, texts that grow without end) do not exist here.
 * @throws NiagaError INPUT_SYNTAX, INPUT_ENCODING, INPUT_TOO_LARGE
 */
async function* readXml(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ReadLine, void> {
  const text = decodeLines(await gather(chunks, tooLarge), 1);
  const parser = new SaxesParser({ position: true });
  const items: ReadLine[] = [];
  /** Names of the elements that are open. */
  const open: string[] = [];
  let item: { readonly line: number; readonly depth: number; readonly fields: Map<string, string> } | undefined;
  let content = '';
  const fault = (what: string): NiagaError => syntaxError(parser.line, parser.column, what);
  parser.on('error', ({ message }) => {
    throw fault(message.replace(/^\d+:\d+: /, '').replace(/\.$/, ''));
  });
  parser.on('doctype', () => {
    throw fault('a feed has no document type (<!DOCTYPE …>)');
  });
  parser.on('opentag', ({ name }) => {
    open.push(name);
    if (open.length > MAX_DEPTH) throw fault(`elements stand more than ${MAX_DEPTH} deep in one another`);
    if (item === undefined && /^(?:item|entry)$/.test(name))
      item = { line: parser.line, depth: open.length, fields: new Map() };
    content = '';
  });
  const add = (piece: string): void => {
    if (open.length === (item?.depth ?? 0) + 1) content += piece;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', ({ name }) => {
    if (item !== undefined && open.length === item.depth + 1) {
      const field = name.replace(/^.*:/, '').toLowerCase();
      // Where an element of RSS and Google's own say the same thing, Google's counts.
      if (content.trim() !== '' && (name.includes(':') || !item.fields.has(field)))
        item.fields.set(field, content.trim());
    } else if (open.length === item?.depth) {
      items.push(lineOf(item.line, item.fields));
      item = undefined;
    }
    open.pop();
  });
  parser.write(text).close();
  yield* items;
}

function lineOf(line: number, fields: Fields): ReadLine {
  const size = [...fields.values()].reduce((sum, text) => sum + text.length, 0);
  if (size <= MAX_LINE_BYTES) return { line, value: itemOf(fields) };
  const message = `The item of line ${line} has more than ${MAX_LINE_BYTES / MiB} MiB, which is more than a listing may have.`;
  return { line, error: new NiagaError('INPUT_TOO_LARGE', message, { where: `line ${line}` }) };
}

function tooLarge(): NiagaError {
  return new NiagaError('INPUT_TOO_LARGE', `A feed may have at most ${MAX_JSON_BYTES / MiB} MiB.`, {
    next: 'Write one listing a line (NDJSON), for which there is no limit.',
  });
}

function syntaxError(line: number, column: number, what: string): NiagaError {
  return new NiagaError('INPUT_SYNTAX', `Line ${line}, column ${column}: ${what}.`, {
    where: `line ${line}, column ${column}`,
    details: { line, column },
  });
}
