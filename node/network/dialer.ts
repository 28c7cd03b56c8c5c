import type { Connection, PeerId, Stream } from '@libp2p/interface';
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr';
import { NiagaError } from '../../protocol/errors.js';
import type { Counters } from './counters.js';
import type { DialTurns } from './dial-turns.js';
import type { Directory } from './directory.js';
import { afterPendingInput } from './frame-stream.js';
import { parsePeerId } from './keyspace.js';
import type { Libp2pNode } from './libp2p.js';
import { limited } from './time-limit.js';

const second = 1000;

/** For one peer, all its addresses and the handshake together. */
const DIAL_TIME_LIMIT = 8 * second;
/** For finding where a peer is that does not answer where it was. */
const FIND_PEER_TIME_LIMIT = 4 * second;
const OPEN_STREAM_TIME_LIMIT = 8 * second;

interface DialerDeps {
  readonly node: Libp2pNode;
  readonly protocol: string;
  readonly directory: Directory;
  readonly turns: DialTurns;
  readonly counters: Counters;
  /** Aborted when the network stops. */
  readonly signal: AbortSignal;
}

/** By these libp2p says that a connection, or its muxer, was ending while a stream was asked for. */
const CLOSING: ReadonlySet<string> = new Set(['ConnectionClosedError', 'ConnectionClosingError', 'MuxerClosedError']);
/** By these it says that a connection ended while it was being opened: somebody was there. */
const CUT: ReadonlySet<string> = new Set([...CLOSING, 'EncryptionFailedError', 'UnexpectedEOFError', 'ECONNRESET']);

/** Connections and streams to peers, by their id alone. What is under way to a peer is shared by all who want it. */
export class Dialer {
  readonly #deps: DialerDeps;
  readonly #reaching = new Map<string, Promise<Connection>>();
  readonly #finding = new Map<string, Promise<Connection>>();

  constructor(deps: DialerDeps) {
    this.#deps = deps;
  }

  /**
   * A connection to the peer: the open one, or one over the addresses that are known.
   * @throws NiagaError PEER_UNREACHABLE; the directory then has the peer as failed
   */
  reach(id: string): Promise<Connection> {
    return this.#openOr(id, this.#reaching, async (peer) => this.#dial(peer, await this.#knownAddresses(peer)));
  }

  /** The same, and where that fails over addresses that others know, which costs a look-up. */
  find(id: string): Promise<Connection> {
    return this.#openOr(id, this.#finding, async (peer) => {
      try {
        return await this.reach(id);
      } catch (error) {
        const tried = (await this.#knownAddresses(peer)).map(String);
        const found = (await this.#findElsewhere(peer)).filter((address) => !tried.includes(address.toString()));
        if (found.length === 0) throw error;
        return this.#dial(peer, found);
      }
    });
  }

  /**
   * A stream for requests to the peer.
   * @param insist whether to ask others where it is when it does not answer at the addresses known here; when none is, they are asked anyway
   * @throws NiagaError PEER_UNREACHABLE, PEER_REFUSED for a peer that does not speak our protocol
   */
  async openStream(id: string, insist: boolean, again = true): Promise<Stream> {
    const unknown = this.#deps.directory.addressesOf(id).length === 0;
    const reached = this.#deps.turns.want(id);
    const connection = await (insist || unknown ? this.find(id) : this.reach(id)).finally(reached);
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
      // A stream ends a moment before its connection says that it is closed.
      await new Promise<void>((resolve) => afterPendingInput(resolve));
      // The connection was closing when we asked: the peer may be back already, so it is dialled once more.
      const closing = connection.status !== 'open' || (cause instanceof Error && CLOSING.has(cause.name));
      if (again && closing && !this.#deps.signal.aborted) {
        connection.abort(new Error('it was closing'));
        return this.openStream(id, insist, false);
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

  #openOr(
    id: string,
    shared: Map<string, Promise<Connection>>,
    dial: (peer: PeerId) => Promise<Connection>,
  ): Promise<Connection> {
    const peer = parsePeerId(id);
    const open = this.#openTo(peer);
    if (open !== undefined) return Promise.resolve(open);
    const others = shared.get(id);
    if (others !== undefined) return others;
    const own = dial(peer).finally(() => shared.delete(id));
    shared.set(id, own);
    return own;
  }

  #openTo(peer: PeerId): Connection | undefined {
    return this.#deps.node.getConnections(peer).find(({ status }) => status === 'open');
  }

  async #dial(peer: PeerId, addresses: Multiaddr[]): Promise<Connection> {
    const id = peer.toString();
    this.#deps.counters.add('dials');
    try {
      if (addresses.length === 0) throw new Error('no address is known');
      return await this.#dialAddresses(addresses).catch((error: unknown) => {
        // Whole networks are cut at once, what was just being opened too: that is no reason to leave a peer alone.
        if (!wasCut(error) || this.#deps.signal.aborted) throw error;
        this.#deps.counters.add('dials');
        return this.#dialAddresses(addresses);
      });
    } catch (cause) {
      // The other side was quicker.
      const open = this.#openTo(peer);
      if (open !== undefined) return open;
      this.#deps.counters.add('dials_failed');
      this.#deps.directory.markFailed(id);
      throw this.#unreachable(id, cause);
    }
  }

  /** All with the peer's id, as libp2p wants a list of addresses. */
  async #knownAddresses(peer: PeerId): Promise<Multiaddr[]> {
    const texts = new Set(this.#deps.directory.addressesOf(peer.toString()));
    try {
      const { addresses } = await this.#deps.node.peerStore.get(peer);
      for (const address of addresses) texts.add(withPeerId(address.multiaddr, peer));
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

function wasCut(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(wasCut);
  if (!(error instanceof Error)) return false;
  return CUT.has(error.name) || ('code' in error && typeof error.code === 'string' && CUT.has(error.code));
}

function withPeerId(address: Multiaddr, peer: PeerId): string {
  const named = address.getComponents().some(({ name }) => name === 'p2p');
  return named ? address.toString() : address.encapsulate(`/p2p/${peer.toString()}`).toString();
}
