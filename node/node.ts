import type { NiagaError } from '../protocol/errors.js';
import { createApi, parseApiAddress, type Api } from './api/index.js';
import type { TradeView } from './api/views.js';
import type { Logger } from './logger.js';
import { createHandlers } from './handlers.js';
import { nodeMetrics } from './metrics.js';
import { openHome, resolveHome, type Home } from './home/index.js';
import { bindOperations, type BoundOperations } from './operations.js';
import { checkOptions, DEFAULT_NETWORK, type NodeOptions } from './options.js';
import { startServices, stopAll } from './services.js';
import { keepCertificate, openCertificate } from './tls/index.js';
import { ownVersion } from './version.js';

/** Where phones are to reach the node, with the certificate that is shown to them. */
async function lanOf(
  { lan, tlsCert, tlsKey }: NodeOptions,
  { folder }: Pick<Home, 'folder'>,
  { now, logger }: { now: () => number; logger: Logger },
) {
  if (lan === undefined) return undefined;
  const address = parseApiAddress(lan, 'lan');
  const find = () => openCertificate({ folder, certFile: tlsCert, keyFile: tlsKey, host: address.host, now: now() });
  return { ...address, certificate: await keepCertificate({ find, logger }) };
}

/** A running node: every operation as a method, and what no operation tells. */
export interface NiagaNode extends BoundOperations, AsyncDisposable {
  /** The trader's key, `z6Mk…`. */
  readonly trader: string;
  /** The device's peer id, `12D3Koo…`. */
  readonly peerId: string;
  /** Address of the local HTTP API; undefined where there is none. */
  readonly apiUrl: string | undefined;
  /** Where phones on the local network reach it, over TLS; undefined where they do not. */
  readonly lanUrl: string | undefined;
  /** Multiaddrs under which other nodes reach this one; good as `bootstrap` of others. */
  addresses(): string[];
  /** Called after each change of a trade, by either side. Gives back the end of it. */
  onTrade(listener: (trade: TradeView) => void): () => void;
  /**
   * Resolves, with STORE_FAILED, when the disk has refused a write. What was acknowledged is kept, and reading goes on; nothing can be
   * changed until the node is stopped and another one made on this home.
   */
  readonly failed: Promise<NiagaError>;
  /** Ends everything within seconds. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a node. Where the home has no identity yet, one is made.
 * @throws NiagaError USAGE, HOME_…, IDENTITY_SEALED, STORE_CORRUPT, PORT_TAKEN, ADDRESS_INVALID; nothing is left running then
 */
export async function createNode(options: NodeOptions = {}): Promise<NiagaNode> {
  checkOptions(options);
  const now = options.now ?? Date.now;
  const passphrase = options.passphrase ?? (process.env['NIAGA_PASSPHRASE'] || undefined);
  const home = await openHome(resolveHome({ home: options.home }), options.network ?? DEFAULT_NETWORK);
  const version = ownVersion();
  const services = await startServices(home, { ...options, passphrase });
  const logger = services.logs.of('api');
  const stopping = new AbortController();
  const startedAt = now();
  let api: Api | undefined;
  const running: { stop(): Promise<void> }[] = [services];
  const handlers = createHandlers({ services, version, startedAt, apiUrl: () => api?.url ?? '', lan: () => api?.lan });
  try {
    if (options.api !== undefined && options.api !== false) {
      const lan = await lanOf(options, home, { now, logger });
      if (lan !== undefined) running.unshift(lan.certificate);
      api = createApi({
        handlers,
        tokens: services.tokens,
        answers: services.answers,
        events: services.events,
        media: (id) => services.listingPictures.find(id),
        metrics: async () => nodeMetrics(services, startedAt) + (await services.network.libp2pMetrics()),
        home,
        trader: services.identity.traderText,
        logger,
        version,
        ...parseApiAddress(options.api),
        lan,
      });
      running.unshift(api);
      await api.start();
    }
  } catch (error) {
    await stopAll(running).catch((failed: unknown) =>
      logger.error({ error: String(failed) }, 'a service could not be stopped'),
    );
    throw error;
  }
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping.abort();
    return (stopped ??= stopAll(running));
  };
  return {
    ...bindOperations(handlers, stopping.signal),
    trader: services.identity.traderText,
    peerId: services.identity.peerId,
    apiUrl: api?.url,
    lanUrl: api?.lan?.url,
    addresses: () => services.network.addresses(),
    onTrade: (listener) => services.trades.onChange(listener),
    failed: services.failed,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
