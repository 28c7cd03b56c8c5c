import { compareDistance } from '../../protocol/keyspace.js';
import { kadIdOfKey, LOOKUP_SIZE, type PeerRef } from '../network/index.js';
import { Holder } from './holder.js';
import type { Index, IndexDeps } from './index.js';
import { Publisher, type Placed, type Posting } from './publisher.js';
import { Sweep } from './sweep.js';
import {
  ASK_METHOD,
  askSchema,
  CARDS_METHOD,
  cardsSchema,
  MAX_PUT_BYTES,
  PUT_METHOD,
  putSchema,
  readBody,
  writeBody,
} from './wire.js';

/** Own delegations sent along, the newest first: cards live for weeks and delegations for months, so two are needed at most. */
const OWN_DELEGATIONS = 3;
const EXPIRY_CHECK = 10 * 60 * 1000;

export class IndexService implements Index {
  readonly #deps: IndexDeps;
  readonly #holder: Holder;
  readonly #publisher: Publisher;
  #timer: NodeJS.Timeout | undefined;
  #serving = false;

  constructor(deps: IndexDeps) {
    this.#deps = deps;
    this.#holder = new Holder(deps);
    const sweep = new Sweep({ lookup: (preimage, signal) => this.#closest(preimage, signal), now: deps.now });
    const delegations = deps.identity.delegations.slice(0, OWN_DELEGATIONS).map(({ bytes }) => bytes);
    this.#publisher = new Publisher({ ...deps, sweep, delegations });
  }

  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    await this.#holder.load();
    this.#serve();
    this.#timer = setInterval(() => void this.#expire(), EXPIRY_CHECK).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  count(): number {
    return this.#holder.count();
  }

  statistics(terms: readonly string[]): { documents: number; df: Map<string, number> } {
    return this.#holder.statistics(terms);
  }

  async publish(postings: readonly Posting[], signal?: AbortSignal): Promise<Placed[]> {
    return this.#publisher.publish(postings, signal);
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    const { network } = this.#deps;
    network.handle(
      PUT_METHOD,
      async (body, { peer }) =>
        writeBody({ results: await this.#holder.put(readBody(putSchema, body, 'index.put'), peer) }),
      {
        maxRequest: 2 * MAX_PUT_BYTES,
      },
    );
    network.handle(ASK_METHOD, async (body) => writeBody(this.#holder.ask(readBody(askSchema, body, 'index.ask'))));
    network.handle(CARDS_METHOD, async (body) =>
      writeBody(this.#holder.cards(readBody(cardsSchema, body, 'index.cards').listings)),
    );
  }

  /** What the DHT says, and what the peer directory knows beside it: a look-up through thin tables misses neighbours. */
  async #closest(preimage: Uint8Array, signal?: AbortSignal): Promise<PeerRef[]> {
    const { network } = this.#deps;
    const kadId = kadIdOfKey(preimage);
    const found = await network.lookup(preimage, signal === undefined ? {} : { signal });
    const merged = new Map([...found, ...network.directory.closest(kadId, LOOKUP_SIZE)].map((peer) => [peer.id, peer]));
    return [...merged.values()].sort((a, b) => compareDistance(a.kadId, b.kadId, kadId)).slice(0, LOOKUP_SIZE);
  }

  async #expire(): Promise<void> {
    try {
      await this.#holder.expire();
    } catch (error) {
      this.#deps.logger.warn({ error: String(error) }, 'expired cards could not be removed');
    }
  }
}
