import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createStore, rawCodec } from '../../../node/store/index.js';
import { filesHolding, keys, openStore, temporaryFolder } from './support.js';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('put' as const), table: fc.nat(2), key: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('del' as const), table: fc.nat(2), key: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('scrub' as const), table: fc.nat(2) }) },
);

describe('a scrubbed table', () => {
  it('has left nothing that was deleted or replaced in it in any file, and all that stands', async () => {
    const store = await openStore();
    const tables = ['a', 'a-b', 'b'].map((name) => store.table(name, rawCodec));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const gone: Uint8Array[] = [];
        const standing = new Map<string, Uint8Array>();
        for (const taken of steps) {
          if (taken.what === 'restart') {
            await store.stop();
            await store.start();
          } else if (taken.what === 'scrub') await store.scrub([tables[taken.table]?.name ?? '']);
          else {
            const table = tables[taken.table];
            const [name, key] = [`${taken.table}/${taken.key}`, String(taken.key)];
            const before = standing.get(name);
            if (before !== undefined) gone.push(before);
            standing.delete(name);
            const value = new Uint8Array(randomBytes(40));
            if (taken.what === 'put') standing.set(name, value);
            await store.write(
              [taken.what === 'put' ? table?.put(key, value) : table?.del(key)].flatMap((w) => w ?? []),
            );
          }
        }
        await store.scrub(tables.map(({ name }) => name));
        for (const value of gone) expect(await filesHolding(store.path, value)).toEqual([]);
        for (const [name, value] of standing) {
          const [at = '', key = ''] = name.split('/');
          expect(await tables[Number(at)]?.get(key)).toEqual(value);
        }
        expect(await store.check()).toMatchObject({ ok: true });
        for (const table of tables) await store.write((await keys(table)).map((key) => table.del(key)));
      }),
      { numRuns: 30 },
    );
  });

  it('leaves other tables as they are, and goes on taking writes meanwhile', async () => {
    const store = await openStore();
    const [large, small] = [store.table('large', rawCodec), store.table('small', rawCodec)];
    const secret = new Uint8Array(randomBytes(64));
    for (let i = 0; i < 200; i++)
      await store.write([large.put(`k${i}`, new Uint8Array(randomBytes(50_000))), small.put(`k${i}`, secret)], {
        sync: false,
      });
    await store.write((await keys(small)).map((key) => small.del(key)));
    expect(await filesHolding(store.path, secret)).not.toEqual([]);
    const meanwhile = store.scrub(['small']);
    await store.write([large.put('during', secret.slice(0, 8))]);
    await meanwhile;
    expect(await filesHolding(store.path, secret)).toEqual([]);
    expect(await large.count()).toBe(201);
    expect(await store.check()).toMatchObject({ ok: true, rows: 201 });
  });

  it('is so in a new store, where LevelDB has nothing yet to merge its first file with', async () => {
    const store = await openStore();
    const table = store.table('t', rawCodec);
    const secret = new Uint8Array(randomBytes(64));
    await store.write([table.put('k', secret)]);
    await store.write([table.del('k')]);
    await store.scrub(['t']);
    expect(await filesHolding(store.path, secret)).toEqual([]);
  });

  it('is left where it is when the store is stopped, which is no failure of the disk', async () => {
    const failures: unknown[] = [];
    const path = join(await temporaryFolder(), 'store');
    const store = createStore({ path, onFailure: (error) => failures.push(error) });
    onTestFinished(() => store.stop());
    const table = store.table('t', rawCodec);
    for (let after = 0; after < 20; after++) {
      await store.start();
      await store.write([table.put('k', new Uint8Array(64).fill(after))]);
      const scrubbed = store.scrub(Array.from({ length: 1_000 }, () => 't')).catch((error: unknown) => error);
      await setTimeout(after);
      await store.stop();
      expect(await scrubbed).toMatchObject({ code: 'STOPPED' });
    }
    expect(failures).toEqual([]);
    await store.start();
    expect(await store.check()).toMatchObject({ ok: true, rows: 1 });
  });

  it('is none of a store that does not run', async () => {
    const store = await openStore();
    await store.stop();
    await expect(store.scrub(['a'])).rejects.toMatchObject({ code: 'STOPPED' });
  });
});
