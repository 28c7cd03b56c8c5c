import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openSources } from '../../../cli/read/index.js';
import { errors, file, ndjson, pipe, read, two, values } from './reading.js';

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
