import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_LINE_BYTES } from '../../../cli/read/bytes.js';
import { openSources, readItems, type Format, type ReadLine } from '../../../cli/read/index.js';
import { sharedPath } from '../../support/shared.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'niaga-read-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function collect(lines: AsyncIterable<ReadLine>): Promise<ReadLine[]> {
  const all: ReadLine[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** What a file of that name and content gives, read as the command does it. */
async function read(name: string, content: string | Uint8Array, format?: Format): Promise<ReadLine[]> {
  const [source] = await openSources([file(name, content)], { format });
  if (source === undefined) throw new Error('no source');
  return collect(readItems(source));
}

/** The same bytes as standard input, in pieces of `size`. */
async function pipe(content: string | Uint8Array, size: number, format?: Format): Promise<ReadLine[]> {
  const bytes = Buffer.from(content as string);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
  return collect(readItems({ stdin: Readable.from(pieces) }, { format }));
}

function values(lines: readonly ReadLine[]): unknown[] {
  return lines.map(({ value }) => value);
}

function errors(lines: readonly ReadLine[]): [number, string, string][] {
  return lines.flatMap(({ line, error }) =>
    error ? [[line, error.code, error.message] as [number, string, string]] : [],
  );
}

const two = [
  { sku: 'a', title: 'Kopi “Gayo”' },
  { sku: 'b', title: 'Teh 茶' },
];
const ndjson = two.map((item) => JSON.stringify(item)).join('\n');

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

describe('encodings', () => {
  it.each([
    ['a byte order mark', `\ufeff${ndjson}`],
    ['CRLF', `${ndjson.replace('\n', '\r\n')}\r\n`],
    ['both', `\ufeff${ndjson.replace('\n', '\r\n')}\r\n`],
  ])('%s makes no difference', async (_, text) => {
    expect(values(await read('e.ndjson', text))).toEqual(two);
    const csv = text.startsWith('\ufeff') ? '\ufeffsku,title\r\na,b\r\n' : 'sku,title\r\na,b\r\n';
    expect(values(await read('e.csv', csv))).toEqual([{ sku: 'a', title: 'b' }]);
    expect(values(await read('e.json', `\ufeff${JSON.stringify(two)}\r\n`))).toEqual(two);
  });

  it.each<[string, Uint8Array]>([
    ['UTF-16 LE with its mark', Buffer.from(`\ufeff${ndjson}`, 'utf16le')],
    ['UTF-16 BE with its mark', Buffer.from(`\ufeff${ndjson}`, 'utf16le').swap16()],
    ['UTF-16 LE without', Buffer.from(ndjson, 'utf16le')],
    ['UTF-16 BE without', Buffer.from(ndjson, 'utf16le').swap16()],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0])],
  ])('%s is refused with what to do', async (_, bytes) => {
    for (const name of ['u.ndjson', 'u.json', 'u.csv', 'u']) {
      const [only, ...more] = await read(name, bytes);
      expect(only?.error).toMatchObject({
        code: 'INPUT_ENCODING',
        where: 'line 1',
        next: expect.stringMatching('UTF-8') as string,
      });
      expect(more).toEqual([]);
    }
  });

  it.each<[string, number[]]>([
    ['Latin-1', [0xe9]],
    ['a continuation byte', [0x80]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a longer overlong form', [0xe0, 0x80, 0xaf]],
    ['a lone surrogate', [0xed, 0xa0, 0x80]],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a character cut short', [0xe2, 0x82]],
    ['a byte of no meaning', [0xff]],
  ])('%s is refused with its line, and the others stand', async (_, wrong) => {
    const json = [Buffer.from('{"a":1}\n{"a":"é'), Buffer.from(wrong), Buffer.from('"}\n{"a":3}')];
    const lines = await read('l.ndjson', Buffer.concat(json));
    expect(errors(lines)).toEqual([
      [2, 'INPUT_ENCODING', expect.stringMatching(/^Line 2 is not UTF-8: byte 0x.. at byte 9 /)],
    ]);
    expect(values(lines)).toEqual([{ a: 1 }, undefined, { a: 3 }]);

    const csv = await read(
      'l.csv',
      Buffer.concat([Buffer.from('sku,title\na,x'), Buffer.from(wrong), Buffer.from('\nb,c\n')]),
    );
    expect(errors(csv)).toMatchObject([[2, 'INPUT_ENCODING', expect.stringMatching(/^Line 2 /)]]);
    expect(csv.length).toBe(2);

    const whole = await read(
      'l.json',
      Buffer.concat([Buffer.from('[{"a":1},\n{"a":"'), Buffer.from(wrong), Buffer.from('"}]')]),
    );
    expect(errors(whole)).toMatchObject([[2, 'INPUT_ENCODING', expect.stringMatching(/^Line 2 /)]]);
    expect(whole.length).toBe(1);
  });
});

describe('wrong JSON', () => {
  it('in a line of NDJSON is the error of that line only', async () => {
    const lines = await read('w.ndjson', '{"a":1}\n{"a":}\n\n{"a":NaN}\nhello\n{"a":2}\n');
    expect(errors(lines)).toEqual([
      [2, 'INPUT_SYNTAX', 'Line 2, column 6: a value is expected before the closing } in "a", near "{\\"a\\":}".'],
      [4, 'INPUT_SYNTAX', 'Line 4, column 6: NaN is not a number of JSON in "a", near "{\\"a\\":NaN}".'],
      [5, 'INPUT_SYNTAX', 'Line 5, column 1: a value is expected, near "hello".'],
    ]);
    expect(values(lines).filter((value) => value !== undefined)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('anywhere in a JSON file leaves nothing of it', async () => {
    const lines = await read('w.json', '[\n{"a":1},\n{"a":2}\n{"a":3}]');
    expect(lines.length).toBe(1);
    expect(lines[0]?.error).toMatchObject({
      code: 'INPUT_SYNTAX',
      where: 'line 4, column 1',
      message: expect.stringMatching(/^Line 4, column 1: a comma or \] is expected, near /) as string,
    });
  });

  it('a number beyond all doubles comes as it was written, and not as null later on', async () => {
    const text = '{"price":1e400,"n":[-1e999],"currency":"IDR"}';
    const value = { price: '1e400', n: ['-1e999'], currency: 'IDR' };
    for (const name of ['h.ndjson', 'h.json']) expect(values(await read(name, text))).toEqual([value]);
    expect(values(await read('h.json', `[{"n":1}, ${text},\n${text}]`))).toEqual([{ n: 1 }, value, value]);
  });

  it('a million levels deep is refused like other faults', async () => {
    const deep = '{"a":'.repeat(100_000);
    expect(errors(await read('d.ndjson', `${deep}\n{"a":1}`))).toMatchObject([
      [1, 'INPUT_SYNTAX', expect.stringMatching(/64 deep/)],
    ]);
    expect(errors(await read('d.json', '['.repeat(1_000_000)))).toMatchObject([
      [1, 'INPUT_SYNTAX', expect.stringMatching(/64 deep/)],
    ]);
  });

  it('does not become a prototype', async () => {
    const [line] = await read('p.ndjson', '{"__proto__":{"admin":true},"a":1,"a":2}');
    expect(Object.getPrototypeOf(line?.value)).toBe(Object.prototype);
    expect(line?.value).not.toHaveProperty('admin');
    expect(line?.value).toHaveProperty('a', 2);
  });
});

describe('a line that is too long', () => {
  const long = `{"title":"${'x'.repeat(10_000_000)}"}`;

  it('is an error of its own in NDJSON, and the next one is read', async () => {
    for (const [name, text] of [
      ['l.ndjson', `${long}\n{"a":1}`],
      ['l.ndjson.gz', gzipSync(`${long}\n{"a":1}`)],
    ] as const) {
      const lines = await read(name, text);
      expect(errors(lines)).toMatchObject([
        [1, 'INPUT_TOO_LARGE', expect.stringMatching(/^Line 1 has more than 1024 KiB/)],
      ]);
      expect(lines[1]).toEqual({ line: 2, value: { a: 1 } });
    }
  });

  it('is an error of its own in CSV, and the next one is read', async () => {
    const lines = await read('l.csv', `sku,title\na,${'x'.repeat(10_000_000)}\nb,c`);
    expect(errors(lines)).toMatchObject([[2, 'INPUT_TOO_LARGE', expect.stringMatching(/^Line 2 /)]]);
    expect(lines[1]).toEqual({ line: 3, value: { sku: 'b', title: 'c' } });
    expect(errors(await read('h.csv', 'x'.repeat(10_000_000)))).toMatchObject([
      [1, 'INPUT_TOO_LARGE', expect.anything()],
    ]);
  });

  it('may have exactly the limit', async () => {
    const most = `{"a":"${'x'.repeat(MAX_LINE_BYTES - 8)}"}`;
    expect(errors(await read('m.ndjson', `${most}\n`))).toEqual([]);
    expect(errors(await read('m.ndjson', ` ${most}\n`))).toMatchObject([[1, 'INPUT_TOO_LARGE', expect.anything()]]);
  });

  it('takes no memory, though it unpacks to a gigabyte', () => {
    // Node's own flag kills the child when its heap passes 64 MB; buffers outside of it show in maxRSS.
    const bomb = file('bomb.ndjson.gz', gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x78), { level: 9 }));
    const script = `
      import { readItems } from ${JSON.stringify(new URL('../../../dist/cli/read/index.js', import.meta.url).href)};
      const before = process.resourceUsage().maxRSS;
      for await (const { error } of readItems({ path: ${JSON.stringify(bomb)} })) console.log(error.code);
      console.log(Math.round((process.resourceUsage().maxRSS - before) / 1024));`;
    const child = spawnSync(process.execPath, ['--max-old-space-size=64', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    const [code, megabytes] = child.stdout.trim().split('\n');
    expect(child.stderr).toBe('');
    expect(code).toBe('INPUT_TOO_LARGE');
    expect(Number(megabytes)).toBeLessThan(60);
  });

  it('a JSON file of more than 64 MiB is refused before and while it is read', async () => {
    const large = Buffer.alloc(65 * 1024 * 1024, ' ');
    await expect(read('large.json', large)).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
    expect(errors(await read('large.json.gz', gzipSync(large, { level: 1 })))).toMatchObject([
      [1, 'INPUT_TOO_LARGE', expect.anything()],
    ]);
  });
});

describe('gzip', () => {
  const packed = gzipSync(
    Array.from({ length: 5_000 }, (_, n) => JSON.stringify({ n, noise: Math.sin(n) })).join('\n'),
  );

  it.each<[string, Uint8Array]>([
    ['cut short', packed.subarray(0, packed.length - 9)],
    ['cut to its header', packed.subarray(0, 10)],
    [
      'with a changed byte',
      Buffer.concat([packed.subarray(0, 3_000), Buffer.of(0xff, 0xff, 0xff), packed.subarray(3_003)]),
    ],
    ['that is none', Buffer.from(ndjson)],
    ['of no bytes', Buffer.alloc(0)],
  ])('%s is refused before anything is read', async (_, bytes) => {
    const path = file('bad.ndjson.gz', bytes);
    await expect(openSources([path])).rejects.toMatchObject({ code: 'INPUT_SYNTAX', where: path });
  });

  it('cut short on standard input ends with an error', async () => {
    const lines = await pipe(packed.subarray(0, packed.length - 9), 1_000, 'ndjson');
    expect(errors(lines)).toMatchObject([
      [expect.any(Number), 'INPUT_SYNTAX', expect.stringMatching(/damaged or cut short/)],
    ]);
    expect(lines.at(-1)?.error).toBeDefined();
    expect(errors(await pipe(packed.subarray(0, 10), 3, 'json')).length).toBe(1);
  });

  it('of several members is one text', async () => {
    const members = Buffer.concat([gzipSync('{"a":1}\n{"a"'), gzipSync(':2}\n')]);
    expect(values(await read('m.ndjson.gz', members))).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('is seen by its first bytes where the name does not tell', async () => {
    expect(values(await read('packed.ndjson', gzipSync(ndjson)))).toEqual(two);
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
