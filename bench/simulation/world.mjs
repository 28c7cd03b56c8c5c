// The simulated network: its nodes, who of them is there, and making a node when it is first spoken to.
import { peerIdFromString } from '@libp2p/peer-id';
import { createIndex } from '../../dist/node/index/index.js';
import { Directory } from '../../dist/node/network/directory.js';
import { createSearch } from '../../dist/node/search/index.js';
import { VirtualClock, startQuietly } from './clock.mjs';
import { SmallDirectory } from './directory.mjs';
import { Links } from './links.mjs';
import { Meter } from './meter.mjs';
import { SimulatedNetwork } from './network.mjs';
import { createRandom } from './random.mjs';
import { Space } from './space.mjs';
import { MemoryStore, SharedBytes } from './store.mjs';
import { KademliaTables } from './tables.mjs';

export const NETWORK = 'simulated';
/** 2026-11-01 12:00 UTC: cards that were signed at a fixed time are the same bytes in every run. */
export const START = Date.UTC(2026, 10, 1, 12);
/** Peers that a person's directory holds at most (issue: 200), and connections that are kept. */
const MAX_PEERS = 200;
const CONNECTIONS = 100;
/** Purpose of {@link Space.draw}: addresses. */
const ADDRESS = 7;

const silent = () => undefined;
const logger = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  trace: silent,
  fatal: silent,
  child: () => logger,
};

/**
 * @param options.nodes how many
 * @param options.sellers identities of the first nodes (market.mjs)
 * @param options.searchers how many nodes besides are used by people who search
 * @param options.routing `{disjoint, alpha, silence}`: paths of a look-up, questions at once on each, milliseconds that a dead peer costs
 */
export class World {
  failures = [];
  refusals = new Map();
  connectionBudget = CONNECTIONS;
  #nodes = new Map();
  #people;
  #dead;
  #shared = new SharedBytes();

  constructor({ nodes, seed, sellers, searchers, verifier, book, routing }) {
    this.clock = new VirtualClock(START);
    this.space = new Space(
      nodes,
      seed,
      sellers.map(({ device }) => device),
    );
    this.random = createRandom(seed);
    this.links = new Links(seed);
    this.meter = new Meter(nodes);
    const { prefixLength, ...walking } = routing;
    this.tables =
      prefixLength === undefined ? new KademliaTables(this.space) : new TrieTables(this.space, prefixLength);
    this.routing = walking;
    this.sellers = new Map(sellers.map((seller, at) => [this.space.places[at], seller]));
    this.searchers = [...this.space.places.subarray(sellers.length, sellers.length + searchers)];
    this.#people = new Set([...this.sellers.keys(), ...this.searchers]);
    this.#dead = new Uint8Array(nodes);
    this.verifier = verifier;
    this.book = book;
  }

  get made() {
    return this.#nodes.size;
  }

  isDead(node) {
    return this.#dead[node] === 1;
  }

  kill(nodes) {
    for (const node of nodes) this.#dead[node] = 1;
  }

  revive() {
    this.#dead.fill(0);
  }

  /** Whether somebody uses the node to search or to publish: then it has a directory of its own that changes. */
  isPerson(node) {
    return this.#people.has(node);
  }

  /** A node as others know it. */
  ref(node, asSeenBy) {
    const id = this.space.peerId(node);
    const bits = this.space.draw(node, ADDRESS);
    // First byte 11 to 126: public addresses, spread as far as they go.
    const ip = `${11 + ((bits >>> 24) % 116)}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
    return {
      id,
      kadId: this.space.kadId(node),
      addresses: [`/ip4/${ip}/tcp/4101/p2p/${id}`],
      seenAt: `/ip4/${ip}`,
      // Whom they know they have heard of lately: connections to so many are not kept here.
      lastSeen: this.clock.now,
      self: node === asSeenBy,
    };
  }

  /** The services of a node, made and started when they are first needed. */
  async node(node) {
    let made = this.#nodes.get(node);
    if (made === undefined) {
      made = this.#make(node);
      this.#nodes.set(node, made);
    }
    await made.started;
    return made;
  }

  /** A request that has arrived. */
  async answer(node, method, body, context) {
    const { network } = await this.node(node);
    return network.answer(method, body, context);
  }

  /** Lets time go on until nobody looks anything up any more. */
  async quiet(node) {
    const { network } = await this.node(node);
    while (network.lookupsRunning > 0) await this.clock.advance(100);
  }

  /** The nodes made so far. */
  *each() {
    for (const [node, { services }] of this.#nodes) if (services !== undefined) yield [node, services];
  }

  #make(node) {
    const person = this.#people.has(node);
    const network = new SimulatedNetwork(this, node, person ? this.#directory(node) : this.#smallDirectory(node));
    const store = new MemoryStore(this.#shared);
    const onRefused = (code) => this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
    const { clock, book, verifier: verify } = this;
    const identity = this.sellers.get(node)?.identity ?? noIdentity(this.space, node);
    const common = { store, network, networkName: NETWORK, identity, delegations: book, verify, logger, onRefused };
    const deps = { ...common, now: () => Math.floor(clock.now) };
    const index = createIndex(deps);
    const search = person ? createSearch({ ...deps, index }) : undefined;
    return {
      network,
      store,
      index,
      search,
      started: startQuietly(() => index.start()),
      services: { network, store, index, search },
    };
  }

  #smallDirectory(node) {
    return new SmallDirectory(this, node, this.tables.acquaintances(node, MAX_PEERS));
  }

  #directory(node) {
    const own = this.ref(node, node);
    const directory = new Directory({
      self: peerIdFromString(own.id),
      addresses: () => own.addresses,
      onError: (error) => this.failures.push(error),
      now: () => Math.floor(this.clock.now),
      maxPeers: MAX_PEERS,
    });
    directory.maxPeers = MAX_PEERS;
    for (const other of this.tables.acquaintances(node, MAX_PEERS)) {
      const { id, addresses, seenAt } = this.ref(other, node);
      directory.learn([{ id, addresses }]);
      directory.connected(peerIdFromString(id), addresses, seenAt);
      directory.disconnected(id);
    }
    return directory;
  }
}

/** Nodes that publish nothing sign nothing. */
function noIdentity(space, node) {
  const refuse = () => {
    throw new Error('this simulated node has no keys');
  };
  const device = space.device(node);
  return { trader: device, device, delegations: [], network: NETWORK, peerId: space.peerId(node), sign: refuse };
}
