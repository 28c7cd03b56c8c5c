import type { PrivateKey } from '@libp2p/interface';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import { keyPairFromSeed } from '../../protocol/ed25519.js';
import { NiagaError } from '../../protocol/errors.js';
import { Figures } from './figures.js';
import type { NetworkLogger, NetworkOptions, PeerStore } from './index.js';
import { checkAddress } from './libp2p.js';

/** Where a node listens when its options do not say; when another program has the port, on a free one instead. */
const DEFAULT_LISTEN: readonly string[] = ['/ip4/0.0.0.0/tcp/4101'];
const FALLBACK_LISTEN: readonly string[] = ['/ip4/0.0.0.0/tcp/0'];
const DEFAULT_MDNS = false;

/** It stands in protocol ids, between slashes, and in a DNS name. */
const NETWORK_NAME = /^[A-Za-z0-9._-]{1,40}$/;

const KNOWN: ReadonlySet<string> = new Set<keyof NetworkOptions>([
  'privateKeySeed',
  'network',
  'listen',
  'announce',
  'bootstrap',
  'mdns',
  'store',
  'logger',
  'metrics',
]);

/** The options with everything filled in and checked. */
export interface Settings {
  readonly privateKey: PrivateKey;
  readonly network: string;
  /** Tried in order until one is free. */
  readonly listen: readonly (readonly string[])[];
  readonly announce: readonly string[];
  readonly bootstrap: readonly string[];
  readonly mdns: boolean;
  readonly store: PeerStore | undefined;
  readonly logger: NetworkLogger | undefined;
  /** Where libp2p counts; undefined: nowhere. */
  readonly figures: Figures | undefined;
}

/** @throws NiagaError INPUT_INVALID, INPUT_UNKNOWN_FIELD, ADDRESS_INVALID */
export function settings(options: NetworkOptions): Settings {
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key))
      throw new NiagaError('INPUT_UNKNOWN_FIELD', `The network has no option "${key}".`, { where: key });
  }
  const {
    network,
    listen,
    announce = [],
    bootstrap = [],
    mdns = DEFAULT_MDNS,
    store,
    logger,
    metrics = false,
  } = options;
  if (!NETWORK_NAME.test(network)) {
    throw new NiagaError('INPUT_INVALID', 'The name of a network is 1 to 40 letters, digits, ".", "_" or "-".', {
      where: 'network',
    });
  }
  for (const address of listen ?? []) checkAddress(address, 'an address to listen on');
  for (const address of announce) checkAddress(address, 'an address to announce');
  for (const address of bootstrap) checkAddress(address, 'the address of a bootstrap node');
  return {
    privateKey: privateKeyFromRaw(keyPairFromSeed(options.privateKeySeed).secretKey),
    network,
    listen: listen === undefined ? [DEFAULT_LISTEN, FALLBACK_LISTEN] : [listen],
    announce,
    bootstrap,
    mdns,
    store,
    logger,
    figures: metrics ? new Figures() : undefined,
  };
}
