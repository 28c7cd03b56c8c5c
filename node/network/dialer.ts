import type { Connection, PeerId, Stream } from '@libp2p/interface';
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr';
import { NiagaError } from '../../protocol/errors.js';
import type { Counters } from './counters.js';
import type { Directory } from './directory.js';
import { parsePeerId } from './keyspace.js';
import type { Libp2pNode } from './libp2p.js';
import { limited } from './time-limit.js';

const second = 1000;

/** For one peer, all its addresses and the handshake together. */
export const DIAL_TIME_LIMIT = 8 * second;
/** For finding where a peer is that does not answer where it was. */
export const FIND_PEER_TIME_LIMIT = 4 * second;
const OPEN_STREAM_TIME_LIMIT = 8 * second;

export interface DialerDeps {
  readonly node: Libp2pNode;
  readonly protocol: string;
  readonly directory: Directory;
  readonly counters: Counters;
  /** Aborted when the network stops. */
  readonly signal: AbortSignal;
}

/** Connections and streams to peers, by their id alone. What is under way to a peer is shared by all who want it. */
export class Dialer {
  readonly #deps: DialerDeps;
  readonly #dials = new Map<string, Promise<Connection>>();

  constructor(deps: DialerDeps) {
    this.#deps = deps;
  }

  /**
   * A connection to the peer: the open one, or one over the addresses that are known, or over those that others know.
   * @throws NiagaError PEER_UNREACHABLE; the directory then has the peer as failed
   */
  connect(id: string): Promise<Connection> {
    const peer = parsePeerId(id);
    const open = this.#deps.node.getConnections(peer).find(({ status }) => status === 'open');
    if (open !== undefined) return Promise.resolve(open);
    const shared = this.#dials.get(id);
    if (shared !== undefined) return shared;
    const dial = this.#dial(peer).finally(() => this.#dials.delete(id));
    this.#dials.set(id, dial);
    return dial;
  }

  /**
   * A stream for requests to the peer.
   * @throws NiagaError PEER_UNREACHABLE, PEER_REFUSED for a peer that does not speak our protocol
   */
  async openStream(id: string): Promise<Stream> {
    const connection = await this.connect(id);
    let outOfTime = false;
    try {
      return await this.#limited(OPEN_STREAM_TIME_LIMIT, (signal) =>
        connection.newStream(this.#deps.protocol, { signal }).finally(() => (outOfTime = signal.aborted)),
      );
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'UnsupportedProtocolError') {
        this.#deps.directory.foreign(connection.remotePeer);
        throw new NiagaError('PEER_REFUSED', 'The other node is not one of this network.', {
          cause,
          details: { peer: id },
        });
      }
      this.#deps.directory.markFailed(id);
      // A connection on which not even a stream can be opened is dead; kept, it would stand in the way of a new one.
      if (outOfTime && !this.#deps.signal.aborted) connection.abort(new Error('no stream could be opened'));
      throw this.#unreachable(id, cause);
    }
  }

  /** Connects to an address, with or without a peer id in it. @throws what libp2p throws */
  async dialAddress(address: string): Promise<Connection> {
    this.#deps.counters.add('dials');
    const connection = await this.#dialAddresses([multiaddr(address)]);
    if (connection.remotePeer.equals(this.#deps.node.peerId)) {
      connection.abort(new Error('this is our own address'));
      throw new Error('this is our own address');
    }
    return connection;
  }

  async #dial(peer: PeerId): Promise<Connection> {
    const id = peer.toString();
    const { directory, counters } = this.#deps;
    counters.add('dials');
    const known = await this.#knownAddresses(peer);
    let cause: unknown = new Error('no address is known');
    if (known.length > 0) {
      try {
        return await this.#dialAddresses(known);
      } catch (error) {
        cause = error;
      }
    }
    const found = (await this.#findElsewhere(peer)).filter((address) => !known.some((tried) => tried.equals(address)));
    if (found.length > 0) {
      try {
        return await this.#dialAddresses(found);
      } catch (error) {
        cause = error;
      }
    }
    counters.add('dials_failed');
    directory.markFailed(id);
    throw this.#unreachable(id, cause);
  }

  /** All with the peer's id, as libp2p wants a list of addresses. */
  async #knownAddresses(peer: PeerId): Promise<Multiaddr[]> {
    const texts = new Set(this.#deps.directory.addressesOf(peer.toString()));
    try {
      for (const { multiaddr } of (await this.#deps.node.peerStore.get(peer)).addresses)
        texts.add(withPeerId(multiaddr, peer));
    } catch {
      // libp2p does not know the peer, or not any more.
    }
    return [...texts].map((text) => multiaddr(text));
  }

  async #findElsewhere(peer: PeerId): Promise<Multiaddr[]> {
    // With nobody to ask, kad-dht would only look into the peer store again.
    if (this.#deps.node.getConnections().length === 0) return [];
    try {
      return await this.#limited(FIND_PEER_TIME_LIMIT, async (signal) => {
        // kad-dht's cache is the peer store, which was just tried, and where an entry without addresses counts as found.
        for await (const event of this.#deps.node.services.dht.findPeer(peer, { signal, useCache: false })) {
          if (event.name !== 'FINAL_PEER') continue;
          const addresses = event.peer.multiaddrs.map((address) => multiaddr(withPeerId(address, peer)));
          if (addresses.length > 0) return addresses;
        }
        return [];
      });
    } catch {
      // Nobody knows it, or nobody said so in time.
      return [];
    }
  }

  #dialAddresses(addresses: Multiaddr[]): Promise<Connection> {
    return this.#limited(DIAL_TIME_LIMIT, (signal) => this.#deps.node.dial(addresses, { signal }));
  }

  #limited<T>(time: number, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return limited(time, [this.#deps.signal], task);
  }

  #unreachable(id: string, cause: unknown): NiagaError {
    if (this.#deps.signal.aborted) return new NiagaError('STOPPED', 'The network is stopping.', { cause });
    return new NiagaError('PEER_UNREACHABLE', 'The other node cannot be reached.', { cause, details: { peer: id } });
  }
}

function withPeerId(address: Multiaddr, peer: PeerId): string {
  const named = address.getComponents().some(({ name }) => name === 'p2p');
  return named ? address.toString() : address.encapsulate(`/p2p/${peer.toString()}`).toString();
}
