import { createCatalog, type Catalog } from './catalog/index.js';
import { ListingExchange } from './catalog/listing-exchange.js';
import type { Home } from './home/index.js';
import {
  createBulkVerifier,
  createDelegationBook,
  createIdentity,
  hasIdentity,
  openIdentity,
  type Identity,
} from './identity/index.js';
import { createIndex, type Index } from './index/index.js';
import { pino } from 'pino';
import { createNetwork, type Network, type PeerRow } from './network/index.js';
import type { NodeOptions } from './options.js';
import { createRefusals, type Refusals } from './refusals.js';
import { createSearch, type Search } from './search/index.js';
import { cborCodec, createStore, rawCodec, type Store, type Table } from './store/index.js';
import { createTrades, type Trades } from './trades/index.js';

/** Everything that a running node consists of, in the order in which it starts. */
export interface Services {
  readonly home: Home;
  readonly identity: Identity;
  readonly store: Store;
  readonly network: Network;
  readonly index: Index;
  readonly search: Search;
  readonly catalog: Catalog;
  readonly exchange: ListingExchange;
  readonly trades: Trades;
  readonly refusals: Refusals;
  readonly now: () => number;
  /** Ends all services, the last started first. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Makes and starts the services of a node; where its home has no identity yet, one is made. A start that fails undoes itself.
 * @throws NiagaError HOME_LOCKED, IDENTITY_…, PORT_TAKEN, ADDRESS_INVALID, STORE_…
 */
export async function startServices(home: Home, options: NodeOptions): Promise<Services> {
  const logger = options.logger ?? pino({ level: 'silent' });
  const now = options.now ?? Date.now;
  const verify = createBulkVerifier();
  const refusals = createRefusals();
  const running: { stop(): Promise<void> }[] = [];
  const run = async <S extends { start(): Promise<void>; stop(): Promise<void> }>(service: S): Promise<S> => {
    await service.start();
    running.push(service);
    return service;
  };
  const stop = async (): Promise<void> => {
    for (let service = running.pop(); service !== undefined; service = running.pop()) await service.stop();
  };
  try {
    // First of all: LevelDB's lock makes sure that nobody else makes an identity in this home at the same time.
    const store = await run(createStore({ path: home.storeFolder, logger: options.logger }));
    const secret = options.passphrase === undefined ? {} : { passphrase: options.passphrase };
    if (!(await hasIdentity(home)))
      await createIdentity({ home, network: home.network, name: options.name ?? '', now: now(), ...secret });
    const identity = await openIdentity({ home, network: home.network, ...secret });
    const delegations = createDelegationBook({
      table: store.table('delegations', rawCodec),
      network: home.network,
      verify,
    });
    await delegations.load();
    const network = await run(
      createNetwork({
        privateKeySeed: identity.deviceSeed,
        network: home.network,
        // An empty list is how a command line says "not given".
        listen: options.listen?.length === 0 ? undefined : options.listen,
        bootstrap: options.bootstrap,
        mdns: options.mdns,
        store: peerStore(store),
        logger,
      }),
    );
    const common = {
      store,
      identity,
      network,
      networkName: home.network,
      delegations,
      verify,
      now,
      logger,
      onRefused: refusals.count,
    };
    const index = await run(createIndex(common));
    const search = createSearch({ ...common, index });
    const catalog = await run(
      createCatalog({ ...common, publish: (postings, signal) => index.publish(postings, signal) }),
    );
    const exchange = new ListingExchange({ ...common, catalog, ownDelegation: identity.delegation.bytes });
    exchange.serve();
    const trades = await run(createTrades({ ...common, catalog, exchange, search }));
    return { home, identity, store, network, index, search, catalog, exchange, trades, refusals, now, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The peer directory in the store: one row a peer. */
function peerStore(store: Store): { load(): Promise<PeerRow[]>; save(rows: readonly PeerRow[]): Promise<void> } {
  const table: Table<PeerRow> = store.table('peers', cborCodec<PeerRow>());
  return {
    async load() {
      const rows: PeerRow[] = [];
      for await (const [, row] of table.range()) rows.push(row);
      return rows;
    },
    async save(rows) {
      const kept = new Set(rows.map(({ id }) => id));
      const writes = rows.map((row) => table.put(row.id, row));
      for await (const [id] of table.range()) if (!kept.has(id)) writes.push(table.del(id));
      await store.write(writes, { sync: false });
    },
  };
}
