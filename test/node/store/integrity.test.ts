import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { describe, expect, it } from 'vitest';
import { jsonCodec, rawCodec, type Store } from '../../../node/store/index.js';
import { entries, filesOf, flipBit, keys, openStore, temporaryFolder } from './support.js';

type Raw = Level<string, Uint8Array>;

/** Does something to the LevelDB of a store behind its back. */
async function tamper(store: Store, change: (db: Raw) => Promise<void>): Promise<void> {
  await store.stop();
  const db: Raw = new Level(store.path, { valueEncoding: 'view', compression: false });
  await change(db);
  await db.close();
  await store.start();
}

async function read(db: Raw, key: string): Promise<Uint8Array> {
  const row = await db.get(key);
  if (row === undefined) throw new Error(`no row ${key}`);
  return row;
}

async function storeWithRows(): Promise<Store> {
  const store = await openStore();
  const [left, right] = [store.table('left', jsonCodec<number>()), store.table('right', jsonCodec<number>())];
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  await store.write(numbers.flatMap((i) => [left.put(`k${i}`, i), right.put(`k${i}`, i)]));
  return store;
}

describe('reading', () => {
  it('refuses a row of which one bit has changed, skips it in a range, and counts it', async () => {
    const store = await storeWithRows();
    await tamper(store, async (db) => {
      const row = await read(db, '!left!k5');
      row[row.length - 1] = (row.at(-1) ?? 0) ^ 1;
      await db.put('!left!k5', row);
    });
    const left = store.table('left', jsonCodec<number>());
    const before = store.counters().corrupt;
    await expect(left.get('k5')).rejects.toMatchObject({
      code: 'RECORD_CORRUPT',
      details: { table: 'left', key: 'k5' },
    });
    const skipped: unknown[] = [];
    const rows = await entries(left.range({ onCorrupt: (row) => skipped.push(row) }));
    expect(rows).toHaveLength(19);
    expect(skipped).toEqual([{ table: 'left', key: 'k5' }]);
    expect(store.counters().corrupt - before).toBe(2);
    expect(await entries(left.range({ prefix: 'k5', limit: 1 }))).toEqual([]);
  });

  it('refuses a row that was moved to another key or table', async () => {
    const store = await storeWithRows();
    await tamper(store, async (db) => {
      const row = await read(db, '!left!k1');
      await db.batch([
        { type: 'put', key: '!left!k2', value: row },
        { type: 'put', key: '!right!k1', value: row },
      ]);
    });
    const codec = jsonCodec<number>();
    await expect(store.table('left', codec).get('k2')).rejects.toMatchObject({ code: 'RECORD_CORRUPT' });
    await expect(store.table('right', codec).get('k1')).rejects.toMatchObject({ code: 'RECORD_CORRUPT' });
    expect(store.integrity?.corrupt).toEqual([
      { table: 'left', key: 'k2' },
      { table: 'right', key: 'k1' },
    ]);
  });

  it('refuses a row that is too short to have a checksum', async () => {
    const store = await storeWithRows();
    await tamper(store, (db) => db.put('!left!k1', Uint8Array.of(1)));
    await expect(store.table('left', rawCodec).get('k1')).rejects.toMatchObject({ code: 'RECORD_CORRUPT' });
  });
});

describe('the check', () => {
  it('finds nothing wrong with what was never touched', async () => {
    const store = await storeWithRows();
    expect(await store.check()).toMatchObject({
      ok: true,
      rows: 40,
      corrupt: [],
      corruptRows: 0,
      tables: [
        { table: 'left', expected: 20, found: 20, ok: true },
        { table: 'right', expected: 20, found: 20, ok: true },
      ],
      batches: { found: 1, lost: 0, witness: 'new' },
      files: { mended: [], damaged: [] },
      problems: [],
    });
  });

  it('finds nothing wrong while others write', async () => {
    const store = await storeWithRows();
    const table = store.table('left', jsonCodec<number>());
    let done = false;
    const writer = (async () => {
      for (let i = 0; !done; i++) await store.write([table.put(`n${i % 50}`, i), table.del(`n${(i * 7) % 50}`)]);
    })();
    for (let i = 0; i < 20; i++) expect(await store.check()).toMatchObject({ ok: true, problems: [] });
    done = true;
    await writer;
  });

  it.each([
    ['a lost row', (db: Raw) => db.del('!left!k1'), 'left', 'Table left: 20 rows were written, 19 found.'],
    [
      'a row that nobody wrote',
      async (db: Raw) => db.put('!right!zzz', await read(db, '!right!k1')),
      'right',
      'Table right: 20 rows were written, 21 found.',
    ],
    [
      'a lost table digest',
      (db: Raw) => db.del('#table!left'),
      'left',
      'Table left: what it should hold is not known any more.',
    ],
    [
      'a damaged table digest',
      (db: Raw) => db.put('#table!left', new Uint8Array(40)),
      'left',
      'Table left: what it should hold is not known any more.',
    ],
  ])('notices %s', async (_, change, table, problem) => {
    const store = await storeWithRows();
    await tamper(store, change);
    expect(store.integrity).toMatchObject({ ok: false });
    expect(store.integrity?.problems).toContain(problem);
    expect(store.integrity?.tables.filter(({ ok }) => !ok).map((report) => report.table)).toEqual([table]);
  });

  it('notices an older version of a row that has come back', async () => {
    const store = await storeWithRows();
    const left = store.table('left', jsonCodec<number>());
    let old = new Uint8Array();
    await tamper(store, async (db) => void (old = Uint8Array.from(await read(db, '!left!k3'))));
    await store.write([left.put('k3', 33)]);
    await tamper(store, (db) => db.put('!left!k3', old));
    expect(await left.get('k3')).toBe(3);
    expect(store.integrity).toMatchObject({ ok: false, corruptRows: 0 });
    expect(store.integrity?.problems).toContain(
      'Table left: of its 20 rows, some are not the newest that were written.',
    );
  });

  it('notices a row whose key is damaged beyond recognition, and a damaged head', async () => {
    const store = await storeWithRows();
    await tamper(store, async (db) => {
      await db.put('+left!k1', new Uint8Array(20));
      await db.put('#head', new Uint8Array(20));
    });
    expect(store.integrity).toMatchObject({
      ok: false,
      corrupt: [{ table: '?', key: '+left!k1' }],
      batches: { lost: 0 },
    });
    expect(store.integrity?.problems).toContain('What the store should hold in all is not known any more.');
  });

  it('notices a batch lost in the middle with all that it said about itself', async () => {
    const store = await openStore();
    const [a, b] = [store.table('a', rawCodec), store.table('b', rawCodec)];
    // Larger than a block of the log (32 KiB), so that the damage ends before the next batch.
    await store.write([a.put('k', new Uint8Array(100_000))]);
    await store.write([b.put('k', new Uint8Array(100_000))]);
    const copy = join(await temporaryFolder(), 'copy');
    await cp(store.path, copy, { recursive: true });
    const [log = ''] = await filesOf(copy, /\.log$/);
    await flipBit(join(copy, log), 5000, 3);
    const damaged = await openStore({ path: copy });
    expect(await keys(damaged.table('a', rawCodec))).toEqual([]);
    expect(await keys(damaged.table('b', rawCodec))).toEqual(['k']);
    expect(damaged.integrity).toMatchObject({ ok: false, tables: [{ table: 'b', ok: true }], batches: { lost: 0 } });
    expect(damaged.integrity?.problems).toEqual(['In all 2 rows were written; those found, 1, do not add up to them.']);
  });

  it('notices lost batches of the end by the witness, and goes on saying so', async () => {
    const store = await storeWithRows();
    await store.stop();
    const older = join(await temporaryFolder(), 'older');
    await cp(store.path, older, { recursive: true });
    await store.start();
    const table = store.table('left', jsonCodec<number>());
    for (let i = 0; i < 3; i++) await store.write([table.put(`late${i}`, i)]);
    await store.stop();
    await cp(join(store.path, 'WITNESS'), join(older, 'WITNESS'));

    const problem = 'The newest 3 batches of writes, once on disk, are gone.';
    const rolledBack = await openStore({ path: older });
    expect(rolledBack.integrity).toMatchObject({ ok: false, batches: { lost: 3 }, problems: [problem] });
    await rolledBack.stop();
    await rolledBack.start();
    expect(rolledBack.integrity?.problems).toEqual([problem]);
    await rolledBack.write([rolledBack.table('left', jsonCodec<number>()).put('new', 1)]);
    await rolledBack.stop();
    await rolledBack.start();
    expect(rolledBack.integrity?.problems).toEqual([problem]);
    expect(await rolledBack.acceptDamage()).toMatchObject({ ok: true, batches: { lost: 0 } });
  });

  it('does not take a witness that is behind, damaged or missing for damage, but says that it could not ask it', async () => {
    const store = await storeWithRows();
    const table = store.table('left', jsonCodec<number>());
    await store.stop();
    const witness = join(store.path, 'WITNESS');
    const old = await readFile(witness);
    await store.start();
    await store.write([table.put('more', 1)]);
    await store.stop();
    await writeFile(witness, old);
    await store.start();
    expect(store.integrity).toMatchObject({ ok: true, batches: { witness: 'read' } });
    await store.stop();
    await flipBit(witness, 20, 0);
    await store.start();
    expect(store.integrity).toMatchObject({ ok: true, batches: { witness: 'unreadable' } });
    await store.stop();
    await rm(witness);
    await store.start();
    expect(store.integrity).toMatchObject({ ok: true, batches: { witness: 'missing' } });
  });

  it('is left out of the start when it is told so, and can be asked for', async () => {
    const store = await openStore({ options: { checkOnStart: false } });
    expect(store.integrity).toBeUndefined();
    const report = await store.check();
    expect(store.integrity).toBe(report);
  });
});

describe('accepting damage', () => {
  it('removes what is corrupt, keeps the rest, and is quiet until there is new damage', async () => {
    const store = await storeWithRows();
    await tamper(store, async (db) => {
      await db.del('!left!k0');
      await db.put('!left!k1', new Uint8Array(30));
      await db.put('%%%', new Uint8Array(3));
      await db.put('#table!right', new Uint8Array(3));
    });
    expect(store.integrity).toMatchObject({ ok: false, corruptRows: 2 });
    expect(await store.acceptDamage()).toMatchObject({ ok: true, rows: 38, problems: [] });
    const left = store.table('left', jsonCodec<number>());
    expect(await keys(left)).toHaveLength(18);
    await store.write([left.put('k1', 1), left.del('k2')]);
    await store.stop();
    await store.start();
    expect(store.integrity).toMatchObject({ ok: true, rows: 38 });
    await tamper(store, (db) => db.del('!right!k7'));
    expect(store.integrity).toMatchObject({ ok: false });
  });
});
