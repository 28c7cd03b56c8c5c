import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createStore, rawCodec, type Store } from '../../../node/store/index.js';
import { crc32c } from '../../../node/store/crc32c.js';
import { liveFiles } from '../../../node/store/manifest.js';
import { blankDamage, findDamage } from '../../../node/store/table-file.js';
import { SEED } from '../../support/random-inputs.js';
import { entries, filesOf, flipBit, keys, openStore, temporaryFolder } from './support.js';

const TABLES = ['cards', 'mail', 'trades'];
const FLIPS = 60;

/** A small generator, so that a failure can be repeated (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** What a reader gets to see, through ranges and key by key; the name of the error where a key cannot be read. */
async function contents(store: Store, known: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const name of TABLES) {
    const table = store.table(name, rawCodec);
    for (const [key, value] of await entries(table.range()))
      all.set(`${name} ${key}`, Buffer.from(value).toString('hex'));
  }
  for (const [at, value] of known) {
    const [name = '', key = ''] = at.split(' ');
    const read = await store
      .table(name, rawCodec)
      .get(key)
      .then((bytes) => (bytes === undefined ? 'missing' : Buffer.from(bytes).toString('hex')))
      .catch((error: { code: string }) => error.code);
    if (read !== value) all.set(at, read);
  }
  return all;
}

/** A folder with several generations of rows in table files, and the newest in the log: as a crash would leave it. */
async function crashedFolder(): Promise<string> {
  const random = randomNumbers(1);
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => random(256));
  const path = join(await temporaryFolder(), 'store');
  const store = createStore({ path });
  const batch = () =>
    Array.from({ length: 1 + random(5) }, () => {
      const table = store.table(TABLES[random(TABLES.length)] ?? '', rawCodec);
      const key = `key/${random(600)}`;
      return random(6) === 0 ? table.del(key) : table.put(key, bytes(random(400)));
    });
  for (let generation = 0; generation < 5; generation++) {
    await store.start();
    for (let i = 0; i < 100; i++) await store.write(batch(), { sync: false });
    await store.stop();
  }
  await store.start();
  for (let i = 0; i < 150; i++) await store.write(batch());
  const crashed = `${path}-crashed`;
  await cp(path, crashed, { recursive: true });
  await store.stop();
  return crashed;
}

describe('one flipped bit', () => {
  it("in LevelDB's files is noticed, wherever it changes or loses a record", async () => {
    const crashed = await crashedFolder();
    const original = await (async () => {
      const copy = `${crashed}-copy`;
      await cp(crashed, copy, { recursive: true });
      const store = await openStore({ path: copy });
      expect(store.integrity).toMatchObject({ ok: true });
      const all = await contents(store, new Map());
      await store.stop();
      return all;
    })();
    expect(original.size).toBeGreaterThan(500);

    const names = await filesOf(crashed, /\.(ldb|log)$|^(MANIFEST|CURRENT|WITNESS)/);
    const sized = await Promise.all(
      names.map(async (name) => ({ name, size: (await stat(join(crashed, name))).size })),
    );
    const files = sized.filter(({ size }) => size > 0);
    expect(files.some(({ name }) => name.endsWith('.log'))).toBe(true);
    expect(files.some(({ name }) => name.endsWith('.ldb'))).toBe(true);
    const large = files.filter(({ name }) => /\.(ldb|log)$/.test(name));

    const random = randomNumbers(SEED);
    const tally = { noticed: 0, 'refused to open': 0, harmless: 0, 'noticed though harmless': 0 };
    for (let i = 0; i < FLIPS; i++) {
      const from = i % 6 === 0 ? files : large;
      const { name, size } = from[random(from.length)] ?? { name: '', size: 0 };
      const [byte, bit] = [random(size), random(8)];
      const copy = `${crashed}-flipped`;
      await rm(copy, { recursive: true, force: true });
      await cp(crashed, copy, { recursive: true });
      await flipBit(join(copy, name), byte, bit);
      const store = createStore({ path: copy });
      try {
        await store.start();
      } catch (error) {
        expect(error, `${name} byte ${byte} bit ${bit} seed ${SEED}`).toMatchObject({ code: 'STORE_CORRUPT' });
        tally['refused to open']++;
        continue;
      }
      const same = isSame(await contents(store, original), original);
      const noticed = store.integrity?.ok === false;
      expect(same || noticed, `${name} byte ${byte} bit ${bit} seed ${SEED}`).toBe(true);
      tally[same ? (noticed ? 'noticed though harmless' : 'harmless') : 'noticed']++;
      await store.stop();
    }
    console.log(`${FLIPS} flipped bits: ${JSON.stringify(tally)}`);
    expect(tally.noticed).toBeGreaterThan(FLIPS / 4);
  });
});

const isSame = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);

async function storeWithTableFile(rows = 500): Promise<{ store: Store; file: string }> {
  const store = await openStore();
  const table = store.table('cards', rawCodec);
  await store.write(Array.from({ length: rows }, (_, i) => table.put(`k${i}`, new Uint8Array(200).fill(i % 250))));
  await store.stop();
  // LevelDB makes table files of its log when it is opened.
  await store.start();
  await store.stop();
  const names = await filesOf(store.path, /\.ldb$/);
  expect(names).toHaveLength(1);
  return { store, file: join(store.path, names[0] ?? '') };
}

describe('the list of table files', () => {
  it('is that of LevelDB, after many were written and joined', async () => {
    const store = await openStore();
    const table = store.table('t', rawCodec);
    const random = randomNumbers(2);
    for (let i = 0; i < 30; i++) {
      const rows = Array.from({ length: 100 }, () => table.put(`k${random(4000)}`, new Uint8Array(8000).fill(i)));
      await store.write(rows, { sync: false });
    }
    await store.stop();
    await store.start();
    await store.stop();
    const files = async () => {
      const names = await filesOf(store.path, /\.ldb$/);
      // While it is open LevelDB may remove one that was just listed.
      const made = (name: string) =>
        stat(join(store.path, name)).then(
          (file) => file.birthtimeMs,
          () => 0,
        );
      const all = await Promise.all(names.map(async (name) => ({ name, made: await made(name) })));
      return all.filter((file) => file.made > 0);
    };
    const before = await files();
    const live = await liveFiles(store.path);
    // Opened once more, LevelDB removes what is not on its list. It joins files meanwhile, and may give what it makes the
    // number of a file that it removed: what is new says nothing.
    await store.start();
    const after = await files();
    const kept = before.filter(({ name, made }) => after.some((file) => file.name === name && file.made === made));
    expect(before.length).toBeGreaterThan(3);
    expect(kept.filter(({ name }) => live?.has(parseInt(name, 10)) !== true)).toEqual([]);
  });

  it('is not known when the manifest is damaged', async () => {
    const { store } = await storeWithTableFile(10);
    expect((await liveFiles(store.path))?.size).toBe(1);
    const [name = ''] = await filesOf(store.path, /^MANIFEST/);
    await flipBit(join(store.path, name), 20, 1);
    expect(await liveFiles(store.path)).toBeUndefined();
    expect(await liveFiles(`${store.path}-missing`)).toBeUndefined();
  });
});

describe('CRC-32C', () => {
  it('is that of RFC 3720, appendix B.4', () => {
    const of = (bytes: Uint8Array): string => crc32c(bytes, 0, bytes.length).toString(16);
    expect(of(new Uint8Array(32))).toBe('8a9136aa');
    expect(of(new Uint8Array(32).fill(0xff))).toBe('62a8ab43');
    expect(of(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe('46dd794e');
    expect(of(Buffer.from('123456789'))).toBe('e3069283');
  });
});

describe('a damaged table file', () => {
  it('is found by any flipped bit except in the padding of its footer, and is sound once mended', async () => {
    const { file } = await storeWithTableFile(60);
    const whole = await readFile(file);
    expect(findDamage(whole)).toEqual([]);
    const [footer, magic] = [whole.length - 48, whole.length - 8];
    const kinds = new Map<string, number>();
    const check = (byte: number, bit: number): void => {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(byte) ^ (1 << bit), byte);
      const damage = findDamage(flipped);
      if (byte < footer || byte >= magic) expect(damage, `byte ${byte} bit ${bit}`).not.toEqual([]);
      for (const { kind } of damage) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      const mended = blankDamage(flipped, damage);
      expect(mended).toHaveLength(whole.length);
      expect(findDamage(mended)).toEqual([]);
    };
    for (let byte = footer - 100; byte < whole.length; byte++) for (let bit = 0; bit < 8; bit++) check(byte, bit);
    for (let byte = 0; byte < footer; byte += 23) check(byte, byte % 8);
    expect([...kinds.keys()].sort()).toEqual(['data', 'file', 'filter', 'meta']);
  });

  it('loses only the rows of the damaged block, which are missed; the original is kept', async () => {
    const { store, file } = await storeWithTableFile();
    await flipBit(file, 50, 2);
    const damaged = await readFile(file);
    await store.start();
    expect(store.integrity).toMatchObject({ ok: false, corruptRows: 0, tables: [{ expected: 500, ok: false }] });
    expect(store.integrity?.files.mended).toHaveLength(1);
    const left = await keys(store.table('cards', rawCodec));
    expect(left.length).toBeGreaterThan(450);
    expect(left.length).toBeLessThan(500);
    for (const key of left) expect(await store.table('cards', rawCodec).has(key)).toBe(true);
    const kept = await filesOf(join(store.path, 'damaged'), /\.ldb\.\d+$/);
    expect(await readFile(join(store.path, 'damaged', kept[0] ?? ''))).toEqual(damaged);
    await store.stop();
    await store.start();
    expect(store.integrity).toMatchObject({ ok: false, files: { mended: [] } });
    expect(await store.acceptDamage()).toMatchObject({ ok: true, rows: left.length });
  });

  it('loses no row when only its filter is damaged', async () => {
    const { store, file } = await storeWithTableFile();
    const whole = await readFile(file);
    let byte = whole.length - 48;
    const kindAt = (at: number): string | undefined => {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      return findDamage(flipped)[0]?.kind;
    };
    while (kindAt(byte) !== 'filter') byte--;
    await flipBit(file, byte - 30, 0);
    await store.start();
    expect(store.integrity).toMatchObject({ ok: false, rows: 500, tables: [{ ok: true }] });
    for (let i = 0; i < 500; i++) expect(await store.table('cards', rawCodec).has(`k${i}`)).toBe(true);
  });

  it('is found while the store runs too, and not touched before the next start', async () => {
    const { store, file } = await storeWithTableFile();
    await store.start();
    await flipBit(file, 50, 2);
    expect(await store.check()).toMatchObject({ ok: false, files: { damaged: [expect.any(String)], mended: [] } });
    await expect(store.acceptDamage()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await store.stop();
    await store.start();
    expect(store.integrity).toMatchObject({ ok: false, files: { damaged: [], mended: [expect.any(String)] } });
  });

  it("is none of the store's, and nobody's business, when LevelDB was stopped while it wrote it", async () => {
    const { store, file } = await storeWithTableFile();
    await writeFile(join(store.path, '000099.ldb'), (await readFile(file)).subarray(0, 5000));
    await store.start();
    expect(store.integrity).toMatchObject({ ok: true, files: { mended: [] } });
    expect(await filesOf(store.path, /^000099/)).toEqual([]);
  });

  it('is not touched while another process, or another store of this one, uses it', async () => {
    const { store, file } = await storeWithTableFile();
    await store.start();
    await flipBit(file, 50, 2);
    const before = await readFile(file);
    await expect(createStore({ path: store.path }).start()).rejects.toMatchObject({ code: 'HOME_LOCKED' });
    expect(await readFile(file)).toEqual(before);
  });
});
