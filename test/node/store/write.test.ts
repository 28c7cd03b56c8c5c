import { describe, expect, it } from 'vitest';
import { CommitQueue } from '../../../node/store/commit-queue.js';
import { createStore, jsonCodec, rawCodec } from '../../../node/store/index.js';
import { keys, openStore } from './support.js';

describe('a write', () => {
  it('is of its tables all or nothing, for readers too', async () => {
    const store = await openStore();
    const left = store.table('left', jsonCodec<number>());
    const right = store.table('right', jsonCodec<number>());
    await store.write([left.put('k', 0), right.put('k', 0)]);
    let done = false;
    const writer = (async () => {
      for (let i = 1; i <= 300; i++) await store.write([left.put('k', i), right.put('k', i)], { sync: false });
      done = true;
    })();
    // What is read later cannot be older.
    while (!done) expect(await left.get('k')).toBeLessThanOrEqual((await right.get('k')) ?? -1);
    await writer;
    expect([await left.get('k'), await right.get('k')]).toEqual([300, 300]);
  });

  it('takes effect in the order of the calls, and the last of several to one key counts', async () => {
    const store = await openStore();
    const table = store.table('t', jsonCodec<number>());
    const acknowledged: number[] = [];
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => store.write([table.put('k', i)]).then(() => acknowledged.push(i))),
    );
    expect(acknowledged).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(await table.get('k')).toBe(499);
    await store.write([table.put('k', 1), table.del('k'), table.put('j', 1), table.put('j', 2)]);
    expect(await table.get('k')).toBeUndefined();
    expect(await table.get('j')).toBe(2);
    expect(await store.check()).toMatchObject({ ok: true, rows: 1 });
  });

  it('shares a batch with others that wait', async () => {
    const store = await openStore();
    const table = store.table('t', rawCodec);
    const before = store.counters().batches;
    await Promise.all(Array.from({ length: 1000 }, (_, i) => store.write([table.put(`k${i}`, Uint8Array.of(i))])));
    expect(store.counters()).toMatchObject({ writes: 1000 });
    expect(store.counters().batches - before).toBeLessThan(20);
  });

  it('is refused before the start and after the stop, and finished when it was taken before', async () => {
    const store = await openStore();
    const fresh = createStore({ path: `${store.path}-never` });
    const table = store.table('t', rawCodec);
    await expect(fresh.write([table.put('k', new Uint8Array())])).rejects.toMatchObject({ code: 'STOPPED' });
    const taken = Array.from({ length: 50 }, (_, i) => store.write([table.put(`k${i}`, new Uint8Array(1000))]));
    const stopping = store.stop();
    await expect(store.write([table.put('late', new Uint8Array())])).rejects.toMatchObject({ code: 'STOPPED' });
    await Promise.all([...taken, stopping]);
    await store.start();
    expect(await keys(table)).toHaveLength(50);
    expect(await table.has('late')).toBe(false);
  });

  it('of nothing is nothing', async () => {
    const store = await openStore();
    await store.write([]);
    expect(store.counters()).toMatchObject({ batches: 0 });
  });
});

describe('the queue of commits', () => {
  const commit = (name: string, { sync = false, bytes = 1 } = {}) => ({ items: [name], sync, bytes });

  it('joins what waits while a batch is written, and waits for the disk when one of them wants it', async () => {
    const written: [string, boolean][] = [];
    const queue = new CommitQueue<string>(async (items, sync) => void written.push([items.join(''), sync]), 100);
    const first = queue.add(commit('a'));
    await first;
    await Promise.all([queue.add(commit('b')), queue.add(commit('c', { sync: true })), queue.add(commit('d'))]);
    expect(written).toEqual([
      ['a', false],
      ['bcd', true],
    ]);
  });

  it('closes a batch that is large enough', async () => {
    const written: string[] = [];
    const queue = new CommitQueue<string>(async (items) => void written.push(items.join('')), 10);
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => queue.add(commit(name, { bytes: 5 }))));
    expect(written).toEqual(['ab', 'cd', 'e']);
  });

  it('runs a task alone, between those before and those after it', async () => {
    const log: string[] = [];
    const queue = new CommitQueue<string>(async (items) => void log.push(items.join('')), 100);
    const before = [queue.add(commit('a')), queue.add(commit('b'))];
    const task = queue.alone(async () => {
      await Promise.resolve();
      log.push('task');
      return 7;
    });
    const after = queue.add(commit('c'));
    expect(await task).toBe(7);
    await Promise.all([...before, after]);
    expect(log).toEqual(['ab', 'task', 'c']);
    await expect(queue.alone(() => Promise.reject(new Error('task')))).rejects.toThrow('task');
  });

  it('fails all of a batch that fails, and goes on', async () => {
    let broken = true;
    const queue = new CommitQueue<string>(() => (broken ? Promise.reject(new Error('disk')) : Promise.resolve()), 100);
    const results = await Promise.allSettled([queue.add(commit('a')), queue.add(commit('b'))]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    await queue.add(commit('c'));
    await queue.drained();
  });
});
