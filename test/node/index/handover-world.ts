import { pino } from 'pino';
import { Handover } from '../../../node/index/handover.js';
import type { HandoverOptions } from '../../../node/index/handover-options.js';
import type { HandoverSource, NamedListing } from '../../../node/index/handover-source.js';
import { responsible } from '../../../node/index/responsible.js';
import { OFFER_METHOD, offerSchema, PUT_METHOD, putSchema, type Put } from '../../../node/index/wire.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';
import type { Network, PeerRef } from '../../../node/network/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { sha256 } from '../../../protocol/hash.js';
import { blobId } from '../../../protocol/ids.js';
import { compareDistance } from '../../../protocol/keyspace.js';
import { placeOf, readShardKey, SALTS } from '../../../protocol/search/posting-keys.js';
import { ownTime, wait } from '../../support/own-time.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Times that make a day of hand-over last a second. */
const QUICK: Partial<HandoverOptions> = {
  probeAfter: 200,
  probeTimeout: 100,
  probeAgain: 50,
  grace: 50,
  settle: 30,
  rankDelay: 60,
  retry: 200,
};

export function listingId(number: number): string {
  return blobId(text(`listing ${number}`)).toString();
}

export type Conduct = 'honest' | 'dead' | 'frozen' | 'greedy' | 'boastful';

/** A node that keeps names of listings and nothing else. */
export class HeldNode implements HandoverSource {
  readonly ref: PeerRef;
  readonly world: World;
  readonly kept = new Map<string, { seq: number; names: Set<string> }>();
  readonly handover: Handover;
  conduct: Conduct = 'honest';
  /** Cards that were put here, and cards that were offered. */
  puts = 0;
  offers = 0;
  bits = new Map<string, number>();
  readonly #listeners = new Set<(peer: string) => void>();
  readonly #changes = new Set<(listing: string) => void>();

  constructor(world: World, name: string, options: Partial<HandoverOptions>) {
    this.world = world;
    this.ref = {
      id: name,
      kadId: sha256(text(name)),
      addresses: [`/ip4/127.0.0.1/tcp/1/p2p/${name}`],
      lastSeen: 0,
      self: false,
    };
    this.handover = new Handover({
      network: this.#network(),
      networkName: 'test',
      source: this,
      now: () => world.now,
      logger: pino({ level: 'silent' }),
      options: { ...QUICK, checkEvery: 1e9, ...options },
    });
  }

  listings(): Iterable<string> {
    return this.kept.keys();
  }

  held(listing: string): { seq: number; names: readonly string[] } | undefined {
    const one = this.kept.get(listing);
    return one === undefined ? undefined : { seq: one.seq, names: [...one.names] };
  }

  onChange(listener: (listing: string) => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  bitsOf(name: string): number {
    return this.bits.get(name) ?? readShardKey(name).shard.length;
  }

  putOf(cards: readonly NamedListing[]): Put {
    const keys = [...new Set(cards.flatMap(([, names]) => names))];
    return {
      keys,
      cards: cards.map(([listing, names]) => [
        text(JSON.stringify({ listing, seq: this.kept.get(listing)?.seq })),
        names.map((name) => keys.indexOf(name)),
      ]),
      delegations: [],
      leases: [],
    };
  }

  async release(cards: readonly NamedListing[]): Promise<void> {
    for (const [listing, names] of cards) {
      for (const name of names) this.kept.get(listing)?.names.delete(name);
      if (this.kept.get(listing)?.names.size === 0) this.kept.delete(listing);
    }
  }

  keep(listing: string, seq: number, names: readonly string[]): void {
    const before = this.kept.get(listing);
    if (before !== undefined && before.seq > seq) return;
    this.kept.set(listing, { seq, names: new Set([...(before?.names ?? []), ...names]) });
  }

  /** Keeps what somebody has brought. */
  take(listing: string, seq: number, names: readonly string[]): void {
    this.keep(listing, seq, names);
    for (const listener of this.#changes) listener(listing);
  }

  met(peer: string): void {
    for (const listener of this.#listeners) listener(peer);
  }

  async answer(from: string, method: string, body: Uint8Array): Promise<Uint8Array> {
    if (this.conduct === 'frozen') {
      await new Promise((resolve) => setTimeout(resolve, 100));
      throw new NiagaError('TIMED_OUT', 'frozen');
    }
    if (this.conduct === 'dead') throw new NiagaError('PEER_UNREACHABLE', 'dead');
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (method === OFFER_METHOD) {
      const offer = readBody(offerSchema, body, 'offer');
      this.offers += offer.cards.length;
      this.handover.offered(from, offer);
      const wanted = offer.cards.flatMap(([id, seq, places], at) => {
        const here = this.kept.get(id.toString());
        const lacks =
          here === undefined || here.seq < seq || places.some((key) => !here.names.has(offer.keys[key] ?? ''));
        if (this.conduct === 'boastful') return [];
        return this.conduct === 'greedy' || (lacks && (here?.seq ?? 0) <= seq) ? [at] : [];
      });
      return writeBody({ wanted, declined: [] });
    }
    if (method !== PUT_METHOD) throw new Error(method);
    const put = readBody(putSchema, body, 'put');
    this.puts += put.cards.length;
    for (const [bytes, places] of put.cards) {
      const { listing, seq } = JSON.parse(new TextDecoder().decode(bytes)) as { listing: string; seq: number };
      if (this.conduct === 'honest')
        this.keep(
          listing,
          seq,
          places.map((key) => put.keys[key] ?? ''),
        );
    }
    return writeBody({ results: put.cards.map(() => 'ok'), bits: [] });
  }

  #network(): Network {
    const { world, ref } = this;
    const directory = {
      get: (id: string): PeerRef | undefined => (id === ref.id ? { ...ref, self: true } : world.node(id)?.ref),
      closest: (kadId: Uint8Array, count: number): PeerRef[] =>
        [...world.nodes.values()]
          .map((node) => (node === this ? { ...ref, self: true } : node.ref))
          .sort((a, b) => compareDistance(a.kadId, b.kadId, kadId))
          .slice(0, count),
    };
    return {
      peerId: ref.id,
      directory,
      untilCalm: (patience: number, signal?: AbortSignal) => world.untilCalm(patience, signal),
      on: (event: string, listener: (peer: string) => void) => {
        if (event === 'peer:connect') this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      request: async (peer: string, method: string, body: Uint8Array, { signal }: { signal?: AbortSignal } = {}) => {
        signal?.throwIfAborted();
        world.bytes += body.length;
        const target = world.node(peer);
        if (target === undefined) throw new NiagaError('PEER_UNREACHABLE', 'nobody');
        return target.answer(ref.id, method, body);
      },
    } as unknown as Network;
  }
}

/** Nodes that know all others, and what each should hold. They wait for one another by the clock, which goes on as they do. */
export class World implements AsyncDisposable {
  now = Date.UTC(2026, 10, 22);
  bytes = 0;
  /** Everybody is asked questions all the time. */
  isAsked = false;
  readonly nodes = new Map<string, HeldNode>();
  readonly #options: Partial<HandoverOptions>;

  constructor(count: number, options: Partial<HandoverOptions> = {}) {
    ownTime();
    this.#options = options;
    for (let number = 0; number < count; number++) this.add(`node-${number}`);
  }

  add(name: string): HeldNode {
    const node = new HeldNode(this, name, this.#options);
    this.nodes.set(name, node);
    return node;
  }

  node(id: string): HeldNode | undefined {
    return this.nodes.get(id);
  }

  get all(): HeldNode[] {
    return [...this.nodes.values()];
  }

  start(): void {
    for (const node of this.all) node.handover.start();
  }

  async untilCalm(patience: number, signal?: AbortSignal): Promise<void> {
    const end = performance.now() + patience;
    while (this.isAsked && performance.now() < end && signal?.aborted !== true) await wait(10);
  }

  /** A new node that all others meet at once. */
  join(name: string): HeldNode {
    const node = this.add(name);
    node.handover.start();
    for (const other of this.all) if (other !== node) other.met(name);
    return node;
  }

  /** The nodes that are to hold a name while only the honest ones are there. */
  holders(name: string): HeldNode[] {
    const refs = this.all.filter(({ conduct }) => conduct !== 'dead' && conduct !== 'frozen').map(({ ref }) => ref);
    const { key, shard } = readShardKey(name);
    const chosen = SALTS.flatMap((salt) => responsible(refs, placeOf('test', key, salt, shard).kadId));
    return [...new Set(chosen.map(({ id }) => this.node(id)))].filter((node) => node !== undefined);
  }

  /** Puts a listing where it belongs. */
  place(listing: string, names: readonly string[], seq = 1): void {
    for (const name of names) for (const node of this.holders(name)) node.keep(listing, seq, [name]);
  }

  /** Copies that are missing of what was placed, at nodes that would keep them. */
  missing(placed: ReadonlyMap<string, readonly string[]>): string[] {
    return [...placed].flatMap(([listing, names]) =>
      names.flatMap((name) =>
        this.holders(name)
          .filter((node) => node.conduct === 'honest' && node.kept.get(listing)?.names.has(name) !== true)
          .map((node) => `${listing} ${name} at ${node.ref.id}`),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(({ handover }) => handover.stop()));
  }
}
