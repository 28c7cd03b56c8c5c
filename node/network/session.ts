import { setMaxListeners } from 'node:events';
import type { Connection, IdentifyResult, PeerId, PeerInfo } from '@libp2p/interface';
import type { SingleKadDHT } from '@libp2p/kad-dht';
import { NiagaError, isNiagaError } from '../../protocol/errors.js';
import type { Counters } from './counters.js';
import { DialTurns } from './dial-turns.js';
import { Dialer } from './dialer.js';
import type { Directory } from './directory.js';
import { gater } from './gater.js';
import type { NetworkEvents, NetworkLogger, PeerRef } from './index.js';
import { Identifier } from './identifier.js';
import { Joiner } from './join.js';
import { KeptPeers } from './kept-peers.js';
import { kadIdOfKey, parsePeerId } from './keyspace.js';
import { createNode, requestProtocol, startError, strangerProtocol, type Libp2pNode } from './libp2p.js';
import {
  ConcurrencyLimit,
  IDLE_STREAM_TIME,
  IDLE_STREAM_TIME_CROWDED,
  CROWDED_CONNECTIONS,
  SWEEP_INTERVAL,
  type Conduct,
  type Offence,
} from './limits.js';
import { DEFAULT_LOOKUP_TIMEOUT, lookup, LOOKUP_SIZE } from './lookup.js';
import type { Methods } from './methods.js';
import type { Settings } from './options.js';
import { RecentLookups } from './recent-lookups.js';
import { RequestChannel, StreamLostError, type ChannelRequest } from './request-channel.js';
import { RequestServer } from './request-server.js';
import { limited, unlessAborted } from './time-limit.js';

const second = 1000;

/** stop() ends within this, whatever the peers do. */
const STOP_TIME_LIMIT = 5 * second;
/** A connection may take so long for closing gracefully. */
const CLOSE_TIME_LIMIT = second / 2;
/** Streams for requests that one connection may have open each way; one is used, another may be closing. */
const MAX_STREAMS = 4;
/** Each look-up asks up to 20 peers and more; beyond this they would only get in each other's way. */
const MAX_LOOKUPS = 8;
const MAX_WAITING_LOOKUPS = 10_000;
/** Peers found on the local network are dialled until so many are connected; the others are found by look-ups. */
const ENOUGH_PEERS = 50;

interface SessionDeps {
  readonly settings: Settings;
  readonly directory: Directory;
  readonly methods: Methods;
  readonly conduct: Conduct;
  readonly counters: Counters;
  readonly emit: <E extends keyof NetworkEvents>(event: E, ...args: Parameters<NetworkEvents[E]>) => void;
}

/** @throws NiagaError PORT_TAKEN, ADDRESS_INVALID, INTERNAL; nothing is left running then */
export async function openSession(deps: SessionDeps): Promise<Session> {
  const { listen: choices, ...rest } = deps.settings;
  let failure: NiagaError | undefined;
  for (const listen of choices) {
    const stopping = new AbortController();
    const turns = new DialTurns(stopping.signal);
    const node = await createNode({ ...rest, listen, gater: gater(deps.conduct, turns, stopping.signal) });
    const session = new Session(node, deps, turns, stopping);
    try {
      await session.start();
      return session;
    } catch (error) {
      failure = startError(error, listen);
      await session.stop();
      if (failure.code !== 'PORT_TAKEN') break;
    }
  }
  throw failure ?? new NiagaError('INTERNAL', 'There is nothing to listen on.');
}

/** The network between one start and the next stop: the libp2p node and what hangs on it. */
export class Session {
  readonly turns: DialTurns;
  readonly #node: Libp2pNode;
  readonly #deps: SessionDeps;
  readonly #protocol: string;
  readonly #logger: NetworkLogger | undefined;
  readonly #stopping: AbortController;
  readonly #members = new Set<string>();
  readonly #channels = new Map<string, RequestChannel>();
  readonly #lookups = new ConcurrencyLimit(MAX_LOOKUPS, { requests: MAX_WAITING_LOOKUPS });
  readonly #recentLookups = new RecentLookups((key) => this.#lookupInTime(key));
  readonly #dialer: Dialer;
  readonly #server: RequestServer;
  readonly #identifier: Identifier;
  readonly #joiner: Joiner;
  readonly #kept: KeptPeers;
  #sweepTimer: NodeJS.Timeout | undefined;

  constructor(node: Libp2pNode, deps: SessionDeps, turns: DialTurns, stopping: AbortController) {
    const { settings, directory, counters } = deps;
    this.turns = turns;
    this.#stopping = stopping;
    this.#node = node;
    this.#deps = deps;
    this.#logger = settings.logger;
    this.#protocol = requestProtocol(settings.network);
    const { signal } = this.#stopping;
    // Every dial, look-up and request to itself listens while it runs.
    setMaxListeners(0, signal);
    this.#dialer = new Dialer({ node, protocol: this.#protocol, directory, turns, counters, signal });
    this.#kept = new KeptPeers(node.peerStore, (error) =>
      this.#logger?.debug({ err: error }, 'a peer could not be tagged'),
    );
    this.#server = new RequestServer({ ...deps, onOffence: (peer, offence) => this.#onOffence(peer, offence) });
    this.#identifier = new Identifier({
      node,
      directory,
      members: this.#members,
      tableSize: () => this.#tableSize,
      logger: this.#logger,
    });
    this.#joiner = new Joiner({
      node,
      dialer: this.#dialer,
      directory,
      bootstrap: settings.bootstrap,
      members: () => this.#members.size,
      lookup: (key) => this.#lookupInTime(key),
      tableSize: () => this.#tableSize,
      offerToTable: () => this.#identifier.offerToTable(),
      untilCalm: (patience) => this.turns.untilCalm(patience),
      onReady: () => deps.emit('ready'),
      logger: this.#logger,
      signal,
    });
  }

  /** Aborted when the session stops. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  get ready(): boolean {
    return this.#joiner.ready;
  }

  addresses(): string[] {
    return this.#node.getMultiaddrs().map(String);
  }

  members(): string[] {
    return [...this.#members];
  }

  async start(): Promise<void> {
    const node = this.#node;
    node.addEventListener('peer:identify', ({ detail }) => this.#onIdentify(detail));
    node.addEventListener('peer:connect', ({ detail }) => this.turns.back(detail.toString()));
    node.addEventListener('peer:disconnect', ({ detail }) => this.#onDisconnect(detail.toString()));
    // kad-dht's own queries name peers too.
    node.addEventListener('peer:discovery', ({ detail }) => {
      // Without an address nothing is known of it: whoever asks under a throw-away id would fill the directory.
      if (detail.multiaddrs.length > 0) this.#deps.directory.learn([toRef(detail)]);
    });
    node.services.mdns?.addEventListener('peer', (event) => this.#onNeighbour(event.detail));
    await node.handle(this.#protocol, (stream, connection) => this.#server.serve(stream, this.#onAsker(connection)), {
      maxInboundStreams: MAX_STREAMS,
      maxOutboundStreams: MAX_STREAMS,
    });
    await node.handle(strangerProtocol(this.#deps.settings.network), (stream, connection) =>
      this.#server.serve(stream, connection.remotePeer.toString(), true),
    );
    await node.start();
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_INTERVAL);
    this.#joiner.start();
  }

  async stop(): Promise<void> {
    const reason = new NiagaError('STOPPED', 'The network is stopping.');
    clearInterval(this.#sweepTimer);
    this.#stopping.abort(reason);
    for (const channel of this.#channels.values()) channel.stop(reason);
    this.#server.stop();
    let timer: NodeJS.Timeout | undefined;
    const outOfTime = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_TIME_LIMIT)));
    await Promise.race([this.#close(), outOfTime]);
    clearTimeout(timer);
    for (const peer of this.#members) this.#onDisconnect(peer);
  }

  async #close(): Promise<void> {
    // libp2p would do this too, with one signal for all streams and a warning about each connection with more than ten.
    const connections = this.#node.getConnections();
    await Promise.allSettled(
      connections.map((connection) => limited(CLOSE_TIME_LIMIT, [], (signal) => connection.close({ signal }))),
    );
    for (const connection of this.#node.getConnections()) connection.abort(new Error('the node is stopping'));
    await Promise.allSettled([this.#node.stop(), this.#joiner.stopped()]);
  }

  /** @throws see {@link Network.request} */
  async request(peer: string, request: ChannelRequest, retry: boolean): Promise<Uint8Array> {
    const { counters, conduct, directory } = this.#deps;
    counters.add('requests_out');
    const started = performance.now();
    try {
      if (conduct.isBlocked(peer))
        throw new NiagaError('PEER_UNREACHABLE', 'The other node is blocked for misbehaving.', { details: { peer } });
      if (!request.force && directory.isResting(peer)) {
        throw new NiagaError('PEER_UNREACHABLE', 'The other node could not be reached a moment ago.', {
          details: { peer },
        });
      }
      try {
        return await this.#channel(peer).request(request);
      } catch (error) {
        if (!(error instanceof StreamLostError) || !retry) throw error;
        counters.add('requests_retried');
        const timeout = Math.max(1, request.timeout - (performance.now() - started));
        return await this.#channel(peer).request({ ...request, timeout });
      }
    } catch (error) {
      counters.add(isNiagaError(error) ? `requests_out_failed_${error.code.toLowerCase()}` : 'requests_out_given_up');
      throw error;
    }
  }

  lookup(key: Uint8Array, signal: AbortSignal): Promise<PeerRef[]> {
    const { directory, counters } = this.#deps;
    return this.#lookups.run(() =>
      lookup({ node: this.#node, directory, dialer: this.#dialer, counters }, key, signal),
    );
  }

  /** The same, or what another one found for the key less than `maxAge` milliseconds ago. */
  async recentLookup(key: Uint8Array, maxAge: number, signal: AbortSignal): Promise<PeerRef[]> {
    try {
      return [...(await unlessAborted(this.#recentLookups.get(key, maxAge), signal))];
    } catch (error) {
      if (!signal.aborted) throw error;
      return this.#deps.directory.closest(kadIdOfKey(key), LOOKUP_SIZE);
    }
  }

  #lookupInTime(key: Uint8Array): Promise<PeerRef[]> {
    return limited(DEFAULT_LOOKUP_TIMEOUT, [this.signal], (limit) => this.lookup(key, limit));
  }

  misbehaved(peer: string): void {
    if (this.#deps.conduct.countsMalformed(peer)) this.#onOffence(peer, 'malformed');
  }

  keep(peer: string, weight: number): void {
    this.#kept.keep(peer, weight);
  }

  gauges(): Record<string, number> {
    let [inFlight, streams] = [0, 0];
    for (const channel of this.#channels.values()) {
      inFlight += channel.inFlight;
      streams += channel.open ? 1 : 0;
    }
    return {
      peers_connected: this.#members.size,
      peers_kept: this.#kept.ids.length,
      connections: this.#node.getConnections().length,
      connections_in: this.#node.getConnections().filter(({ direction }) => direction === 'inbound').length,
      routing_table: this.#tableSize,
      streams_out: streams,
      streams_in: this.#server.streams,
      in_flight_out: inFlight,
      in_flight_in: this.#server.running,
    };
  }

  get #tableSize(): number {
    return (this.#node.services.dht as SingleKadDHT).routingTable.size;
  }

  #channel(peer: string): RequestChannel {
    const known = this.#channels.get(peer);
    if (known !== undefined) return known;
    parsePeerId(peer);
    const { counters, directory } = this.#deps;
    const channel = new RequestChannel(peer, {
      counters,
      open: (insist) => this.#dialer.openStream(peer, insist),
      onAnswer: (took) => directory.answered(peer, took),
      onSilence: () => directory.markFailed(peer),
      onSlow: () => directory.leave(peer),
      onDead: () => this.#hangUp(peer, new Error('the peer has been silent for too long')),
      onOffence: (offence) => this.#onOffence(peer, offence),
    });
    this.#channels.set(peer, channel);
    return channel;
  }

  // What libp2p tells

  #onIdentify({ peerId, protocols, listenAddrs, signedPeerRecord, connection }: IdentifyResult): void {
    // It may have gone while it was being identified.
    if (this.#node.getConnections(peerId).length === 0) return;
    if (!protocols.includes(this.#protocol)) return this.#deps.directory.foreign(peerId);
    const addresses = (signedPeerRecord?.addresses ?? listenAddrs).map(String);
    // An address that was dialled works, whether or not the peer knows of it (behind a router it does not).
    if (connection.direction === 'outbound') addresses.push(connection.remoteAddr.toString());
    this.#onMember(peerId, addresses, connection.remoteAddr.toString());
  }

  #onMember(peer: PeerId, addresses: readonly string[], seenAt: string): void {
    const id = peer.toString();
    this.#deps.directory.connected(peer, addresses, seenAt);
    if (this.#members.has(id)) return;
    this.#members.add(id);
    if (this.#members.size === 1) this.#joiner.membersChanged();
    this.#deps.emit('peer:connect', id);
  }

  #onDisconnect(id: string): void {
    this.turns.lost(id);
    this.#deps.directory.disconnected(id);
    if (!this.#members.delete(id)) return;
    if (this.#members.size === 0) this.#joiner.membersChanged();
    this.#deps.emit('peer:disconnect', id);
  }

  /** Who opens a stream of our protocol is one of us, also when its identify is late. */
  #onAsker(connection: Connection): string {
    this.#onMember(connection.remotePeer, [], connection.remoteAddr.toString());
    return connection.remotePeer.toString();
  }

  #onNeighbour(peer: PeerInfo): void {
    const ref = toRef(peer);
    this.#deps.directory.learn([ref]);
    if (this.#members.size >= ENOUGH_PEERS || this.#deps.directory.isResting(ref.id)) return;
    this.#dialer.reach(ref.id).catch(() => undefined);
  }

  // Misbehaviour and upkeep

  #onOffence(peer: string, offence: Offence): void {
    const { counters, conduct } = this.#deps;
    counters.add(`offence_${offence.replace('-', '_')}`);
    this.#logger?.warn({ peer, offence }, 'a peer broke the protocol');
    if (!conduct.offence(peer)) return;
    counters.add('peers_blocked_total');
    this.#logger?.warn({ peer }, 'a peer is blocked for a while');
    this.#hangUp(peer, new Error('blocked'));
  }

  #hangUp(peer: string, reason: Error): void {
    for (const connection of this.#node.getConnections()) {
      if (connection.remotePeer.toString() === peer) connection.abort(reason);
    }
  }

  #sweep(): void {
    const now = performance.now();
    const limit =
      this.#node.getConnections().length > CROWDED_CONNECTIONS ? IDLE_STREAM_TIME_CROWDED : IDLE_STREAM_TIME;
    for (const [peer, channel] of this.#channels) {
      if (channel.idle(now) < limit) continue;
      channel.rest();
      this.#channels.delete(peer);
    }
    // Twice as long, so that as a rule it is the asker who closes, and no request crosses the closing.
    this.#server.sweep(2 * limit);
    this.#identifier.identifyMissing();
  }
}

function toRef({ id, multiaddrs }: PeerInfo): { id: string; addresses: string[] } {
  return { id: id.toString(), addresses: multiaddrs.map(String) };
}
