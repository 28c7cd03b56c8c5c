import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSources, readItems, type Format } from '../../../cli/read/index.js';
import { sharedPath } from '../../support/shared.js';
import { collect, errors, ndjson, pipe, read, two, values } from './reading.js';

describe('a file is read by its name', () => {
  it.each([
    ['two.json', JSON.stringify(two)],
    ['two-pretty.json', JSON.stringify(two, null, 2)],
    ['two.ndjson', ndjson],
    ['two.jsonl', `${ndjson}\n`],
    ['TWO.NDJSON', ndjson],
    ['two.csv', 'sku,title\na,Kopi “Gayo”\nb,Teh 茶\n'],
    ['two.tsv', 'sku\ttitle\na\tKopi “Gayo”\nb\tTeh 茶\n'],
  ])('%s, and packed as well', async (name, text) => {
    expect(values(await read(name, text))).toEqual(two);
    expect(values(await read(`${name}.gz`, gzipSync(text)))).toEqual(two);
  });

  it('and by --format where the name says something else', async () => {
    expect(values(await read('two.txt', ndjson, 'ndjson'))).toEqual(two);
    expect(values(await read('two.json', 'sku,title\na,b', 'csv'))).toEqual([{ sku: 'a', title: 'b' }]);
  });
});

describe('standard input', () => {
  it.each([
    ['a list', JSON.stringify(two)],
    ['a list over lines', `\n ${JSON.stringify(two, null, 2)}`],
    ['an object a line', ndjson],
    ['a table', 'sku;title\r\na;Kopi “Gayo”\r\nb;Teh 茶'],
  ])('is understood without a format: %s', async (_, text) => {
    for (const size of [1, 3, 65_536]) {
      expect(values(await pipe(text, size))).toEqual(two);
      expect(values(await pipe(`\ufeff${text}`, size))).toEqual(two);
      expect(values(await pipe(gzipSync(text), size))).toEqual(two);
    }
  });

  it('may be one object over several lines', async () => {
    expect(values(await pipe(JSON.stringify(two[0], null, 2), 7))).toEqual([two[0]]);
  });

  it('gives nothing when it is empty', async () => {
    expect(await pipe('', 1)).toEqual([]);
    expect(await pipe('\n \n', 1)).toEqual([]);
  });
});

describe('lines are numbered as an editor numbers them', () => {
  it('in NDJSON, over blank lines', async () => {
    expect((await read('n.ndjson', '\n{"a":1}\n\n\n{"a":2}')).map(({ line }) => line)).toEqual([2, 5]);
  });

  it('in JSON, where each listing begins', async () => {
    const text = '[\n  {"a":\n1}, {"a":2},\n\n  {"a":3}\n]';
    expect((await read('n.json', text)).map(({ line }) => line)).toEqual([2, 3, 5]);
  });

  it('in CSV, over line breaks in quotes', async () => {
    const text = 'sku,title,description\r\na,A,"one\r\ntwo\r\nthree"\r\nb,B,\r\n';
    expect((await read('n.csv', text)).map(({ line }) => line)).toEqual([2, 5]);
  });
});

describe('an empty file has no listings', () => {
  it.each([
    ['empty.json', ''],
    ['empty-list.json', '[]'],
    ['blank.json', ' \r\n'],
    ['empty.ndjson', ''],
    ['bom.ndjson', '\ufeff'],
    ['blank.ndjson', '\n\r\n'],
    ['empty.csv', ''],
    ['header.csv', 'sku,title\n'],
    ['empty.txt', ''],
    ['empty.ndjson.gz', gzipSync('')],
  ])('%s', async (name, content) => {
    expect(await read(name, content)).toEqual([]);
  });
});

it.each<[string, Uint8Array, number]>([
  ['a reader that stops early', gzipSync('{"a":1}\n'.repeat(100_000)), 1],
  ['a reader that fails before it begins', Buffer.from('{\u0000'), 1],
  ['a reader that comes to the end', Buffer.from('{}'), 2],
])('%s closes what it reads', async (_, bytes, steps) => {
  const stdin = Readable.from(Array.from(bytes, (byte) => Buffer.of(byte)));
  const lines = readItems({ stdin });
  for (let step = 0; step < steps; step++) await lines.next();
  await lines.return(undefined);
  expect(stdin.destroyed).toBe(true);
});

it('a signal ends the reading with its reason', async () => {
  const lines = readItems({ stdin: Readable.from([Buffer.from(ndjson)]) }, { signal: AbortSignal.abort() });
  await expect(collect(lines)).rejects.toMatchObject({ name: 'AbortError' });
});

it('whatever the bytes, reading ends, and with nothing but NiagaErrors', async () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '"',
    'title',
    ',',
    ';',
    ':',
    '\n',
    '\r',
    '1',
    '\u0000',
    '\ufeff',
    'é',
    '\x1f\x8b',
  );
  const soup = fc.array(pieces, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''), 'latin1'));
  const bytes = fc.oneof(
    soup,
    fc.uint8Array({ maxLength: 100 }),
    soup.map((text) => gzipSync(text).subarray(0, -1)),
  );
  const formats = fc.constantFrom<(Format | undefined)[]>('json', 'ndjson', 'csv', undefined);
  await fc.assert(
    fc.asyncProperty(bytes, formats, fc.integer({ min: 1, max: 9 }), async (content, format, size) => {
      const whole = await pipe(content, 1_000, format);
      for (const { error } of whole) expect(error?.code ?? 'INPUT_').toMatch(/^INPUT_/);
      // What the pieces are in which bytes arrive makes no difference.
      const inPieces = await pipe(content, size, format);
      const told = (lines: typeof whole) => lines.map(({ line, value, error }) => [line, value, error?.code]);
      const [first, second] = [told(inPieces), told(whole)];
      if (content[0] === 0x1f && content[1] === 0x8b) {
        // How far a packed file that is cut can be read is zlib's to say: up to where the first of the two ends they are the same.
        const same = Math.min(first.length, second.length) - 1;
        expect(same).toBeGreaterThanOrEqual(0);
        expect(first.slice(0, same)).toEqual(second.slice(0, same));
        for (const lines of [inPieces, whole]) expect(lines.at(-1)?.error).toBeDefined();
      } else {
        expect(first).toEqual(second);
      }
    }),
    { numRuns: 500 },
  );
});

describe.each([
  ['catalog-esci.ndjson.gz', 6_764],
  ['catalog-id.ndjson.gz', 1_321],
])('%s', (name, count) => {
  const path = sharedPath('data', name);

  it.skipIf(path === undefined)(`is read whole (skipped without ../shared/data/${name})`, async () => {
    const sources = await openSources([path ?? '']);
    const lines = await collect(readItems(sources[0] ?? { path: '' }));
    expect(lines.map(({ line }) => line)).toEqual(Array.from({ length: count }, (_, n) => n + 1));
    expect(errors(lines)).toEqual([]);
  });
});
