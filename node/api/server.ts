import { readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { NiagaError } from '../../protocol/errors.js';
import { writeFileAtomic } from '../home/index.js';
import { digestOf, newToken, sameDigest } from '../tokens/secret.js';
import { DEFAULT_HOST, DEFAULT_LAN_PORT, DEFAULT_PORT, isLoopback } from './address.js';
import { createApp, type AppOptions } from './app.js';
import { DEFAULT_BODY_TIME, DEFAULT_MAX_BODY } from './body.js';
import type { FindCaller } from './gate.js';
import type { Api, ApiOptions, LanView } from './index.js';
import { createLimiters } from './limits.js';
import { listenSomewhere, type Wanted } from './listening.js';
import { createApiCounters, metricsText } from './metrics.js';
import { DEFAULT_PAGE_FOLDER, readPage } from './page.js';
import { lanPlace, localPlace, type Place } from './place.js';
import { OWNER } from './session.js';
import type { Listeners } from './sse.js';
import { TlsServer } from './tls-server.js';

const second = 1_000;
/** What a stop gives to answers that are on their way before it cuts their connections. */
const GRACE = 1 * second;
/**
 * How long a connection stays open for the next request. With the 5 s of Node.js, programs that ask every few seconds (and Node.js's own
 * client, which uses a connection until the very moment) now and then send one just as it is closed, and get a reset for an answer.
 */
const KEPT_OPEN = 65 * second;
const OWNER_ONLY = 0o600;

interface Running {
  /** The local one, and where there is one, that for phones. */
  readonly servers: readonly Server[];
  readonly url: string;
  readonly lan: Place | undefined;
  readonly token: string;
  readonly calls: Set<AbortController>;
}

export class ApiServer implements Api {
  readonly #options: ApiOptions;
  #running: Running | undefined;
  /** The last start or stop: they follow one another in the order in which they were asked for. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  get url(): string | undefined {
    return this.#running?.url;
  }

  get lan(): LanView | undefined {
    const { lan } = this.#options;
    const url = this.#running?.lan?.url;
    if (lan === undefined || url === undefined) return undefined;
    const { fingerprint, ownMade } = lan.certificate.current;
    return { url, fingerprint, ownMade };
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      this.#running ??= await this.#listen();
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const running = this.#running;
      this.#running = undefined;
      if (running !== undefined) await this.#close(running);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #listen(): Promise<Running> {
    const { home, trader, logger, lan } = this.#options;
    const host = this.#options.host ?? DEFAULT_HOST;
    if (!isLoopback(host) && this.#options.allowRemote !== true) {
      throw new NiagaError('ADDRESS_INVALID', `The API would be open to other machines on ${host}.`, {
        where: 'api',
        next: `Use ${DEFAULT_HOST}; for phones on your network: niaga start --lan ${host}, which is sealed with TLS.`,
      });
    }
    const token = newToken();
    const calls = new Set<AbortController>();
    const servers: Server[] = [];
    try {
      const routes = await this.#routes(token, calls);
      let beyond: Place | undefined;
      const tlsUrl = (): string => beyond?.url ?? '';
      /** The same routes, for those who reach the node there. */
      const open = async (make: (listener: RequestListener) => Server, wanted: Wanted, at: (port: number) => Place) => {
        let place = at(0);
        const app = createApp({ ...routes, tlsUrl, place: () => place });
        // Without overrideGlobalObjects: a program that embeds the library keeps its own Request and Response.
        const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
        const server = make((request, response) => void answer(request, response));
        server.keepAliveTimeout = KEPT_OPEN;
        servers.push(server);
        place = at(await listenSomewhere(server, wanted));
        return place;
      };
      const { url } = await open(
        (listener) => createServer(listener),
        { host, port: this.#options.port, usual: DEFAULT_PORT, option: 'api' },
        (port) => localPlace(host, port, this.#options.hosts ?? []),
      );
      if (lan !== undefined) {
        const { certificate } = lan;
        beyond = await open(
          (listener) => new TlsServer(certificate, tlsUrl, listener),
          { host: lan.host, port: lan.port, usual: DEFAULT_LAN_PORT, option: 'lan' },
          (port) => lanPlace(lan.host, port, () => certificate.current.names),
        );
      }
      await writeApiFile(home.apiFile, { url, token, pid: process.pid, trader });
      logger.info({ url, lan: tlsUrl() }, 'API listens');
      return { servers, url, token, calls, lan: beyond };
    } catch (error) {
      await this.#close({ servers, token, calls });
      throw error;
    }
  }

  /** What all listeners answer with. */
  async #routes(token: string, running: Set<AbortController>): Promise<Omit<AppOptions, 'place' | 'tlsUrl'>> {
    const { handlers, tokens, logger, version, answers, events, media, limits = {} } = this.#options;
    const listeners: Listeners = new Map();
    const counters = createApiCounters();
    return {
      handlers,
      find: callersOf(token, tokens),
      redeem: tokens === undefined ? undefined : (code) => tokens.redeem(code),
      endToken: async (caller) => (await tokens?.end(caller)) === true,
      ready: this.#options.ready ?? (() => true),
      limiters: createLimiters(limits),
      body: {
        maxBytes: this.#options.maxBody ?? DEFAULT_MAX_BODY,
        maxTime: this.#options.bodyTime ?? DEFAULT_BODY_TIME,
      },
      logger,
      version,
      page: await readPage(this.#options.page ?? DEFAULT_PAGE_FOLDER),
      onEvent: (event) => {
        counters.count(event);
        this.#options.onEvent?.(event);
      },
      answers,
      events,
      media,
      listeners,
      metrics: async () => ((await this.#options.metrics?.()) ?? '') + metricsText(counters.metrics(listeners.size)),
      running,
    };
  }

  async #close({ servers, token, calls }: Pick<Running, 'servers' | 'token' | 'calls'>): Promise<void> {
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const server of servers) server.closeIdleConnections();
    for (const call of calls) call.abort(new NiagaError('STOPPED', 'The node is stopping.'));
    const cut = setTimeout(() => {
      for (const server of servers) server.closeAllConnections();
    }, GRACE);
    await removeOwn(this.#options.home.apiFile, token);
    await Promise.all(closed);
    clearTimeout(cut);
  }
}

async function writeApiFile(apiFile: string, content: object): Promise<void> {
  try {
    await writeFileAtomic(apiFile, `${JSON.stringify(content)}\n`, OWNER_ONLY);
  } catch (error) {
    throw new NiagaError('HOME_UNUSABLE', 'The address of the API cannot be written into the home.', {
      where: apiFile,
      next: 'Make the home writable, or choose another with --home.',
      cause: error,
    });
  }
}

/** The owner by the token of this start, all others by those that the owner made. */
function callersOf(token: string, tokens: ApiOptions['tokens']): FindCaller {
  const digest = digestOf(token);
  return (given) => {
    // Both are looked at, whichever it is.
    const other = tokens?.find(given);
    return sameDigest(digestOf(given), digest) ? OWNER : other;
  };
}

/** Another node may have taken over the home meanwhile: its file stays. */
async function removeOwn(apiFile: string, token: string): Promise<void> {
  const text = await readFile(apiFile, 'utf8').catch(() => '');
  if (text.includes(token)) await rm(apiFile, { force: true });
}
