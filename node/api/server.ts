import { readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { NiagaError } from '../../protocol/errors.js';
import { writeFileAtomic } from '../home/index.js';
import { digestOf, newToken, sameDigest } from '../tokens/secret.js';
import { DEFAULT_HOST, DEFAULT_PORT, hostPort, isLoopback } from './address.js';
import { createApp } from './app.js';
import { DEFAULT_BODY_TIME, DEFAULT_MAX_BODY } from './body.js';
import type { FindCaller } from './gate.js';
import type { Api, ApiOptions } from './index.js';
import { createLimiters } from './limits.js';
import { DEFAULT_PAGE_FOLDER, readPage } from './page.js';
import { createApiCounters, metricsText } from './metrics.js';
import { OWNER } from './session.js';
import type { Listeners } from './sse.js';

const second = 1_000;
/** What a stop gives to answers that are on their way before it cuts their connections. */
const GRACE = 1 * second;
const OWNER_ONLY = 0o600;

interface Running {
  readonly server: Server;
  readonly url: string;
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
    const { handlers, tokens, logger, version, limits = {} } = this.#options;
    const host = this.#options.host ?? DEFAULT_HOST;
    if (!isLoopback(host) && this.#options.allowRemote !== true) {
      throw new NiagaError('ADDRESS_INVALID', `The API would be open to other machines on ${host}.`, {
        where: 'api',
        next: `Use ${DEFAULT_HOST}; reach it from elsewhere through ssh -L.`,
      });
    }
    const token = newToken();
    const hosts = new Set<string>();
    const calls = new Set<AbortController>();
    const listeners: Listeners = new Map();
    const counters = createApiCounters();
    const app = createApp({
      handlers,
      find: callersOf(token, tokens),
      redeem: tokens === undefined ? undefined : (code) => tokens.redeem(code),
      hosts,
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
      answers: this.#options.answers,
      events: this.#options.events,
      listeners,
      metrics: async () => ((await this.#options.metrics?.()) ?? '') + metricsText(counters.metrics(listeners.size)),
      running: calls,
    });
    // Without overrideGlobalObjects: a program that embeds the library keeps its own Request and Response.
    const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
    const port = await listenSomewhere(server, host, this.#options.port);
    const address = hostPort(host, port);
    for (const name of [address, hostPort('localhost', port), ...(this.#options.hosts ?? [])])
      hosts.add(name.toLowerCase());
    const running: Running = { server, url: `http://${address}`, token, calls };
    try {
      const { apiFile } = this.#options.home;
      const content = { url: running.url, token, pid: process.pid, trader: this.#options.trader };
      await writeFileAtomic(apiFile, `${JSON.stringify(content)}\n`, OWNER_ONLY);
    } catch (error) {
      await this.#close(running);
      throw new NiagaError('HOME_UNUSABLE', 'The address of the API cannot be written into the home.', {
        where: this.#options.home.apiFile,
        next: 'Make the home writable, or choose another with --home.',
        cause: error,
      });
    }
    logger.info({ url: running.url }, 'API listens');
    return running;
  }

  async #close({ server, token, calls }: Running): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    for (const call of calls) call.abort(new NiagaError('STOPPED', 'The node is stopping.'));
    const cut = setTimeout(() => server.closeAllConnections(), GRACE);
    await removeOwn(this.#options.home.apiFile, token);
    await closed;
    clearTimeout(cut);
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

/** Resolves to the port. */
async function listenSomewhere(server: Server, host: string, port: number | undefined): Promise<number> {
  try {
    return await listen(server, host, port ?? DEFAULT_PORT);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (port === undefined && (code === 'EADDRINUSE' || code === 'EACCES')) return listen(server, host, 0);
    const where = hostPort(host, port ?? DEFAULT_PORT);
    if (code === 'EADDRINUSE') {
      throw new NiagaError('PORT_TAKEN', `Another program listens on ${where} already.`, {
        where,
        next: `Stop it, or choose another port: niaga start --api ${hostPort(host, 0)} takes a free one.`,
        cause: error,
      });
    }
    throw new NiagaError('ADDRESS_INVALID', `The API cannot listen on ${where}.`, {
      where,
      next: `Choose another address: niaga start --api ${hostPort(DEFAULT_HOST, 0)}.`,
      cause: error,
    });
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Another node may have taken over the home meanwhile: its file stays. */
async function removeOwn(apiFile: string, token: string): Promise<void> {
  const text = await readFile(apiFile, 'utf8').catch(() => '');
  if (text.includes(token)) await rm(apiFile, { force: true });
}
