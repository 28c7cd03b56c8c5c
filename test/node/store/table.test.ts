import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cborCodec, jsonCodec, rawCodec, type KeyRange, type Write } from '../../../node/store/index.js';
import { entries, keys, openStore } from './support.js';

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const TABLES = ['a', 'b', 'a-b'];
const key = fc.oneof(
  fc.constantFrom('', '!', 'a', 'b!', 'k/1', 'k/10', 'k/2', 'ä', '\u{ffff}', '\u{10ffff}', '\0', 'a\0'),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const step = fc.record({
  table: fc.constantFrom(...TABLES),
  key,
  value: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
});

describe('a table', () => {
  it('holds what a map would hold, whatever is put and deleted, also after it was opened again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 12 }), async (batches) => {
        const store = await openStore();
        const model = new Map(TABLES.map((name) => [name, new Map<string, string>()]));
        const tables = new Map(TABLES.map((name) => [name, store.table(name, rawCodec)]));
        const same = async (): Promise<void> => {
          for (const [name, table] of tables) {
            const rows = (await entries(table.range())).map(([k, v]) => [k, text(v)]);
            const expected = [...(model.get(name) ?? [])].sort(([a], [b]) => byBytes(a, b));
            expect(rows).toEqual(expected);
            expect(await table.count()).toBe(expected.length);
          }
        };
        const written = batches.map((steps) => {
          const writes: Write[] = [];
          for (const { table, key, value } of steps) {
            if (value === undefined) {
              model.get(table)?.delete(key);
              writes.push(store.table(table, rawCodec).del(key));
            } else {
              model.get(table)?.set(key, text(value));
              writes.push(store.table(table, rawCodec).put(key, value));
            }
          }
          return store.write(writes, { sync: false });
        });
        await Promise.all(written);
        await same();
        await store.stop();
        await store.start();
        expect(store.integrity).toMatchObject({ ok: true, problems: [] });
        await same();
        await store.stop();
      }),
      { numRuns: 40 },
    );
  });

  it('gives the range that sorting and filtering by UTF-8 bytes gives', async () => {
    const store = await openStore();
    const table = store.table('t', jsonCodec<number>());
    const neighbour = store.table('t-', jsonCodec<number>());
    const bound = fc.option(key, { nil: undefined });
    const all = fc.sample(key, { numRuns: 150, seed: 7 });
    await store.write(all.flatMap((k, i) => [table.put(k, i), neighbour.put(k, -i)]));
    const sorted = [...new Set(all)].sort(byBytes);
    const inside = (k: string, range: KeyRange): boolean =>
      (range.prefix === undefined || k.startsWith(range.prefix)) &&
      (range.gt === undefined || byBytes(k, range.gt) > 0) &&
      (range.gte === undefined || byBytes(k, range.gte) >= 0) &&
      (range.lt === undefined || byBytes(k, range.lt) < 0) &&
      (range.lte === undefined || byBytes(k, range.lte) <= 0);
    await fc.assert(
      fc.asyncProperty(
        fc.record({ prefix: bound, gt: bound, gte: bound, lt: bound, lte: bound }),
        fc.boolean(),
        fc.option(fc.nat(5), { nil: undefined }),
        async (range, reverse, limit) => {
          const expected = sorted.filter((k) => inside(k, range));
          if (reverse) expected.reverse();
          const rows = await entries(table.range({ ...range, reverse, limit }));
          expect(rows.map(([k]) => k)).toEqual(expected.slice(0, limit));
          expect(await table.count(range.prefix)).toBe(sorted.filter((k) => k.startsWith(range.prefix ?? '')).length);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('shows a range as it was when its first row was asked for', async () => {
    const store = await openStore();
    const table = store.table('t', jsonCodec<number>());
    const names = Array.from({ length: 2000 }, (_, i) => `k${String(i).padStart(4, '0')}`);
    await store.write(names.map((name) => table.put(name, 1)));
    const seen: number[] = [];
    for await (const [, value] of table.range()) {
      if (seen.length === 0) await store.write([...names.map((name) => table.put(name, 2)), table.put('z', 2)]);
      seen.push(value);
    }
    expect(seen).toEqual(names.map(() => 1));
    expect(await table.get('k0000')).toBe(2);
  });

  it('can be left in the middle of a range, and closed after that', async () => {
    const store = await openStore();
    const table = store.table('t', jsonCodec<number>());
    await store.write([table.put('a', 1), table.put('b', 2)]);
    for await (const [key] of table.range()) {
      expect(key).toBe('a');
      break;
    }
    await store.stop();
    await expect(table.get('a')).rejects.toMatchObject({ code: 'STOPPED' });
    await expect(keys(table)).rejects.toMatchObject({ code: 'STOPPED' });
  });

  it('tells a missing row from an empty one', async () => {
    const store = await openStore();
    const table = store.table('t', rawCodec);
    await store.write([table.put('empty', new Uint8Array())]);
    expect(await table.get('empty')).toEqual(new Uint8Array());
    expect(await table.has('empty')).toBe(true);
    expect(await table.get('missing')).toBeUndefined();
    expect(await table.has('missing')).toBe(false);
  });

  it('reads a row by the whole of its key, however long it is', async () => {
    const store = await openStore();
    const table = store.table('t', rawCodec);
    const long = Array.from({ length: 100 }, (_, i) => '☕'.repeat(i));
    await store.write(long.map((key, i) => table.put(key, Uint8Array.of(i))));
    for (const [i, key] of long.entries()) expect(await table.get(key)).toEqual(Uint8Array.of(i));
  });

  it('lets all else have its turn while thousands of rows are read one by one', async () => {
    const store = await openStore();
    const table = store.table('t', jsonCodec<number>());
    await store.write([table.put('k', 1)]);
    let turns = 0;
    const clock = setInterval(() => turns++, 0);
    for (let i = 0; i < 5_000; i++) await table.get('k');
    clearInterval(clock);
    expect(turns).toBeGreaterThan(0);
  });

  it('keeps the value as it was when the write was made', async () => {
    const store = await openStore();
    const table = store.table('t', rawCodec);
    const bytes = Uint8Array.of(1, 2, 3);
    const write = table.put('k', bytes);
    bytes.fill(9);
    await store.write([write]);
    const read = await table.get('k');
    expect(read).toEqual(Uint8Array.of(1, 2, 3));
    expect(Buffer.isBuffer(read)).toBe(false);
  });

  it('refuses a key that UTF-8 cannot hold, and a name that could be taken for another', async () => {
    const store = await openStore();
    const table = store.table('t', rawCodec);
    expect(() => table.put('a\ud800', new Uint8Array())).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    expect(() => table.del('\udc00')).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    await expect(table.get('\ud800')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    for (const name of ['', 'a!b', 'A', '1a', 'meta', 'x'.repeat(33)]) {
      expect(() => store.table(name, rawCodec)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    }
  });
});

describe('a codec', () => {
  it('gives back what JSON can say', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const codec = jsonCodec<unknown>();
        expect(codec.decode(codec.encode(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('gives back bytes, links and numbers through CBOR, and refuses what it cannot say', () => {
    const codec = cborCodec<unknown>();
    const value = { bytes: Uint8Array.of(0, 255), list: [1, -1, null, true], text: 'kopi ☕' };
    expect(codec.decode(codec.encode(value))).toEqual(value);
    expect(() => codec.encode({ price: 0.5 })).toThrow(expect.objectContaining({ code: 'RECORD_ENCODING' }));
  });
});
