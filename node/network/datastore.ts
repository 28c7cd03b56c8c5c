import { NotFoundError } from '@libp2p/interface';
import type { Libp2pOptions } from 'libp2p';

/** What libp2p calls a datastore, named without depending on its package. */
type Datastore = NonNullable<Libp2pOptions['datastore']>;
type Key = Parameters<Datastore['put']>[0];
type Query = Parameters<Datastore['query']>[0];
interface Pair {
  key: Key;
  value: Uint8Array;
}

/** Peers that libp2p keeps notes on. Every stranger's answer names new ones, and libp2p itself sets no limit. */
const MAX_RECORDS = 5000;
const REFUSED_PREFIX = '/dht/';

/**
 * Where libp2p keeps its notes: in memory, the ones written longest ago dropped beyond a limit, so that strangers cannot
 * fill it. Refuses what kad-dht would store for others (provider records, values): Niaga keeps its own postings, and kad-dht
 * takes such records from anybody, unsigned, in any number and up to 4 MiB.
 *
 * @param pinned a part of the keys that stay whatever happens: this node's own record
 */
export function createBoundedDatastore(pinned: string): Datastore {
  const records = new Map<string, Pair>();

  function put(key: Key, value: Uint8Array): Key {
    const name = key.toString();
    if (name.startsWith(REFUSED_PREFIX)) throw new Error('this node keeps no records of kad-dht');
    records.delete(name);
    records.set(name, { key, value });
    if (records.size > MAX_RECORDS) {
      for (const oldest of records.keys()) {
        if (oldest.includes(pinned)) continue;
        records.delete(oldest);
        break;
      }
    }
    return key;
  }

  function get(key: Key): Uint8Array {
    const record = records.get(key.toString());
    if (record === undefined) throw new NotFoundError();
    return record.value;
  }

  function remove(key: Key): void {
    records.delete(key.toString());
  }

  function* query(query: Query): Generator<Pair> {
    const { prefix = '', filters = [], orders = [], offset = 0, limit = Infinity } = query;
    const found = [...records.values()].filter(
      (pair) => pair.key.toString().startsWith(prefix) && filters.every((accepts) => accepts(pair)),
    );
    for (const order of orders) found.sort(order);
    yield* found.slice(offset, offset + limit);
  }

  return {
    put,
    get,
    has: (key) => records.has(key.toString()),
    delete: remove,
    async *putMany(pairs) {
      for await (const { key, value } of pairs) yield put(key, value);
    },
    async *getMany(keys) {
      for await (const key of keys) yield { key, value: get(key) };
    },
    async *deleteMany(keys) {
      for await (const key of keys) {
        remove(key);
        yield key;
      }
    },
    batch() {
      const steps: (() => void)[] = [];
      return {
        put: (key, value) => void steps.push(() => put(key, value)),
        delete: (key) => void steps.push(() => remove(key)),
        commit: () => steps.splice(0).forEach((step) => step()),
      };
    },
    query,
    *queryKeys({ prefix = '', filters = [], orders = [], offset = 0, limit = Infinity }) {
      const found = [...query({ prefix })]
        .map(({ key }) => key)
        .filter((key) => filters.every((accepts) => accepts(key)));
      for (const order of orders) found.sort(order);
      yield* found.slice(offset, offset + limit);
    },
  };
}
