import { createHash } from 'node:crypto';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes } from '../../protocol/ids.js';
import type { DeviceBook } from '../identity/index.js';
import { whenMet } from '../meeting.js';
import { readBody, writeBody } from '../network/bodies.js';
import { TokenBucket } from '../network/limits.js';
import { isNearTo, nodesOf } from '../trader-records/places.js';
import type { DevicesDeps } from './index.js';
import { ASK_METHOD, askSchema, fitting, MAX_MESSAGE, recordsSchema, TELL_METHOD, tellAnswerSchema } from './wire.js';

const REQUEST_TIMEOUT = 5_000;
const HOUR = 60 * 60 * 1000;
/** What the own devices are is brought out again this often; nodes forget nobody sooner. */
const REFRESH = 24 * HOUR;
/** Where too few nodes have taken it. */
const RETRY = 10 * 60 * 1000;
/** Nodes that should have it besides this one, where there are so many. */
const ENOUGH = 3;
const CHECK = 60 * 1000;
/** Nodes come in groups: something is brought out so long after the first one. */
const PEER_DELAY = 1_000;
/** A peer tells what is new of its trader a few times a day. */
const TELLS_PER_SECOND = 0.1;
const TELL_BURST = 30;
const MAX_PEERS = 4_096;

/** How what is known of devices travels: to the nodes near the trader's key, and to everybody that this node meets. */
export class DeviceExchange {
  readonly #deps: DevicesDeps;
  readonly #book: DeviceBook;
  readonly #buckets = new Map<string, TokenBucket>();
  /** What each peer was told last, as a hash of it. */
  readonly #told = new Map<string, string>();
  #stopping = new AbortController();
  #ends: (() => void)[] = [];
  #work: Promise<unknown> = Promise.resolve();
  #tried = 0;
  #copies = 0;
  #serving = false;

  constructor(deps: DevicesDeps, book: DeviceBook) {
    this.#deps = deps;
    this.#book = book;
  }

  /** Nodes that took the own records when they were brought out last. */
  get copies(): number {
    return this.#copies;
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#serve();
    const { network } = this.#deps;
    const timer = setInterval(() => {
      const since = Math.abs(this.#deps.now() - this.#tried);
      if (since >= REFRESH || (this.#copies < ENOUGH && since >= RETRY)) this.#inBackground();
    }, CHECK).unref();
    this.#ends = [
      whenMet(network, PEER_DELAY, () => {
        if (this.#copies < ENOUGH) this.#inBackground();
      }),
      network.on('peer:connect', (peer) => this.#tellOnce(peer)),
      () => clearInterval(timer),
    ];
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#work.catch(() => undefined);
  }

  /** Brings what is known of the own devices to the nodes near the trader's key, and to all that are connected; how many took it. */
  async publish(signal: AbortSignal = this.#stopping.signal): Promise<number> {
    const { network, identity, now } = this.#deps;
    this.#tried = now();
    const near = (await nodesOf(this.#deps, identity.trader, signal)).map(({ id }) => id);
    const peers = new Set([...near, ...network.connections()]);
    peers.delete(network.peerId);
    const told = await Promise.all([...peers].map((peer) => this.#tell(peer)));
    this.#copies = told.filter(Boolean).length;
    return this.#copies;
  }

  /**
   * Asks the nodes near a trader's key, and `peers` too, for what they know of the trader's devices, and learns it.
   * @returns how many answered
   */
  async ask(
    trader: Uint8Array,
    peers: readonly string[] = [],
    signal: AbortSignal = this.#stopping.signal,
  ): Promise<number> {
    const { logger } = this.#deps;
    const near = (await nodesOf(this.#deps, trader, signal)).filter(({ self }) => !self).map(({ id }) => id);
    const asked = [...new Set([...near, ...peers])].map(async (peer) => {
      try {
        await this.askPeer(peer, trader, signal);
        return true;
      } catch (error) {
        signal.throwIfAborted();
        logger.debug({ peer, error: String(error) }, 'a node did not say what it knows of a trader’s devices');
        return false;
      }
    });
    return (await Promise.all(asked)).filter(Boolean).length;
  }

  /** Learns what one node knows of a trader's devices. @throws NiagaError PEER_UNREACHABLE, … */
  async askPeer(peer: string, trader: Uint8Array, signal: AbortSignal): Promise<void> {
    const options = { timeout: REQUEST_TIMEOUT, retry: true, maxResponse: MAX_MESSAGE, signal };
    const answer = await this.#deps.network.request(peer, ASK_METHOD, writeBody({ trader }), options);
    const { records } = readBody(recordsSchema, answer, `answer to ${ASK_METHOD}`);
    await this.#learn(records, (one) => equalBytes(one, trader));
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    const { network } = this.#deps;
    const bounds = { maxRequest: MAX_MESSAGE };
    network.handle(
      TELL_METHOD,
      async (body, { peer }) => {
        this.#checkRate(peer);
        const { records } = readBody(recordsSchema, body, TELL_METHOD);
        // A node tells of its own trader.
        let told: Uint8Array | undefined;
        const { refused } = await this.#learn(
          records,
          (trader) => equalBytes((told ??= trader), trader) && this.#isWelcome(trader, peer, records),
        );
        // What lies ahead of the clock here does so no more some time later: it is to be told again.
        return writeBody({ kept: !refused.some(({ code }) => code === 'PEER_REFUSED' || code === 'RECORD_TIME') });
      },
      bounds,
    );
    network.handle(ASK_METHOD, (body) => {
      const { trader } = readBody(askSchema, body, ASK_METHOD);
      // Another device of the own trader needs those from before a renewal, too; others keep the newest alone.
      const all = this.#book.delegationsOf(trader).map(({ bytes }) => bytes);
      return Promise.resolve(writeBody({ records: fitting(this.#book.recordsOf(trader), all) }));
    });
  }

  async #learn(records: readonly Uint8Array[], may: (trader: Uint8Array) => boolean) {
    const learnt = await this.#book.learn(records, may);
    for (const { code } of learnt.refused) this.#deps.onRefused(code);
    return learnt;
  }

  /** Of whom something new is kept: of traders near here, and of whoever is connected with a device of its own. */
  #isWelcome(trader: Uint8Array, peer: string, records: readonly Uint8Array[]): boolean {
    if (isNearTo(this.#deps, trader, 'profile')) return true;
    return records.some((bytes) => {
      try {
        const { payload } = this.#deps.delegations.read(bytes);
        return deviceToPeerId(payload.delegate) === peer && equalBytes(payload.trader, trader);
      } catch (error) {
        if (!isNiagaError(error)) throw error;
        return false;
      }
    });
  }

  /** On meeting a peer: only where there is something to know, that is where there was ever more than one device. */
  #tellOnce(peer: string): void {
    const { identity } = this.#deps;
    const isPlain = this.#book.devicesOf(identity.trader).length < 2;
    if (isPlain || this.#told.get(peer) === this.#digest()) return;
    this.#work = this.#work.then(() => this.#tell(peer)).catch(() => undefined);
  }

  #digest(): string {
    const hash = createHash('sha256');
    for (const record of this.#book.recordsOf(this.#deps.identity.trader)) hash.update(record);
    return hash.digest('base64');
  }

  async #tell(peer: string): Promise<boolean> {
    const { network, identity, logger } = this.#deps;
    const { signal } = this.#stopping;
    if (signal.aborted) return false;
    const digest = this.#digest();
    const body = writeBody({ records: fitting(this.#book.recordsOf(identity.trader)) });
    try {
      const answer = await network.request(peer, TELL_METHOD, body, { timeout: REQUEST_TIMEOUT, retry: true, signal });
      const { kept } = readBody(tellAnswerSchema, answer, `answer to ${TELL_METHOD}`);
      this.#told.set(peer, digest);
      const oldest = this.#told.size > MAX_PEERS ? this.#told.keys().next().value : undefined;
      if (oldest !== undefined) this.#told.delete(oldest);
      return kept;
    } catch (error) {
      logger.debug({ peer, error: String(error) }, 'a node did not take what is to be known of the own devices');
      return false;
    }
  }

  #inBackground(): void {
    this.#work = this.#work
      .then(() => (this.#stopping.signal.aborted ? 0 : this.publish()))
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted)
          this.#deps.logger.warn(
            { error: String(error) },
            'what is to be known of the own devices was not brought out',
          );
      });
  }

  /** @throws NiagaError RATE_LIMITED */
  #checkRate(peer: string): void {
    const now = this.#deps.now();
    const bucket = this.#buckets.get(peer) ?? new TokenBucket(TELLS_PER_SECOND, TELL_BURST, now);
    this.#buckets.delete(peer);
    this.#buckets.set(peer, bucket);
    const oldest = this.#buckets.size > MAX_PEERS ? this.#buckets.keys().next().value : undefined;
    if (oldest !== undefined) this.#buckets.delete(oldest);
    if (bucket.take(1, now) > 0) throw new NiagaError('RATE_LIMITED', 'You tell of your devices too often.');
  }
}
