import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  createBulkVerifier,
  createDelegationBook,
  createDeviceBook,
  createIdentity,
  openIdentity,
  type DeviceBook,
  type Identity,
} from '../../../node/identity/index.js';
import { createNetwork, type Network } from '../../../node/network/index.js';
import { createStore, rawCodec, type Store } from '../../../node/store/index.js';
import {
  createTraderRecords,
  type TraderItem,
  type TraderRecord,
  type TraderRecordKind,
  type TraderRecords,
  type TraderRecordsDeps,
} from '../../../node/trader-records/index.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { deviceToPeerId } from '../../../protocol/ids.js';
import { signRecord, type Draft, type Signer } from '../../../protocol/record.js';
import { temporaryFolder } from '../store/support.js';

export const NETWORK = 'test';
export const DAY = 24 * 60 * 60 * 1000;

export const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A trader who signs by hand. */
export interface Author {
  readonly trader: Uint8Array;
  readonly device: Uint8Array;
  readonly peer: string;
  readonly delegation: Uint8Array;
  sign<K extends TraderRecordKind>(kind: K, item: TraderItem<K>, seq: number, created?: number): TraderRecord<K>;
}

/** @param rootKeys of a trader with several devices */
export function createAuthor(
  now: number,
  expires = now + 300 * DAY,
  rootKeys = keyPairFromSeed(new Uint8Array(randomBytes(32))),
): Author {
  const deviceKeys = keyPairFromSeed(new Uint8Array(randomBytes(32)));
  const trader = rootKeys.publicKey;
  const root: Signer = { trader, device: trader, sign: (message) => sign(message, rootKeys.secretKey) };
  const draft = { delegate: deviceKeys.publicKey, may: ['profile'], expires };
  const delegation = signRecord('delegation', draft, root, { network: NETWORK, created: now });
  const device = deviceKeys.publicKey;
  const signer: Signer = { trader, device, delegation, sign: (message) => sign(message, deviceKeys.secretKey) };
  return {
    trader,
    device,
    peer: deviceToPeerId(device),
    delegation: delegation.bytes,
    sign: <K extends TraderRecordKind>(kind: K, item: TraderItem<K>, seq: number, created = now) =>
      signRecord(kind, { slot: kind, seq, item } as unknown as Draft<K>, signer, { network: NETWORK, created }),
  };
}

/** What services need of a node, on a folder of its own and a free port; all of it ends with the test. */
export interface Base {
  readonly deps: TraderRecordsDeps;
  readonly store: Store;
  readonly network: Network;
  readonly identity: Identity;
  readonly folder: string;
  readonly refused: string[];
  readonly clock: { now: number };
  stop(): Promise<void>;
}

export async function openBase(
  options: {
    name?: string;
    bootstrap?: readonly string[];
    /** One that was used before. Default: a new one. */
    folder?: string | undefined;
    clock?: { now: number };
    /** Default: what the clock shows. */
    now?: () => number;
  } = {},
): Promise<Base> {
  const { name = '', bootstrap = [], clock = { now: Date.now() }, now = () => clock.now } = options;
  const folder = options.folder ?? (await temporaryFolder());
  const home = { identityFolder: join(folder, 'identity') };
  if (options.folder === undefined) await createIdentity({ home, network: NETWORK, name, now: now() });
  const identity = await openIdentity({ home, network: NETWORK, now: now() });
  const store = createStore({ path: join(folder, 'store') });
  await store.start();
  const verify = createBulkVerifier();
  const delegations = createDelegationBook({ table: store.table('delegations', rawCodec), network: NETWORK, verify });
  const network = createNetwork({
    privateKeySeed: identity.deviceSeed,
    network: NETWORK,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mdns: false,
    bootstrap,
  });
  await network.start();
  const refused: string[] = [];
  const stop = async (): Promise<void> => {
    await network.stop();
    await store.stop();
  };
  onTestFinished(stop);
  const deps: TraderRecordsDeps = {
    store,
    network,
    networkName: NETWORK,
    identity,
    delegations,
    verify,
    now,
    logger: quiet,
    onRefused: (code) => refused.push(code),
  };
  return { deps, store, network, identity, folder, refused, clock, stop };
}

export interface Trader extends Base {
  readonly records: TraderRecords;
}

export async function openTrader(options: Parameters<typeof openBase>[0] = {}): Promise<Trader> {
  const base = await openBase(options);
  const records = createTraderRecords(base.deps);
  await records.start();
  const stop = async (): Promise<void> => {
    await records.stop();
    await base.stop();
  };
  onTestFinished(stop);
  return { ...base, records, stop };
}

/** So many traders who know each other. */
export async function openTraders(count: number, options: Parameters<typeof openBase>[0] = {}): Promise<Trader[]> {
  const traders: Trader[] = [];
  for (let at = 0; at < count; at++) {
    const bootstrap = traders[0]?.network.addresses() ?? [];
    traders.push(await openTrader({ ...options, bootstrap }));
  }
  for (let tries = 0; traders.some(({ network }) => network.directory.size < count - 1); tries++) {
    if (tries > 800) throw new Error('the traders did not find each other');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return traders;
}

/** What a node knows of devices, by its own clock. */
export async function openDeviceBook({
  deps: { verify, now },
  store,
  identity,
}: Pick<Awaited<ReturnType<typeof openBase>>, 'deps' | 'store' | 'identity'>): Promise<DeviceBook> {
  const book = createDeviceBook({
    table: store.table('devices', rawCodec),
    write: (writes) => store.write(writes),
    network: NETWORK,
    own: identity.trader,
    verify,
    now,
  });
  await book.load();
  return book;
}
