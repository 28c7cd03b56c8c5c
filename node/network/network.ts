import { setMaxListeners } from 'node:events';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { NiagaError } from '../../protocol/errors.js';
import { Counters } from './counters.js';
import { Directory } from './directory.js';
import { MAX_BODY } from './frames.js';
import type {
  HandleOptions,
  LookupOptions,
  Network,
  NetworkEvents,
  NetworkOptions,
  PeerRef,
  RequestHandler,
  RequestOptions,
  Throwaway,
} from './index.js';
import { Conduct, DEFAULT_REQUEST_TIMEOUT } from './limits.js';
import { DEFAULT_LOOKUP_TIMEOUT } from './lookup.js';
import { Methods } from './methods.js';
import { settings, type Settings } from './options.js';
import { abortReason } from './request-channel.js';
import { openSession, type Session } from './session.js';
import { openThrowaway } from './throwaway.js';
import { limited, unlessAborted } from './time-limit.js';

export function createNiagaNetwork(options: NetworkOptions): Network {
  return new NiagaNetwork(settings(options));
}

/** What outlives a stop and a start: handlers, listeners, the directory, who misbehaved. All else is the session's. */
class NiagaNetwork implements Network {
  readonly peerId: string;
  readonly directory: Directory;
  readonly #settings: Settings;
  readonly #counters = new Counters();
  readonly #conduct = new Conduct();
  readonly #methods: Methods;
  readonly #listeners: { [E in keyof NetworkEvents]: Set<NetworkEvents[E]> } = {
    'peer:connect': new Set(),
    'peer:disconnect': new Set(),
    ready: new Set(),
  };
  #session: Session | undefined;
  #loaded = false;
  /** Starts and stops run one after the other. */
  #transition: Promise<void> = Promise.resolve();

  constructor(settings: Settings) {
    this.#settings = settings;
    const self = peerIdFromPrivateKey(settings.privateKey);
    this.peerId = self.toString();
    this.#methods = new Methods(this.#counters, settings.logger);
    this.directory = new Directory({
      self,
      addresses: () => this.addresses(),
      store: settings.store,
      isBlocked: (id) => this.#conduct.isBlocked(id),
      onError: (error, what) => settings.logger?.warn({ err: error }, what),
    });
  }

  get ready(): boolean {
    return this.#session?.ready ?? false;
  }

  addresses(): string[] {
    return this.#session?.addresses() ?? [];
  }

  connections(): string[] {
    return this.#session?.members() ?? [];
  }

  start(): Promise<void> {
    return this.#next(async () => {
      if (this.#session !== undefined) return;
      if (!this.#loaded) await this.directory.load();
      this.#loaded = true;
      this.#session = await openSession({
        settings: this.#settings,
        directory: this.directory,
        methods: this.#methods,
        conduct: this.#conduct,
        counters: this.#counters,
        emit: (event, ...args) => this.#emit(event, ...args),
      });
    });
  }

  stop(): Promise<void> {
    return this.#next(async () => {
      const session = this.#session;
      this.#session = undefined;
      await session?.stop();
      await this.directory.flush();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  handle(method: string, handler: RequestHandler, options: HandleOptions = {}): void {
    this.#methods.add(method, handler, options);
  }

  async request(peer: string, method: string, body: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    const { signal, timeout = DEFAULT_REQUEST_TIMEOUT, maxResponse = MAX_BODY, retry = false, force = false } = options;
    prepare(signal);
    if (body.length > MAX_BODY) throw new NiagaError('INPUT_TOO_LARGE', `A request has at most ${MAX_BODY} bytes.`);
    const session = this.#started();
    const request = { method, body, timeout, maxResponse: Math.min(maxResponse, MAX_BODY), signal, force };
    if (peer === this.peerId) return this.#askSelf(request, session.signal);
    return session.request(peer, request, retry);
  }

  async lookup(key: Uint8Array, options: LookupOptions = {}): Promise<PeerRef[]> {
    const { signal, timeout = DEFAULT_LOOKUP_TIMEOUT, maxAge = 0 } = options;
    prepare(signal);
    const session = this.#started();
    const refs = await limited(timeout, [signal, session.signal], (limit) =>
      maxAge > 0 ? session.recentLookup(key, maxAge, limit) : session.lookup(key, limit),
    );
    prepare(signal);
    return refs;
  }

  async throwaway(): Promise<Throwaway> {
    return openThrowaway(this.#settings.network, this.#started().signal);
  }

  keep(peer: string, weight: number): void {
    if (peer !== this.peerId) this.#session?.keep(peer, weight);
  }

  misbehaved(peer: string): void {
    this.#session?.misbehaved(peer);
  }

  hurry(): () => void {
    return this.#session?.turns.hurry() ?? (() => undefined);
  }

  answered(): void {
    this.#session?.turns.answered();
  }

  async untilCalm(patience: number, signal?: AbortSignal): Promise<void> {
    await this.#session?.turns.untilCalm(patience, signal);
  }

  on<E extends keyof NetworkEvents>(event: E, listener: NetworkEvents[E]): () => void {
    this.#listeners[event].add(listener);
    return () => this.#listeners[event].delete(listener);
  }

  metrics(): Record<string, number> {
    return {
      ...this.#counters.snapshot(),
      peers_known: this.directory.size,
      peers_blocked: this.#conduct.blocked,
      ...this.#session?.gauges(),
    };
  }

  async libp2pMetrics(): Promise<string> {
    return this.#session === undefined ? '' : ((await this.#settings.figures?.text()) ?? '');
  }

  #started(): Session {
    if (this.#session === undefined) throw new NiagaError('STOPPED', 'The network is not started.');
    return this.#session;
  }

  async #askSelf(
    request: {
      method: string;
      body: Uint8Array;
      timeout: number;
      maxResponse: number;
      signal?: AbortSignal | undefined;
    },
    stopping: AbortSignal,
  ): Promise<Uint8Array> {
    const { method, body, timeout, maxResponse } = request;
    this.#counters.add('requests_to_self');
    return limited(timeout, [request.signal, stopping], async (signal) => {
      try {
        return await unlessAborted(
          this.#methods.answer(method, body, { peer: this.peerId, signal, maxResponse }),
          signal,
        );
      } catch (error) {
        throw error === signal.reason && signal.aborted ? abortReason(signal) : error;
      }
    });
  }

  #emit<E extends keyof NetworkEvents>(event: E, ...args: Parameters<NetworkEvents[E]>): void {
    for (const listener of this.#listeners[event]) {
      try {
        (listener as (...args: Parameters<NetworkEvents[E]>) => void)(...args);
      } catch (error) {
        this.#settings.logger?.error({ err: error, event }, 'a listener of the network failed');
      }
    }
  }

  #next(task: () => Promise<void>): Promise<void> {
    const run = this.#transition.then(task);
    this.#transition = run.catch(() => undefined);
    return run;
  }
}

/** @throws the signal's reason when the caller has given up already */
function prepare(signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (signal.aborted) throw abortReason(signal);
  // One signal for a hundred requests is no leak: each takes its listener away again.
  setMaxListeners(0, signal);
}
