import './native-hash.js';
import { createKeptAnswers, type KeptAnswers } from './api/kept-answers.js';
import { createArbiters, type Arbiters } from './arbiters/index.js';
import { createBlocks, createFalseIndexes, type Blocks, type FalseIndexes } from './blocks/index.js';
import { createCatalog, type Catalog } from './catalog/index.js';
import { ListingExchange } from './catalog/listing-exchange.js';
import { createChat, type Chat } from './chat/index.js';
import { createContents, type Contents } from './content/index.js';
import { createContinuity, type Continuity } from './devices/continuity.js';
import { createDevices, type Devices } from './devices/index.js';
import { dropRevokedCards } from './devices/revoked-cards.js';
import { ClockWatch } from './doctor/clock-watch.js';
import { serveClock } from './doctor/clock.js';
import { createEvents, type Events } from './events/index.js';
import type { Home } from './home/index.js';
import type { LogArea } from './api/rows/log.js';
import {
  createBulkVerifier,
  createDelegationBook,
  createDeviceBook,
  createIdentity,
  hasIdentity,
  keptRecords,
  openIdentity,
  refuseUnfinishedPairing,
  type Identity,
} from './identity/index.js';
import { createFiles, type Files } from './files/index.js';
import { createIndex, type Index } from './index/index.js';
import { createKeeper, createShelf, type Keeper } from './keep/index.js';
import { createLogs, type Logs } from './logs/index.js';
import { createMail, type Mail } from './mail/index.js';
import { createNetwork, LOOKUP_SIZE, type Network } from './network/index.js';
import { untilReady } from './network/until-ready.js';
import type { NodeOptions } from './options.js';
import { createPictures, ListingPictures, type Pictures } from './pictures/index.js';
import { createProofs, type Proofs } from './proofs/index.js';
import { createRefusals, type Refusals } from './refusals.js';
import { createPrivateValues, type PrivateValues } from './private/index.js';
import { createRatings, type Ratings } from './ratings/index.js';
import { createSearch, type Search } from './search/index.js';
import { peerStore } from './peer-store.js';
import { createStore, rawCodec, type Store } from './store/index.js';
import { createTokens, type Tokens } from './tokens/index.js';
import { createTraderRecords, type TraderRecords } from './trader-records/index.js';
import { createTrades, type Trades } from './trades/index.js';
import { createWatches, type Watches } from './watch/index.js';
import { createWebhooks, type Webhooks } from './webhooks/index.js';
import { NiagaError } from '../protocol/errors.js';
import type { Stands } from '../protocol/identity/stands.js';

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
  readonly keeper: Keeper;
  readonly pictures: Pictures;
  readonly listingPictures: ListingPictures;
  readonly trades: Trades;
  readonly mail: Mail;
  readonly files: Files;
  readonly chat: Chat;
  readonly privateValues: PrivateValues;
  readonly contents: Contents;
  readonly proofs: Proofs;
  readonly ratings: Ratings;
  readonly events: Events;
  readonly traderRecords: TraderRecords;
  readonly devices: Devices;
  readonly continuity: Continuity;
  readonly arbiters: Arbiters;
  readonly blocks: Blocks;
  readonly falseIndexes: FalseIndexes;
  readonly watches: Watches;
  readonly webhooks: Webhooks;
  readonly tokens: Tokens;
  readonly answers: KeptAnswers;
  readonly refusals: Refusals;
  readonly logs: Logs;
  readonly now: () => number;
  /** Resolves when the disk has refused a write: nothing can be changed from then on, until all is started again. */
  readonly failed: Promise<NiagaError>;
  /** Ends all services, the last started first. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Makes and starts the services of a node; where its home has no identity yet, one is made. A start that fails undoes itself.
 * @throws NiagaError HOME_LOCKED, IDENTITY_…, PORT_TAKEN, ADDRESS_INVALID, STORE_…
 */
export async function startServices(home: Home, options: NodeOptions): Promise<Services> {
  const logs = createLogs(options.logger);
  const now = options.now ?? Date.now;
  const verify = createBulkVerifier();
  const refusals = createRefusals();
  const running: { stop(): Promise<void> }[] = [];
  const run = async <S extends { start(): Promise<void>; stop(): Promise<void> }>(service: S): Promise<S> => {
    await service.start();
    running.push(service);
    return service;
  };
  let fail: (error: NiagaError) => void = () => undefined;
  const failed = new Promise<NiagaError>((resolve) => (fail = resolve));
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopAll(running.reverse()));
  try {
    // First of all: LevelDB's lock makes sure that nobody else makes an identity in this home at the same time.
    const store = await run(createStore({ path: home.storeFolder, logger: logs.of('store'), onFailure: fail }));
    const secret = options.passphrase === undefined ? {} : { passphrase: options.passphrase };
    if (!(await hasIdentity(home))) {
      await refuseUnfinishedPairing(home);
      await createIdentity({ home, network: home.network, name: options.name ?? '', now: now(), ...secret });
    }
    const identity = await openIdentity({ home, network: home.network, now: now(), ...secret });
    let partners = (): Iterable<Uint8Array> => [];
    const book = createDeviceBook({
      table: store.table('devices', rawCodec),
      write: (writes) => store.write(writes),
      network: home.network,
      own: identity.trader,
      verify,
      now,
      needed: () => partners(),
    });
    await book.load();
    await book.learn(await keptRecords(home));
    const delegations = createDelegationBook({
      table: store.table('delegations', rawCodec),
      network: home.network,
      verify,
      isRevoked: (trader, device) => book.isRevoked(trader, device),
    });
    await delegations.load();
    // Own records of earlier times name earlier ones, in evidence for example.
    await store.write(identity.delegations.flatMap(({ bytes }) => delegations.learn(bytes).write ?? []));
    const network = await run(
      createNetwork({
        privateKeySeed: identity.deviceSeed,
        network: home.network,
        // An empty list is how a command line says "not given".
        listen: options.listen?.length === 0 ? undefined : options.listen,
        bootstrap: options.bootstrap,
        mdns: options.mdns,
        store: peerStore(store),
        // Nobody could read them without the API.
        metrics: options.api !== undefined && options.api !== false,
        logger: logs.of('network'),
      }),
    );
    serveClock(network, now);
    await run(new ClockWatch({ network, now, logger: logs.of('network') }));
    const shared = {
      store,
      identity,
      network,
      networkName: home.network,
      delegations,
      verify,
      now,
      onRefused: refusals.count,
    };
    const common = (area: LogArea) => ({ ...shared, logger: logs.of(area) });
    const events = await run(createEvents(common('events')));
    const devices: Devices = await run(
      createDevices({
        ...common('devices'),
        book,
        events,
        logs: (which) => trades.logs({ ...which, whole: true }),
        underWay: () => new Set(mail.waiting().flatMap(({ about }) => about ?? [])),
        restoration: () => continuity.restoration,
      }),
    );
    const mayWrite = (): boolean => devices.mayWrite;
    const traderRecords = await run(
      createTraderRecords({ ...common('traders'), mayWrite, hasOthers: () => devices.hasOthers }),
    );
    const arbiters = createArbiters({
      traderRecords,
      trader: identity.trader,
      hasOthers: () => devices.hasOthers,
    });
    const blocks = await run(createBlocks({ ...common('blocks'), records: traderRecords }));
    const falseIndexes = createFalseIndexes({
      ...common('blocks'),
      events,
      onFound: (listing) =>
        void index
          .drop(listing)
          .catch((error: unknown) =>
            logs.of('index').warn({ error: String(error) }, 'a false card could not be dropped'),
          ),
    });
    await falseIndexes.start();
    const isFalse = (listing: string, seq: number): boolean => falseIndexes.isFalse(listing, seq);
    const isBlocked = (trader: Uint8Array): boolean => blocks.isBlocked(trader);
    const index = await run(
      createIndex({ ...common('index'), isBlocked, isFalse, handover: options.upkeep?.handover }),
    );
    book.onLearnt((records) => {
      dropRevokedCards(index, records).catch((error: unknown) =>
        logs.of('index').warn({ error: String(error) }, 'cards of a revoked device could not be dropped'),
      );
    });
    const search = createSearch({ ...common('search'), index, isBlocked, isFalse });
    const pictures = await run(createPictures(common('catalog')));
    const catalog = await run(
      createCatalog({
        ...common('catalog'),
        pictures,
        mayWrite,
        outlet: index.outlet,
        ready: (ms, signal) => untilReady(network, ms, signal),
        onPeer: (listener) => {
          const offs = [network.on('peer:connect', listener), network.on('ready', () => listener())];
          return () => offs.forEach((off) => off());
        },
        peers: () => network.directory.closest(new Uint8Array(32), LOOKUP_SIZE, { met: true }).length,
      }),
    );
    const keeping = { ...options.upkeep?.keep, media: options.keepMedia };
    const shelf = createShelf({ ...common('keep'), options: keeping });
    await shelf.load();
    const exchange = new ListingExchange({
      ...common('catalog'),
      catalog: {
        version: (id) => catalog.version(id),
        blob: async (id) => (await catalog.blob(id)) ?? (await pictures.named(id)),
      },
      shelf,
      ownDelegation: (id) => ((id && identity.delegationOf(id)) ?? identity.delegation).bytes,
      onMiss: (listing, version) => keeper.missed(listing, version),
      onMismatch: (opened) =>
        void falseIndexes
          .found(opened)
          .catch((error: unknown) => logs.of('blocks').warn({ error: String(error) }, 'evidence could not be kept')),
    });
    const keeper = createKeeper({ ...common('keep'), source: index, shelf, exchange, options: keeping });
    const { keepMedia } = options;
    const listingPictures = new ListingPictures({ pictures, catalog, exchange, search, shelf, keepMedia });
    exchange.serve();
    await run(keeper);
    const mail = createMail({
      ...common('mail'),
      ...secret,
      home,
      devices: book,
      traderRecords,
      isStranger: (trader) => chat.isStranger(trader),
      partners: () => partners(),
      readReceipts: options.readReceipts,
      options: options.upkeep?.mail,
    });
    // Until all services are there, nothing is done that nobody typed.
    let goesOn: Continuity['check'] = () =>
      Promise.reject(new NiagaError('RESTORE_PENDING', 'This node is still starting.'));
    const check = async (trade: string): Promise<void> => {
      await devices.checkWriter();
      await goesOn(trade);
    };
    let named = (): Stands => [];
    const trades: Trades = await run(
      createTrades({
        ...common('trades'),
        catalog,
        exchange,
        search,
        traderRecords,
        arbiters,
        events,
        blocks,
        mail,
        devices: book,
        mayWrite,
        hasOthers: () => devices.hasOthers,
        check,
        listed: () => named(),
      }),
    );
    partners = () => trades.partners();
    const files = createFiles({ store, mail, now });
    const chat: Chat = await run(createChat({ ...common('chat'), devices: book, mail, files, trades, blocks, events }));
    const privateValues = await run(createPrivateValues({ ...common('trades'), mail, files, trades, blocks, events }));
    const contents = await run(createContents({ ...common('trades'), mail, files, trades, privateValues }));
    const proofs = await run(createProofs({ ...common('trades'), mail, trades, events }));
    const ratings = await run(createRatings({ ...common('traders'), devices: book, traderRecords, trades, mayWrite }));
    // Last: what comes is taken by services that are there.
    await run(mail);
    const continuity: Continuity = await run(
      createContinuity({
        ...common('devices'),
        ...secret,
        home,
        devices,
        traderRecords,
        catalog,
        pictures,
        search,
        exchange,
        trades,
        mayWrite,
        capsuleDelay: options.upkeep?.capsule,
      }),
    );
    goesOn = (trade) => continuity.check(trade);
    named = () => continuity.restoration.named;
    const webhooks = await run(createWebhooks({ ...common('webhooks'), events }));
    const tokens = await run(createTokens(shared));
    const answers = await run(createKeptAnswers(shared));
    const { trader } = identity;
    const watches = await run(
      createWatches({ ...common('watch'), search, events, trader, interval: options.watchInterval }),
    );
    return {
      home,
      identity,
      store,
      network,
      index,
      search,
      catalog,
      exchange,
      keeper,
      pictures,
      listingPictures,
      trades,
      mail,
      files,
      chat,
      privateValues,
      contents,
      proofs,
      ratings,
      events,
      traderRecords,
      devices,
      continuity,
      arbiters,
      blocks,
      falseIndexes,
      watches,
      webhooks,
      tokens,
      answers,
      refusals,
      logs,
      now,
      failed,
      stop,
    };
  } catch (error) {
    await stop().catch((failed: unknown) =>
      logs.of('store').error({ error: String(failed) }, 'a service could not be stopped'),
    );
    throw error;
  }
}

/**
 * Stops services one after the other. One that fails does not keep the next from ending: the last is the store, which
 * would stay locked.
 * @throws the first failure, when all have been asked to stop
 */
export async function stopAll(services: Iterable<{ stop(): Promise<void> }>): Promise<void> {
  const failures: unknown[] = [];
  for (const service of services) {
    try {
      await service.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
