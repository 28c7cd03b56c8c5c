import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createStore, jsonCodec, rawCodec, type Migration } from '../../../node/store/index.js';
import { bytesOf, entries, filesOf, openStore, temporaryFolder } from './support.js';

describe('starting', () => {
  it('is refused while another process uses the store, and says what to do', async () => {
    const path = join(await temporaryFolder(), 'store');
    const writer = fileURLToPath(new URL('writer.mjs', import.meta.url));
    const child = spawn(process.execPath, [writer, path, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    await expect(createStore({ path }).start()).rejects.toMatchObject({
      code: 'HOME_LOCKED',
      exit: 6,
      where: path,
      next: expect.stringContaining('--home') as string,
    });
    child.kill('SIGKILL');
    await once(child, 'close');
    await openStore({ path });
  });

  it('is refused for a second store of the same process', async () => {
    const { path } = await openStore();
    await expect(createStore({ path }).start()).rejects.toMatchObject({ code: 'HOME_LOCKED' });
  });

  it.each([
    ['a damaged manifest', /^MANIFEST/, Buffer.from('nonsense')],
    ['a damaged CURRENT', /^CURRENT/, Buffer.from('nonsense')],
    ['a CURRENT that names a missing file', /^CURRENT/, Buffer.from('MANIFEST-999999\n')],
  ])('is refused for %s, and leaves nothing open', async (_, pattern, bytes) => {
    const store = await openStore();
    await store.write([store.table('t', rawCodec).put('k', new Uint8Array(9))]);
    await store.stop();
    const [name = ''] = await filesOf(store.path, pattern);
    const copy = `${store.path}-copy`;
    await cp(store.path, copy, { recursive: true });
    await writeFile(join(store.path, name), bytes);
    await expect(store.start()).rejects.toMatchObject({ code: 'STORE_CORRUPT', where: store.path });
    await expect(store.write([])).rejects.toMatchObject({ code: 'STOPPED' });
    await rm(store.path, { recursive: true });
    await cp(copy, store.path, { recursive: true });
    await store.start();
    expect(store.integrity).toMatchObject({ ok: true, rows: 1 });
  });

  it('is refused for a missing table file', async () => {
    const store = await openStore();
    await store.write([store.table('t', rawCodec).put('k', new Uint8Array(9))]);
    await store.stop();
    await store.start();
    await store.stop();
    for (const name of await filesOf(store.path, /\.ldb$/)) await rm(join(store.path, name));
    await expect(store.start()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('is refused where a file is in the way', async () => {
    const path = join(await temporaryFolder(), 'file');
    await writeFile(path, 'not a folder');
    await expect(createStore({ path }).start()).rejects.toMatchObject({ code: 'STORE_FAILED', where: path });
  });

  it('and stopping may be asked for twice, in any order, and again', async () => {
    const store = createStore({ path: join(await temporaryFolder(), 'store') });
    const table = store.table('t', jsonCodec<number>());
    await store.stop();
    await Promise.all([store.start(), store.start()]);
    await store.write([table.put('k', 1)]);
    await Promise.all([store.stop(), store.stop(), store.start(), store.stop()]);
    await expect(store.write([table.put('k', 2)])).rejects.toMatchObject({ code: 'STOPPED' });
    await store.start();
    expect(await table.get('k')).toBe(1);
    await store[Symbol.asyncDispose]();
    await expect(store.check()).rejects.toMatchObject({ code: 'STOPPED' });
  });

  it('refuses options that are unknown or impossible', () => {
    const create = (options: object) => () => createStore({ path: 'x', options: options });
    for (const options of [
      { sync: false },
      { maxBatchBytes: 0 },
      { cacheBytes: -1 },
      { migrations: [{ version: 2 }] },
    ]) {
      expect(create(options)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    }
  });
});

describe('migrations', () => {
  const upper: Migration = {
    version: 1,
    name: 'upper case',
    migrate: async (store) => {
      const table = store.table('t', jsonCodec<string>());
      return (await entries(table.range())).map(([key, value]) => table.put(key, value.toUpperCase()));
    },
  };
  const doubled: Migration = {
    version: 2,
    name: 'doubled',
    migrate: async (store) => {
      const table = store.table('t', jsonCodec<string>());
      return (await entries(table.range())).map(([key, value]) => table.put(key, value + value));
    },
  };

  it('run once, in order, on a store that is older', async () => {
    const old = await openStore({ options: { migrations: [] } });
    const { path } = old;
    await old.write([old.table('t', jsonCodec<string>()).put('k', 'a')]);
    await old.stop();
    for (const migrations of [[upper], [upper, doubled], [upper, doubled]]) {
      const store = await openStore({ path, options: { migrations } });
      const expected = migrations.length === 1 ? 'A' : 'AA';
      expect(await store.table('t', jsonCodec<string>()).get('k')).toBe(expected);
      await store.stop();
    }
  });

  it('do not run on a new store', async () => {
    const broken: Migration = { ...upper, migrate: () => Promise.reject(new Error('not for new stores')) };
    const store = await openStore({ options: { migrations: [broken] } });
    await store.write([store.table('t', jsonCodec<string>()).put('k', 'a')]);
    await store.stop();
    await store.start();
    expect(await store.table('t', jsonCodec<string>()).get('k')).toBe('a');
  });

  it('leave the store as it was when one fails, and what came before it done', async () => {
    const old = await openStore();
    const { path } = old;
    await old.write([old.table('t', jsonCodec<string>()).put('k', 'a')]);
    await old.stop();
    const failing: Migration = { ...doubled, migrate: () => Promise.reject(new Error('no')) };
    const broken = createStore({ path, options: { migrations: [upper, failing] } });
    await expect(broken.start()).rejects.toMatchObject({ code: 'INTERNAL', cause: expect.any(Error) as Error });
    const store = await openStore({ path, options: { migrations: [upper, doubled] } });
    expect(await store.table('t', jsonCodec<string>()).get('k')).toBe('AA');
  });

  it('refuse a store of a newer schema, and change no byte of it', async () => {
    const newer = await openStore({ options: { migrations: [upper] } });
    await newer.stop();
    const before = await bytesOf(newer.path);
    const older = createStore({ path: newer.path, options: { migrations: [] } });
    await expect(older.start()).rejects.toMatchObject({ code: 'HOME_NEWER' });
    expect(await bytesOf(newer.path)).toEqual(before);
    // Also where the file that says so beside the database was lost.
    await rm(join(newer.path, 'SCHEMA'));
    await expect(older.start()).rejects.toMatchObject({ code: 'HOME_NEWER' });
    await newer.start();
  });

  it('begin with a copy of the store as it was, which the version before opens', async () => {
    const old = await openStore({ options: { migrations: [] } });
    const { path } = old;
    await old.write([old.table('t', jsonCodec<string>()).put('k', 'a')]);
    await old.stop();
    const before = await bytesOf(path);
    const broken = createStore({
      path,
      options: { migrations: [{ ...upper, migrate: () => Promise.reject(new Error()) }] },
    });
    await expect(broken.start()).rejects.toMatchObject({ code: 'INTERNAL' });
    const copy = `${path}-of-schema-0`;
    expect(await bytesOf(copy)).toEqual(before);
    // Nothing was done yet: the version before goes on, and what it writes is in the next copy.
    const again = await openStore({ path, options: { migrations: [] } });
    await again.write([again.table('t', jsonCodec<string>()).put('k', 'b')]);
    await again.stop();
    await (await openStore({ path, options: { migrations: [upper] } })).stop();
    expect(await filesOf(dirname(path), /./)).toEqual(['store', 'store-of-schema-0']);
    const kept = await openStore({ path: copy, options: { migrations: [] } });
    expect(await kept.table('t', jsonCodec<string>()).get('k')).toBe('b');
    expect(kept.integrity?.ok).toBe(true);
  });

  it('keep the copy of before the first step where a start was cut before it was noted what the store had come to', async () => {
    const old = await openStore({ options: { migrations: [] } });
    const { path } = old;
    await old.write([old.table('t', jsonCodec<string>()).put('k', 'a')]);
    await old.stop();
    const before = await bytesOf(path);
    await (await openStore({ path, options: { migrations: [upper] } })).stop();
    await writeFile(join(path, 'SCHEMA'), '0\n');
    const store = await openStore({ path, options: { migrations: [upper] } });
    expect(await store.table('t', jsonCodec<string>()).get('k')).toBe('A');
    expect(await bytesOf(`${path}-of-schema-0`)).toEqual(before);
    expect(await filesOf(dirname(path), /./)).toEqual(['store', 'store-of-schema-0']);
  });
});
