import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createCatalog, type Catalog, type CatalogDeps, type PublishOptions } from '../../../node/catalog/index.js';
import { createBulkVerifier, createIdentity, openIdentity, type Identity } from '../../../node/identity/index.js';
import type { PublishedView } from '../../../node/api/views.js';
import type { Posting } from '../../../node/index/index.js';
import { rawCodec, type Store } from '../../../node/store/index.js';
import { openStore, temporaryFolder } from '../store/support.js';
import { FakeOutlet } from './fake-outlet.js';

const NETWORK = 'test';
export const NOW = Date.UTC(2026, 0, 1);
export const DAY = 24 * 60 * 60 * 1000;

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A catalog on a real store, with an index that keeps what it is brought. */
export interface Shop {
  readonly catalog: Catalog;
  readonly store: Store;
  readonly identity: Identity;
  readonly outlet: FakeOutlet;
  now: number;
  /** Other nodes come up. */
  meetPeers(peer?: string): void;
  publish(value: Record<string, unknown>, options?: PublishOptions): Promise<PublishedView>;
  publishAll(values: readonly Record<string, unknown>[]): Promise<PublishedView[]>;
  available(listing: string | null): Promise<number | null | undefined>;
  /** Kinds and seqs of what was brought out, in order. */
  records(): [kind: string, seq: number][];
}

async function publishOne(
  catalog: Catalog,
  value: Record<string, unknown>,
  options?: PublishOptions,
): Promise<PublishedView> {
  const [line] = await publishAll(catalog, [value], options);
  if (line === undefined) throw new Error('no answer');
  return line;
}

async function publishAll(
  catalog: Catalog,
  values: readonly Record<string, unknown>[],
  options?: PublishOptions,
): Promise<PublishedView[]> {
  const items = values.map((value, at) => ({
    line: at + 1,
    value: { title: 'Kopi Gayo', price: '85000 IDR', ...value },
  }));
  const lines: PublishedView[] = [];
  for await (const line of catalog.publish(items, options)) lines.push(line);
  return lines;
}

export async function newIdentityHome(): Promise<{ identityFolder: string }> {
  return { identityFolder: join(await temporaryFolder(), 'identity') };
}

export async function openShop(
  given: {
    store?: Store;
    home?: { identityFolder: string };
    deps?: Partial<CatalogDeps>;
    now?: number;
    outlet?: FakeOutlet;
    nodes?: number;
  } = {},
): Promise<Shop> {
  const store = given.store ?? (await openStore());
  const home = given.home ?? (await newIdentityHome());
  const now = given.now ?? NOW;
  if (given.home === undefined) await createIdentity({ home, network: NETWORK, now });
  const identity = await openIdentity({ home, network: NETWORK, now });
  const listeners = new Set<(peer?: string) => void>();
  const outlet = given.outlet ?? new FakeOutlet(identity, given.nodes);
  const newest = ({ bytes, delta }: Posting) => outlet.open(delta ?? bytes).payload;
  const shop = {
    store,
    identity,
    outlet,
    now,
    meetPeers: (peer?: string) => listeners.forEach((listener) => listener(peer)),
    records: () => outlet.sent.map(newest).map(({ kind, seq }): [string, number] => [kind, seq]),
  };
  const catalog = createCatalog({
    store,
    identity,
    verify: createBulkVerifier(),
    now: () => shop.now,
    logger: quiet,
    outlet,
    onPeer: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ...given.deps,
  });
  await catalog.start();
  // What a start does with an empty store ends in this turn.
  await new Promise((resolve) => setImmediate(resolve));
  onTestFinished(() => catalog.stop());
  return Object.assign(shop, {
    catalog,
    publish: (value: Record<string, unknown>, options?: PublishOptions) => publishOne(catalog, value, options),
    publishAll: (values: readonly Record<string, unknown>[]) => publishAll(catalog, values),
    available: async (listing: string | null) => (await catalog.show(listing ?? ''))?.available,
  });
}

/** Lets all that is under way end: it may wait for the disk, which is known by a write that comes behind what was to be written before. */
export async function settled({ store, outlet }: Shop, pause = 20): Promise<void> {
  const marker = store.table('settled', rawCodec).put('marker', new Uint8Array());
  for (let quiet = 0, sent = -1; quiet < 3; quiet = sent === outlet.messages ? quiet + 1 : 0) {
    sent = outlet.messages;
    await store.write([marker], { sync: false }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
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
