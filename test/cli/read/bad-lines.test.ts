import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MAX_LINE_BYTES } from '../../../cli/read/bytes.js';
import { errors, file, read, values } from './reading.js';

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
