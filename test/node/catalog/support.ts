import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createCatalog, type Catalog, type CatalogDeps } from '../../../node/catalog/index.js';
import { createBulkVerifier, createIdentity, openIdentity, type Identity } from '../../../node/identity/index.js';
import type { Placed, Posting } from '../../../node/index/index.js';
import type { Store } from '../../../node/store/index.js';
import { openRecord, type SignedRecord } from '../../../protocol/record.js';
import type { Card } from '../../../protocol/catalog/card.js';
import { openStore, temporaryFolder } from '../store/support.js';

const NETWORK = 'test';
export const NOW = Date.UTC(2026, 0, 1);
export const DAY = 24 * 60 * 60 * 1000;

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A catalog on a real store, with a network that takes every card. */
export interface Shop {
  readonly catalog: Catalog;
  readonly store: Store;
  readonly identity: Identity;
  /** Own cards and tombstones in the order in which they were brought out. */
  readonly sent: Posting[];
  /** How the network answers. */
  placed: Placed;
  now: number;
  /** Other nodes come up. */
  meetPeers(): void;
  publish(value: Record<string, unknown>): Promise<Awaited<ReturnType<typeof publishOne>>>;
  available(listing: string | null): Promise<number | null | undefined>;
  cardsSent(): SignedRecord<Card>[];
}

async function publishOne(catalog: Catalog, value: Record<string, unknown>) {
  const item = { title: 'Kopi Gayo', price: '85000 IDR', ...value };
  for await (const line of catalog.publish([{ line: 1, value: item }])) return line;
  throw new Error('no answer');
}

export async function newIdentityHome(): Promise<{ identityFolder: string }> {
  return { identityFolder: join(await temporaryFolder(), 'identity') };
}

export async function openShop(
  given: { store?: Store; home?: { identityFolder: string }; deps?: Partial<CatalogDeps>; now?: number } = {},
): Promise<Shop> {
  const store = given.store ?? (await openStore());
  const home = given.home ?? (await newIdentityHome());
  const now = given.now ?? NOW;
  if (given.home === undefined) await createIdentity({ home, network: NETWORK, now });
  const identity = await openIdentity({ home, network: NETWORK, now });
  const listeners = new Set<() => void>();
  const shop: Omit<Shop, 'catalog' | 'publish' | 'available'> = {
    store,
    identity,
    sent: [],
    placed: { replicas: 5, quorum: true, refused: [] },
    now,
    meetPeers: () => listeners.forEach((listener) => listener()),
    cardsSent: () =>
      shop.sent.flatMap(({ bytes }) => {
        const record = openRecord(bytes, {
          network: NETWORK,
          kinds: ['card', 'tombstone'],
          delegation: (id) => identity.delegationOf(id),
        });
        return record.payload.kind === 'card' ? [record as SignedRecord<Card>] : [];
      }),
  };
  const catalog = createCatalog({
    store,
    identity,
    verify: createBulkVerifier(),
    now: () => shop.now,
    logger: quiet,
    publish: (postings) => {
      shop.sent.push(...postings);
      return Promise.resolve(postings.map(() => shop.placed));
    },
    onPeer: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ...given.deps,
  });
  await catalog.start();
  onTestFinished(() => catalog.stop());
  return Object.assign(shop, {
    catalog,
    publish: (value: Record<string, unknown>) => publishOne(catalog, value),
    available: async (listing: string | null) => (await catalog.show(listing ?? ''))?.available,
  });
}

/** The same store, but each write is first given to `intercept`, which may throw. */
export function interceptWrites(store: Store, intercept: () => void): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'write') {
        return async (...given: Parameters<Store['write']>) => {
          intercept();
          await target.write(...given);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** The same store, but `before` is called before each row of one table is given out. */
export function interceptReads(store: Store, name: string, before: () => Promise<void>): Store {
  return new Proxy(store, {
    get(target, property) {
      if (property === 'table') {
        return (...[table, codec]: Parameters<Store['table']>) => {
          const real = target.table(table, codec);
          if (table !== name) return real;
          return Object.assign(Object.create(real) as typeof real, {
            get: async (key: string) => {
              const value = await real.get(key);
              await before();
              return value;
            },
            put: real.put.bind(real),
            del: real.del.bind(real),
            range: real.range.bind(real),
          });
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
