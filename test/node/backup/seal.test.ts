import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entry, readEntries } from '../../../node/backup/entries.js';
import { seal, unseal } from '../../../node/backup/seal.js';
import { isNiagaError } from '../../../protocol/errors.js';

/** The cost of a guess has a test of its own: it is what it takes half a second for. */
const CHEAP = { N: 16, r: 1, p: 1 };
const PASSPHRASE = 'lima kata yang diingat';

async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function gathered(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all = [];
  for await (const bytes of source) all.push(bytes);
  return Buffer.concat(all);
}

const sealed = (bytes: Uint8Array, sizes: readonly number[] = [bytes.length || 1]) =>
  gathered(seal(pieces(bytes, sizes), PASSPHRASE, CHEAP));
const opened = (bytes: Uint8Array, sizes: readonly number[] = [bytes.length || 1], passphrase = PASSPHRASE) =>
  gathered(unseal(pieces(bytes, sizes), passphrase));

async function codeOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'none',
    (error: unknown) => (isNiagaError(error) ? error.code : String(error)),
  );
}

const sizes = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 4 });
/** Around the ends of chunks, and a few of them. */
const content = fc
  .oneof(fc.constantFrom(0, 1, 65_535, 65_536, 65_537, 131_072, 200_000), fc.integer({ min: 0, max: 300 }))
  .map((length) => Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255));

describe('the seal of a backup', () => {
  it('gives back what was sealed, however the bytes come', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(content, sizes, sizes, async (bytes, written, read) => {
        expect((await opened(await sealed(bytes, written), read)).equals(bytes)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses a file that was cut anywhere, and one with more behind its end', { timeout: 240_000 }, async () => {
    const file = await sealed(new Uint8Array(200_000));
    const ends = [0, 1, 60, 137, 138, 139, 200, 65_000, 65_690, 131_200, file.length - 17, file.length - 1];
    for (const end of ends) expect(await codeOf(opened(file.subarray(0, end))), String(end)).toBe('BACKUP_INVALID');
    expect(await codeOf(opened(Buffer.concat([file, Buffer.of(0)])))).toBe('BACKUP_INVALID');
    expect(await codeOf(opened(Buffer.concat([file, file])))).toBe('BACKUP_INVALID');
  });

  it('refuses a file of which one bit is another, wherever it is', { timeout: 240_000 }, async () => {
    const file = await sealed(new Uint8Array(150_000).fill(7));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.integer({ min: 0, max: 160 }), fc.integer({ min: 0, max: file.length - 1 })),
        fc.integer({ min: 0, max: 7 }),
        async (at, bit) => {
          const changed = Buffer.from(file);
          changed[at] = (changed[at] ?? 0) ^ (1 << bit);
          expect(['BACKUP_INVALID', 'HOME_NEWER']).toContain(await codeOf(opened(changed)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('refuses chunks that have changed places, or are of another file', { timeout: 240_000 }, async () => {
    const file = await sealed(new Uint8Array(200_000));
    const other = await sealed(new Uint8Array(200_000));
    const head = file.indexOf('\n') + 1;
    const size = 65_552;
    const chunk = (of: Buffer, number: number) => of.subarray(head + number * size, head + (number + 1) * size);
    const swapped = Buffer.concat([
      file.subarray(0, head),
      chunk(file, 1),
      chunk(file, 0),
      file.subarray(head + 2 * size),
    ]);
    const mixed = Buffer.concat([file.subarray(0, head), chunk(other, 0), file.subarray(head + size)]);
    const left = Buffer.concat([file.subarray(0, head), file.subarray(head + size)]);
    for (const one of [swapped, mixed, left]) expect(await codeOf(opened(one))).toBe('BACKUP_INVALID');
  });

  it('tells a wrong passphrase from a damaged file, and takes the same one typed on another keyboard', async () => {
    const bytes = new TextEncoder().encode('isi');
    expect(await codeOf(opened(await sealed(bytes), [7], 'lima kata yang lain'))).toBe('BACKUP_SEALED');
    const composed = await gathered(seal(pieces(bytes, [3]), 'caf\u00e9 caf\u00e9', CHEAP));
    expect((await opened(composed, [9], 'cafe\u0301 cafe\u0301')).equals(bytes)).toBe(true);
  });

  it('says nothing of what is inside, and no file is like another', async () => {
    const bytes = new TextEncoder().encode('Warung Sari '.repeat(50));
    const [one, two] = [await sealed(bytes), await sealed(bytes)];
    expect(one.includes('Warung')).toBe(false);
    expect(one.subarray(140).equals(two.subarray(140))).toBe(false);
  });

  it('costs a guess 128 MiB unless said', { timeout: 240_000 }, async () => {
    const file = await gathered(seal(pieces(new Uint8Array(1), [1]), PASSPHRASE));
    expect(file.toString('latin1')).toMatch(/^niaga-backup 1 131072 8 1 /);
  });

  it('refuses numbers that scrypt does not take, or that take more memory or time than a guess may', async () => {
    const file = await sealed(new Uint8Array(1));
    const end = file.indexOf('\n');
    const [magic, format, , , , salt, check] = file.toString('latin1', 0, end).split(' ');
    const withCost = (N: number, r: number, p: number) => {
      const line = [magic, format, N, r, p, salt, check].join(' ');
      return Buffer.concat([Buffer.from(`${line} ${hash('sha256', line).slice(0, 32)}`), file.subarray(end)]);
    };
    expect(await codeOf(opened(withCost(16, 1, 1)))).toBe('none');
    const fixed: [number, number, number][] = [
      [0, 8, 1],
      [1, 8, 1],
      [3, 8, 1],
      [131_071, 8, 1],
      [65_536, 1, 1],
      [2 ** 18, 8, 1],
      [2 ** 20, 8, 1],
      [999_999_999, 999, 999],
      [2 ** 17, 8, 5],
      [16, 0, 1],
      [16, 1, 0],
    ];
    for (const [N, r, p] of fixed)
      expect(await codeOf(opened(withCost(N, r, p))), `${N} ${r} ${p}`).toBe('BACKUP_INVALID');
    // Whatever stands there is refused, or is another cost than the one that the file was sealed with: never an accident.
    const small = fc.integer({ min: 0, max: 300 });
    await fc.assert(
      fc.asyncProperty(small, fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }), async (N, r, p) => {
        fc.pre(N !== 16 || r !== 1 || p !== 1);
        expect(['BACKUP_INVALID', 'BACKUP_SEALED']).toContain(await codeOf(opened(withCost(N, r, p))));
      }),
      { numRuns: 60 },
    );
  });
});

describe('the entries of a backup', () => {
  it('come back as they were put in, however the bytes come', { timeout: 240_000 }, async () => {
    const some = fc.record({
      kind: fc.constantFrom('about', 'file', 'row', 'end'),
      name: fc.uint8Array({ maxLength: 40 }),
      value: fc.uint8Array({ maxLength: 400 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(some, { maxLength: 20 }), sizes, async (entries, given) => {
        const bytes = Buffer.concat(entries.map(({ kind, name, value }) => entry(kind as 'row', name, value)));
        const found = [];
        for await (const { kind, name, value } of readEntries(pieces(bytes, given))) {
          found.push({ kind, name: new Uint8Array(name), value: new Uint8Array(value) });
        }
        expect(found).toEqual(entries);
      }),
    );
  });

  it('are refused when the last one ends too soon', async () => {
    const bytes = entry('row', 'name', 'value');
    for (let end = 1; end < bytes.length; end++) {
      const reading = (async () => {
        for await (const _ of readEntries(pieces(bytes.subarray(0, end), [3]))) expect.unreachable();
      })();
      expect(await codeOf(reading), String(end)).toBe('BACKUP_INVALID');
    }
  });
});
