// The network service of a simulated node: node/network's `Network` with virtual latencies instead of libp2p.
import { setMaxListeners } from 'node:events';
import { peerIdFromString } from '@libp2p/peer-id';
import { NiagaError, isNiagaError } from '../../dist/protocol/errors.js';
import { kadIdOfKey } from '../../dist/node/network/keyspace.js';
import { KEPT_PEERS } from '../../dist/node/network/kept-peers.js';
import { ConcurrencyLimit, DEFAULT_REQUEST_TIMEOUT } from '../../dist/node/network/limits.js';
import { isStarting } from './clock.mjs';
import { Dials } from './dials.mjs';
import { walk } from './walk.mjs';

/** As in node/network: dialer.ts, lookup.ts and session.ts. */
const DIAL_TIME_LIMIT = 8_000;
const LOOKUP_SIZE = 20;
const LOOKUP_TIMEOUT = 10_000;
const CONFIRM_TIME_LIMIT = 2_000;
const CONFIRM_ROUNDS = 3;
/** So many around a key are looked through for those met before. */
const NEIGHBOURS = 64;
const MAX_LOOKUPS = 8;
const MAX_WAITING_LOOKUPS = 10_000;

export class SimulatedNetwork {
  #world;
  #node;
  #handlers = new Map();
  #listeners = new Map();
  #lookups = new ConcurrencyLimit(MAX_LOOKUPS, MAX_WAITING_LOOKUPS);
  /** When each connection stands, the one used longest ago first. */
  #connections = new Map();
  /** Who has answered in a look-up: kad-dht's table keeps them (its depth is set so that there is room). */
  #met = new Set();
  #dials = new Dials();
  /** Peers whose connections are closed last, with their weight. */
  #kept = new Map();

  constructor(world, node, directory) {
    this.#world = world;
    this.#node = node;
    this.directory = directory;
    this.peerId = world.space.peerId(node);
    this.ready = true;
    this.lookupsRunning = 0;
    this.counters = new Map();
  }

  addresses() {
    return this.#world.ref(this.#node, this.#node).addresses;
  }

  connections() {
    return [...this.#connections.keys()].map((node) => this.#world.space.peerId(node));
  }

  async start() {}
  async stop() {}
  async [Symbol.asyncDispose]() {}

  handle(method, handler, options = {}) {
    if (this.#handlers.has(method)) throw new NiagaError('INTERNAL', `${method} has a handler already.`);
    this.#handlers.set(method, { handler, ...options });
  }

  /** Dials that no request waits for are not simulated: there is nothing to put off. */
  hurry() {
    return () => undefined;
  }

  /** Nobody is blocked. */
  misbehaved() {}

  /** Nor does anything wait for its turn. */
  answered() {}

  untilCalm() {
    return Promise.resolve();
  }

  keep(peer, weight) {
    this.#kept.set(this.#world.space.nodeOf(peer), weight);
    if (this.#kept.size <= Math.min(KEPT_PEERS, this.#world.connectionBudget / 2)) return;
    const [least] = [...this.#kept].sort(([, a], [, b]) => a - b);
    this.#kept.delete(least[0]);
  }

  on(event, listener) {
    if (isStarting()) return () => undefined;
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  metrics() {
    return Object.fromEntries(this.counters);
  }

  /** What this node answers. @throws what goes over the wire as an error */
  async answer(method, body, context) {
    const known = this.#handlers.get(method);
    if (known === undefined) throw new NiagaError('PEER_REFUSED', `There is no ${method} here.`);
    return known.handler(body, context);
  }

  async request(peer, method, body, options = {}) {
    const { signal, timeout = DEFAULT_REQUEST_TIMEOUT, force = false } = options;
    prepare(signal);
    const context = { peer: this.peerId, signal: signal ?? new AbortController().signal, maxResponse: 16 * 2 ** 20 };
    if (peer === this.peerId) return this.answer(method, body, context);
    if (isStarting()) return new Promise(() => undefined);
    if (!force && this.directory.isResting(peer)) throw unreachable(peer);
    const target = this.#world.space.nodeOf(peer);
    if (target === undefined) throw new NiagaError('ID_INVALID', `There is no node ${peer}.`);
    return new Promise((resolve, reject) =>
      this.#send({ target, peer, method, body, signal, timeout, context }, resolve, reject),
    );
  }

  #send({ target, peer, method, body, signal, timeout, context }, resolve, reject) {
    const { clock, meter, links } = this.#world;
    const sent = clock.now;
    let open = true;
    const settle = (end, value) => {
      if (!open) return;
      open = false;
      clock.cancel(timer);
      signal?.removeEventListener('abort', onAbort);
      end(value);
    };
    const onAbort = () => settle(reject, signal.reason);
    const timer = clock.after(timeout, () => {
      // A stream that stays silent until the time is over: only then the peer counts as failed (request-channel.ts).
      if (open && this.#isConnected(target)) this.directory.markFailed(peer);
      settle(reject, new NiagaError('TIMED_OUT', 'The other node did not answer in time.', { details: { peer } }));
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    const connected = this.#isConnected(target);
    if (!connected && this.#world.isDead(target)) {
      meter.dial(this.#node, false, 'index');
      return this.#dialDead(peer, (error) => settle(reject, error));
    }
    const dialled = this.#connect(target);
    meter.request(this.#node, target, method, body.length);
    clock.after(dialled + links.delay(this.#node, target, body.length), async () => {
      if (this.#world.isDead(target)) return;
      let answer;
      let refusal;
      try {
        answer = await this.#world.answer(target, method, body, context);
      } catch (error) {
        if (!isNiagaError(error)) this.#world.failures.push(error);
        refusal = isNiagaError(error)
          ? new NiagaError(error.code, error.message, { details: { peer, remote: true } })
          : new NiagaError('PEER_REFUSED', 'The other node failed.', { details: { peer, remote: true } });
      }
      const bytes = answer?.length ?? 64;
      meter.answer(this.#node, bytes);
      clock.after(links.delay(target, this.#node, bytes), () => {
        this.directory.answered(peer, clock.now - sent);
        if (refusal === undefined) settle(resolve, answer);
        else settle(reject, refusal);
      });
    });
  }

  #dialDead(peer, fail) {
    const { clock } = this.#world;
    // Its time counts from when it was wanted, its place is taken from when there is one.
    this.#dials.take({ now: clock.now, at: clock.now, took: DIAL_TIME_LIMIT, patience: DIAL_TIME_LIMIT });
    clock.after(DIAL_TIME_LIMIT, () => {
      this.directory.markFailed(peer);
      fail(unreachable(peer));
    });
  }

  /** Where the look-ups of this node are answered from the sorted ids, at no cost: for whatever is not being measured. */
  free = false;

  async lookup(key, options = {}) {
    const { signal, timeout = LOOKUP_TIMEOUT } = options;
    prepare(signal);
    const { space } = this.#world;
    const kadId = kadIdOfKey(key);
    const place = space.place(kadId);
    if (this.free) {
      const alive = space.nearest(place, 4 * LOOKUP_SIZE).filter((node) => !this.#world.isDead(node));
      return alive.slice(0, LOOKUP_SIZE).map((node) => this.#ref(node));
    }
    this.lookupsRunning++;
    try {
      return await this.#lookups.run(() => this.#lookUp(place, kadId, timeout, signal));
    } finally {
      this.lookupsRunning--;
    }
  }

  async #lookUp(place, kadId, limit, signal) {
    const { space, clock, meter, links, tables, routing } = this.#world;
    const begun = clock.now;
    const found = walk({
      space,
      tables,
      self: this.#node,
      place,
      met: this.#met.size === 0 ? [] : space.nearest(place, NEIGHBOURS).filter((node) => this.#met.has(node)),
      limit,
      disjoint: routing.disjoint,
      alpha: routing.alpha,
      shuffle: (list) => this.#world.random.sample(list, list.length),
      answer: (node, since) => {
        const isDead = this.#world.isDead(node);
        const dialled = this.#isConnected(node) ? 0 : this.#dial(node, begun + since, routing.silence);
        const alive = !isDead && dialled !== undefined;
        if (dialled !== 0) meter.dial(this.#node, alive, 'routing');
        meter.findNode(this.#node, node, alive);
        return { alive, delay: alive ? dialled + 2 * links.delay(this.#node, node, 0) : routing.silence };
      },
    });
    meter.lookup(this.#node, found);
    await clock.sleep(found.took);
    signal?.throwIfAborted();
    const answered = new Set(found.answered);
    const failed = new Set(found.failed);
    for (const node of found.failed) this.#met.delete(node);
    for (const node of found.answered) {
      this.#met.add(node);
      this.#open(node, clock.now);
    }
    this.#hear([...found.seen].filter((node) => !answered.has(node) && !failed.has(node)));
    await this.#confirm({ place, kadId, seen: found.seen, answered, failed }, limit - (clock.now - begun), signal);
    const result = this.#nearest({ place, kadId, seen: found.seen, answered, failed });
    return result.map((node) => this.#ref(node));
  }

  /** Tries those among the nearest that have not answered, as node/network/lookup.ts does. */
  async #confirm(found, timeLeft, signal) {
    const { clock, meter } = this.#world;
    for (let round = 0; round < CONFIRM_ROUNDS && timeLeft > 0; round++) {
      const doubtful = this.#nearest(found).filter(
        (node) => node !== this.#node && !found.answered.has(node) && !this.#isConnected(node),
      );
      if (doubtful.length === 0) return;
      const dialled = new Map(doubtful.map((node) => [node, this.#dial(node, clock.now, CONFIRM_TIME_LIMIT)]));
      const isThere = (node) => !this.#world.isDead(node) && dialled.get(node) <= CONFIRM_TIME_LIMIT;
      const dead = doubtful.filter((node) => !isThere(node));
      const alive = doubtful.filter(isThere);
      const took = Math.max(0, ...alive.map((node) => dialled.get(node)));
      await clock.sleep(Math.min(timeLeft, dead.length > 0 ? CONFIRM_TIME_LIMIT : took));
      signal?.throwIfAborted();
      for (const node of alive) {
        meter.dial(this.#node, true, 'routing');
        this.#open(node, clock.now);
        found.answered.add(node);
      }
      for (const node of dead) {
        meter.dial(this.#node, false, 'routing');
        found.failed.add(node);
      }
      timeLeft -= dead.length > 0 ? CONFIRM_TIME_LIMIT : took;
      if (dead.length === 0) return;
    }
  }

  #nearest({ place, kadId, seen, answered, failed }) {
    const { space } = this.#world;
    const known = this.directory.closest(kadId, LOOKUP_SIZE).map(({ id }) => space.nodeOf(id));
    return [...new Set([...known, ...seen, ...answered])]
      .filter((node) => !failed.has(node))
      .sort((a, b) => space.compare(a, b, place))
      .slice(0, LOOKUP_SIZE);
  }

  #ref(node) {
    return this.directory.get(this.#world.space.peerId(node)) ?? this.#world.ref(node, this.#node);
  }

  #hear(nodes) {
    if (this.directory.maxPeers !== undefined && this.directory.size >= this.directory.maxPeers) return;
    this.directory.learn(nodes.map((node) => this.#world.ref(node, this.#node)));
  }

  // Connections

  #isConnected(node) {
    return this.#connections.has(node);
  }

  /** Milliseconds from a time until a dial has ended; undefined where others keep it waiting for longer than `patience`. */
  #dial(node, at, patience) {
    const { clock, links } = this.#world;
    const took = this.#world.isDead(node) ? patience : links.dialDelay(this.#node, node);
    return this.#dials.take({ now: clock.now, at, took, patience });
  }

  /** Milliseconds until there is a connection, which is made where there is none. */
  #connect(node) {
    const { clock, meter } = this.#world;
    if (!this.#isConnected(node)) meter.dial(this.#node, true, 'index');
    const since = this.#connections.get(node) ?? clock.now + this.#dial(node, clock.now, Infinity);
    this.#open(node, since);
    return Math.max(0, since - clock.now);
  }

  /** There is a connection, and it is used: of too many the one used longest ago is closed. */
  #open(node, since) {
    const isNew = !this.#connections.delete(node);
    this.#connections.set(node, since);
    if (!isNew) return;
    if (this.#world.isPerson(this.#node)) {
      const { id, addresses, seenAt } = this.#world.ref(node, this.#node);
      this.directory.connected(peerIdFromString(id), addresses, seenAt);
    }
    this.#emit('peer:connect', node);
    if (this.#connections.size <= this.#world.connectionBudget) return;
    const oldest = [...this.#connections.keys()].find((other) => !this.#kept.has(other));
    this.#connections.delete(oldest);
    this.directory.disconnected(this.#world.space.peerId(oldest));
    this.#emit('peer:disconnect', oldest);
  }

  #emit(event, node) {
    for (const listener of this.#listeners.get(event) ?? []) listener(this.#world.space.peerId(node));
  }
}

/** @throws the signal's reason when the caller has given up already */
function prepare(signal) {
  if (signal === undefined) return;
  signal.throwIfAborted();
  // One signal for a hundred requests is no leak: each takes its listener away again.
  setMaxListeners(0, signal);
}

function unreachable(peer) {
  return new NiagaError('PEER_UNREACHABLE', 'The other node cannot be reached.', { details: { peer } });
}
