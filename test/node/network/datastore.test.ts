import { describe, expect, test } from 'vitest';
import { createBoundedDatastore } from '../../../node/network/datastore.js';

type Store = ReturnType<typeof createBoundedDatastore>;
type Key = Parameters<Store['put']>[0];

/** All that the store needs of a key. */
function key(name: string): Key {
  return { toString: () => name } as Key;
}

const value = Uint8Array.of(1);

async function names(store: Store, prefix?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const pair of store.query(prefix === undefined ? {} : { prefix })) found.push(pair.key.toString());
  return found;
}

describe('the notes of libp2p', () => {
  test('are found again, by key and by query', async () => {
    const store = createBoundedDatastore('self');
    for (const name of ['/peers/b', '/peers/a', '/other/c']) await store.put(key(name), value);
    expect(await store.get(key('/peers/a'))).toBe(value);
    expect(await names(store, '/peers')).toEqual(['/peers/b', '/peers/a']);
    const first = store.query({
      prefix: '/peers',
      filters: [({ key }) => key.toString() !== '/peers/b'],
      orders: [(a, b) => (a.key.toString() < b.key.toString() ? -1 : 1)],
      limit: 1,
    });
    for await (const pair of first) expect(pair.key.toString()).toBe('/peers/a');
    await store.delete(key('/peers/a'));
    expect(await store.has(key('/peers/a'))).toBe(false);
    // libp2p tells a missing record by the name of this error.
    expect(() => store.get(key('/peers/a'))).toThrowError(expect.objectContaining({ name: 'NotFoundError' }));
  });

  test('are limited in number, without this node’s own ever going', async () => {
    const store = createBoundedDatastore('self');
    await store.put(key('/peers/self'), value);
    for (let number = 0; number < 6000; number++) await store.put(key(`/peers/${number}`), value);
    const kept = await names(store);
    expect(kept.length).toBe(5000);
    expect(kept).toContain('/peers/self');
    expect(kept).toContain('/peers/5999');
    expect(kept).not.toContain('/peers/0');
  });

  test('hold no records that kad-dht would keep for strangers', () => {
    const store = createBoundedDatastore('self');
    for (const name of ['/dht/record/x', '/dht/provider/x/y']) {
      expect(() => store.put(key(name), value)).toThrow('keeps no records');
    }
  });
});
