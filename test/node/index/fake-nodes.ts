import { pino } from 'pino';
import type { PublisherDeps } from '../../../node/index/publisher.js';
import { Publisher } from '../../../node/index/publisher.js';
import type { Posting } from '../../../node/index/placement.js';
import { ShardBits } from '../../../node/index/shard-bits.js';
import { Sweep } from '../../../node/index/sweep.js';
import { Targets } from '../../../node/index/targets.js';
import { PUT_METHOD, putSchema } from '../../../node/index/wire.js';
import { hex } from '../../../node/bytes.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';
import { LOOKUP_SIZE, type Network, type PeerRef } from '../../../node/network/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { sha256 } from '../../../protocol/hash.js';
import { compareDistance } from '../../../protocol/keyspace.js';
import { COPIES, placeOf, readShardKey, SALTS } from '../../../protocol/search/posting-keys.js';
import { ownTime } from '../../support/own-time.js';

/** What one node does with requests. */
export type Conduct =
  | 'good'
  /** Cannot be reached. */
  | 'gone'
  /** Takes requests and never answers. */
  | 'frozen'
  /** Refuses each record. */
  | 'full'
  /** Says that it is far from each record's names, and who is nearer. */
  | 'far'
  /** Answers for one record fewer than it was sent. */
  | 'curt';

export interface FakeNode {
  readonly ref: PeerRef;
  conduct: Conduct;
  /** Requests after which it is gone. */
  dies: number;
  requests: number;
  /** By record (its first byte is its number): the names that it is held under. */
  readonly held: Map<number, Set<string>>;
  /** Into how many bits it wants keys split. */
  bits: ReadonlyMap<string, number>;
  /** Milliseconds that an answer takes. */
  delay: number;
  /** What else it waits for. */
  hears: () => Promise<void>;
}

const NETWORK = 'main';

/** A network of index nodes that hold whatever they are sent, the first of them the publisher's own; time goes on as they do. */
export function fakeNodes(size: number, { realTime = false } = {}) {
  if (!realTime) ownTime();
  const nodes = Array.from({ length: size }, (_, at): FakeNode => {
    const id = `node-${at}`;
    return {
      ref: { id, kadId: sha256(new TextEncoder().encode(id)), addresses: [], lastSeen: 1, self: at === 0 },
      conduct: 'good',
      dies: Number.POSITIVE_INFINITY,
      requests: 0,
      held: new Map(),
      bits: new Map(),
      delay: 0,
      hears: () => Promise.resolve(),
    };
  });
  const byId = new Map(nodes.map((node) => [node.ref.id, node]));
  const state = {
    lookups: 0,
    refusesBatchWith: undefined as number | undefined,
    lookupFails: false,
    /** Milliseconds that a look-up takes. */
    lookupTakes: 0,
    hidden: new Set<string>(),
    /** A place in hex whose look-up never ends. */
    hangs: '',
    connected: false,
    running: 0,
    /** Requests that ran side by side. */
    most: 0,
    /** Whose answers were not of their form. */
    misbehaved: new Set<string>(),
  };

  function nearest(kadId: Uint8Array, count: number, among: readonly FakeNode[]): FakeNode[] {
    return [...among].sort((a, b) => compareDistance(a.ref.kadId, b.ref.kadId, kadId)).slice(0, count);
  }

  async function request(peer: string, method: string, body: Uint8Array, options: { signal?: AbortSignal }) {
    const node = byId.get(peer);
    if (node === undefined || method !== PUT_METHOD) throw new Error(`nobody is ${peer}`);
    node.requests++;
    if (node.requests > node.dies) node.conduct = 'gone';
    if (node.conduct === 'gone') throw new NiagaError('PEER_UNREACHABLE', 'gone');
    if (node.conduct === 'frozen') {
      return new Promise<Uint8Array>((_, reject) =>
        options.signal?.addEventListener('abort', () => reject(new Error('given up'))),
      );
    }
    state.most = Math.max(state.most, ++state.running);
    await new Promise((resolve) => setTimeout(resolve, node.delay));
    await node.hears();
    state.running--;
    const { cards, keys } = readBody(putSchema, body, 'index.put');
    const ids = cards.map(([bytes]) => bytes[0] ?? 0);
    if (state.refusesBatchWith !== undefined && ids.includes(state.refusesBatchWith))
      throw new NiagaError('PEER_PROTOCOL', 'not of its form', { details: { remote: true } });
    if (node.conduct !== 'full' && node.conduct !== 'far') {
      cards.forEach(([, places], at) => {
        const id = ids[at] ?? 0;
        const names = node.held.get(id) ?? new Set();
        for (const place of places) names.add(keys[place] ?? '');
        node.held.set(id, names);
      });
    }
    const bits = keys.flatMap((key, place): [number, number][] => {
      const wanted = node.bits.get(readShardKey(key).key);
      return wanted === undefined ? [] : [[place, wanted]];
    });
    const refusal = { full: 'RATE_LIMITED', far: 'INDEX_FAR' } as Partial<Record<Conduct, string>>;
    const closer = [...state.hidden].slice(0, 32).map((id) => [id, []]);
    const results = cards.map(() => refusal[node.conduct] ?? 'ok');
    return writeBody({
      results: node.conduct === 'curt' ? results.slice(1) : results,
      bits,
      ...(node.conduct === 'far' ? { closer } : {}),
    });
  }

  const learn = (refs: Iterable<{ readonly id: string }>): void => {
    for (const { id } of refs) state.hidden.delete(id);
  };
  const directory = { size: size - 1, learn };
  const network = {
    peerId: 'node-0',
    request,
    directory,
    connections: () => (state.connected ? [...byId.keys()] : []),
    misbehaved: (peer: string) => void state.misbehaved.add(peer),
  } as unknown as Network;
  const found = (): FakeNode[] => nodes.filter(({ ref }) => !state.hidden.has(ref.id));
  const sweep = new Sweep({
    lookup: async (preimage) => {
      state.lookups++;
      if (state.lookupTakes > 0) await new Promise((resolve) => setTimeout(resolve, state.lookupTakes));
      if (state.hangs === hex(sha256(preimage))) return new Promise(() => undefined);
      if (state.lookupFails) return Promise.reject(new Error('no look-up now'));
      return Promise.resolve(nearest(sha256(preimage), LOOKUP_SIZE, found()).map(({ ref }) => ref));
    },
    now: Date.now,
  });
  const targets = new Targets({ networkName: NETWORK, sweep });
  const bits = new ShardBits(Date.now);
  const publisher = (more: Partial<PublisherDeps> = {}): Publisher =>
    new Publisher({
      network,
      sweep,
      targets,
      bits,
      delegations: () => [],
      leasesFor: () => [],
      logger: pino({ level: 'silent' }),
      ...more,
    });

  /** For each name and salt how many of the nodes responsible for it hold the record. */
  function copies(posting: Posting, among: readonly FakeNode[] = nodes): { held: number; wanted: number }[] {
    const id = posting.bytes[0] ?? 0;
    return posting.keys.flatMap((key) =>
      SALTS.map((salt) => {
        const responsible = nearest(placeOf(NETWORK, key, salt).kadId, COPIES, among);
        const held = responsible.filter((node) => node.held.get(id)?.has(key) === true).length;
        return { held, wanted: responsible.length };
      }),
    );
  }

  /** The nodes that hold the record at all. */
  const holders = (posting: Posting): string[] =>
    nodes.filter((node) => node.held.has(posting.bytes[0] ?? 0)).map(({ ref }) => ref.id);

  return { nodes, state, network, sweep, targets, bits, publisher, copies, holders };
}

/** A posting whose record begins with its number. */
export function posting(number: number, keys: readonly string[], more: Partial<Posting> = {}): Posting {
  return { listing: `listing-${number}`, bytes: Uint8Array.of(number, 1, 2, 3), keys, ...more };
}
