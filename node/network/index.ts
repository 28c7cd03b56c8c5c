import type { Logger } from '../logger.js';
import { createNiagaNetwork } from './network.js';

export { LOOKUP_SIZE } from './lookup.js';
export { kadIdOfKey } from './keyspace.js';
export { MAX_BODY } from './frames.js';

export type NetworkLogger = Logger;

export interface NetworkOptions {
  /** 32-byte Ed25519 seed of the device key; the peer id is the device's. */
  readonly privateKeySeed: Uint8Array;
  /** Name of the network: 1 to 40 of `a-z A-Z 0-9 . _ -`. Nodes of different networks do not see each other. */
  readonly network: string;
  /** Multiaddrs with TCP; port 0 takes a free one. Default `DEFAULT_LISTEN` (options.ts). */
  readonly listen?: readonly string[] | undefined;
  /** Addresses besides those listened on at which others reach this node: a public one behind a router. Default none. */
  readonly announce?: readonly string[] | undefined;
  /** Multiaddrs of nodes to join by, with or without `/p2p/…`. They may be down at the start. Default none. */
  readonly bootstrap?: readonly string[] | undefined;
  /** Find nodes of the same network on the local network by multicast DNS. Default `DEFAULT_MDNS` (options.ts). */
  readonly mdns?: boolean | undefined;
  /** Keeps the peer directory over restarts, so that the network is found again without bootstrap. Default none. */
  readonly store?: PeerStore | undefined;
  readonly logger?: NetworkLogger | undefined;
  /** Have libp2p count, for {@link Network.libp2pMetrics}: it costs a little with each message. Default false. */
  readonly metrics?: boolean | undefined;
}

/** A peer as it is written to disk. */
export interface PeerRow {
  readonly id: string;
  readonly addresses: readonly string[];
  /** Milliseconds UTC. */
  readonly lastSeen: number;
  /** As in {@link PeerRef}. */
  readonly seenAt?: string | undefined;
}

export interface PeerStore {
  load(): Promise<readonly PeerRow[]>;
  /** Replaces what was saved before. */
  save(rows: readonly PeerRow[]): Promise<void>;
}

export interface PeerRef {
  /** Peer id, `12D3Koo…`. */
  readonly id: string;
  /** 32 bytes: where the peer lies in kad-dht's key space. */
  readonly kadId: Uint8Array;
  /** Multiaddrs ending in the peer id. */
  readonly addresses: string[];
  /** Milliseconds UTC of the last word from the peer; 0 when it was only heard of. */
  readonly lastSeen: number;
  readonly self: boolean;
  /**
   * The host (`/ip4/…`) that the last connection with the peer went to, or came from: unlike its addresses no claim of anybody. Absent
   * where there was none.
   */
  readonly seenAt?: string;
  /** Average time of an answer in milliseconds, where one is known. */
  readonly rtt?: number;
  /** It failed twice in a row, and has not been heard of since. */
  readonly failing?: true;
}

export interface ClosestOptions {
  /** Only those that this node has met: whoever was only heard of may not exist. Default false. */
  readonly met?: boolean;
  /** Those too that failed a moment ago: they may be back, and hold what they held. Default false. */
  readonly resting?: boolean;
  /** Only those whose last answer or connection did not fail, however long ago that was. Default false. */
  readonly unfailed?: boolean;
}

/** The peers this node knows, at most 2,000: learned from connections, look-ups, and what others say. */
export interface PeerDirectory {
  /** Without this node. */
  readonly size: number;
  all(): PeerRef[];
  /** The peer of that id, also this node itself. */
  get(id: string): PeerRef | undefined;
  /**
   * The `count` known peers nearest to `kadId`, nearest first, this node among them where it belongs; without those that failed a moment
   * ago, are blocked, or are known to speak something else.
   * @param kadId 32 bytes, as {@link kadIdOfKey} gives them
   */
  closest(kadId: Uint8Array, count: number, options?: ClosestOptions): PeerRef[];
  /** The peer was of use: it is not left out any more. */
  markSeen(id: string): void;
  /**
   * The peer did not answer: it is left out, and requests to it fail at once, for 2 s, doubling with each failure up to 60 s; until
   * it is heard of again after 6 failures without a connection.
   */
  markFailed(id: string): void;
  /** Takes over what somebody says about peers: they become known, nothing that is known is overwritten. */
  learn(refs: Iterable<{ readonly id: string; readonly addresses: readonly string[] }>, options?: LearnOptions): void;
  /** These are not there: who of them was only heard of is not known any more. */
  forget(ids: Iterable<string>): void;
}

export interface LearnOptions {
  /** They are to be asked now: where the directory is full, others that were only heard of make room. Default false. */
  readonly needed?: boolean | undefined;
}

export interface RequestContext {
  /** Peer id of who asks; this node's own for a request to itself. */
  readonly peer: string;
  /** Aborted when the asker's stream has ended: nobody will get the answer. */
  readonly signal: AbortSignal;
  /** The largest answer in bytes that the asker takes. */
  readonly maxResponse: number;
  /** Who asks does so under an id that it throws away afterwards. Default false. */
  readonly stranger?: boolean | undefined;
}

/** Gives the body of the answer. A NiagaError's code and message are sent to the asker, of any other error only that there was one. */
export type RequestHandler = (body: Uint8Array, context: RequestContext) => Promise<Uint8Array>;

export interface HandleOptions {
  /** Largest body in bytes. Default `DEFAULT_MAX_REQUEST` (limits.ts). */
  readonly maxRequest?: number | undefined;
  /**
   * Requests of this method answered side by side, of all peers together; more wait in order, as many as limits.ts says. Default no
   * limit but 64 a peer.
   */
  readonly maxConcurrent?: number | undefined;
  /**
   * Told of each request before it waits for its turn, with who asks and the bytes of the body; refuses it by throwing. Default: all
   * are taken.
   */
  readonly admit?: ((peer: string, bytes: number) => void) | undefined;
  /** Answered also to those who ask under a throw-away id ({@link Network.throwaway}). Default false. */
  readonly strangers?: boolean | undefined;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for everything: connecting, waiting for a place, the answer. Default `DEFAULT_REQUEST_TIMEOUT` (limits.ts). */
  readonly timeout?: number | undefined;
  /** Largest answer in bytes; the peer is told. Default {@link MAX_BODY}. */
  readonly maxResponse?: number | undefined;
  /** Ask once more on a new stream when the stream died before the answer. Only for methods that may run twice. Default false. */
  readonly retry?: boolean | undefined;
  /** Try also a peer that failed a moment ago, and ask others where it is when it is not where it was. Default false. */
  readonly force?: boolean | undefined;
}

/** Asks nodes under an id that nobody knows; see {@link Network.throwaway}. */
export interface Throwaway {
  readonly peerId: string;
  /**
   * Asks a peer for one of the methods that answer strangers.
   * @param addresses multiaddrs at which it may be reached
   * @throws NiagaError as {@link Network.request}
   */
  request(
    peer: string,
    addresses: readonly string[],
    method: string,
    body: Uint8Array,
    options?: Pick<RequestOptions, 'signal' | 'timeout' | 'maxResponse'>,
  ): Promise<Uint8Array>;
  /** Ends its connections. Idempotent. */
  stop(): Promise<void>;
}

export interface LookupOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which what is known by then is given. Default `DEFAULT_LOOKUP_TIMEOUT` (lookup.ts). */
  readonly timeout?: number | undefined;
  /**
   * Where somebody else looks for the same key, or has ended doing so less than this many milliseconds ago, that will do. Default 0:
   * it is looked up now.
   */
  readonly maxAge?: number | undefined;
}

export interface NetworkEvents {
  /** A peer of this network is connected and identified; once, however many connections there are to it. */
  'peer:connect': (peer: string) => void;
  'peer:disconnect': (peer: string) => void;
  /** {@link Network.ready} became true. */
  ready: () => void;
}

/** This node's place in the network: who is there, and asking them. */
export interface Network extends AsyncDisposable {
  readonly peerId: string;
  /** True from the first finished look-up of itself on, or when there was nobody to join; false while no peer could be reached. */
  readonly ready: boolean;
  readonly directory: PeerDirectory;
  /** Multiaddrs to reach this node by, with its peer id; none while it is stopped. */
  addresses(): string[];
  /** Ids of the connected peers of this network. */
  connections(): string[];

  /**
   * Starts listening and goes on to join the network in the background.
   * @throws NiagaError PORT_TAKEN, ADDRESS_INVALID; nothing is left running then
   */
  start(): Promise<void>;
  /** Ends everything within `STOP_TIME_LIMIT` (session.ts); requests under way fail with STOPPED. */
  stop(): Promise<void>;

  /** Answers requests for `method` from now on, also over restarts. @throws NiagaError INTERNAL when it has a handler already */
  handle(method: string, handler: RequestHandler, options?: HandleOptions): void;
  /**
   * Asks a peer; itself without the network but with the same limits.
   * @throws NiagaError PEER_UNREACHABLE, TIMED_OUT, RATE_LIMITED (too many of ours wait), INPUT_TOO_LARGE, PEER_PROTOCOL, STOPPED,
   *   ID_INVALID; the code with which the peer refused (`details.remote` is true), PEER_REFUSED when it is unknown here; the
   *   signal's reason when it was aborted
   */
  request(peer: string, method: string, body: Uint8Array, options?: RequestOptions): Promise<Uint8Array>;
  /**
   * The at most 20 peers nearest to a key, nearest first by {@link kadIdOfKey}, this node among them where it belongs.
   * @param key any bytes; where they lie is kad-dht's own hash of them
   * @throws the signal's reason when it was aborted; NiagaError STOPPED, RATE_LIMITED
   */
  lookup(key: Uint8Array, options?: LookupOptions): Promise<PeerRef[]>;

  /**
   * A peer id of its own for asking without saying who one is: it listens nowhere, becomes no peer of anybody, and is gone with
   * `stop()`. The other side still sees from which address it is asked.
   */
  throwaway(): Promise<Throwaway>;

  /** What a peer answered was not of its method's form: counts as what breaks the protocol on a stream does, several get it blocked. */
  misbehaved(peer: string): void;

  /**
   * The peer is of use: for an hour its connection is among the last to be closed when there are too many. At most `KEPT_PEERS`
   * (kept-peers.ts) are; those of least weight make room.
   * @param weight 1 to 100
   * @throws NiagaError ID_INVALID
   */
  keep(peer: string, weight: number): void;

  /**
   * Somebody waits for answers, until what is returned is called: connections that no request needs are put off meanwhile, each for
   * at most half a second.
   */
  hurry(): () => void;

  /**
   * A question of somebody elsewhere has been answered, who may ask for more: what can wait does so for a second
   * ({@link untilCalm}).
   */
  answered(): void;

  /**
   * Resolves when nobody has waited for answers for a second, at the latest after `patience` milliseconds: for work that can wait.
   * The signal ends the waiting; it does not fail.
   */
  untilCalm(patience: number, signal?: AbortSignal): Promise<void>;

  /** Returns what takes the listener away again. */
  on<E extends keyof NetworkEvents>(event: E, listener: NetworkEvents[E]): () => void;
  /** Counts since the start, and how many of each there are now. */
  metrics(): Record<string, number>;
  /** What libp2p counts itself, as text of Prometheus; nothing where it was not told to, or while the network is stopped. */
  libp2pMetrics(): Promise<string>;
}

/**
 * Makes a node's network; nothing runs before `start()`.
 *
 * ```ts
 * const network = createNetwork({
 *   privateKeySeed: crypto.getRandomValues(new Uint8Array(32)),
 *   network: 'pasar',
 *   listen: ['/ip4/0.0.0.0/tcp/4101'],
 *   bootstrap: ['/dns4/pasar.example/tcp/4101'],
 * });
 * network.handle('greet/1', async (body, { peer }) => new TextEncoder().encode(`selamat pagi, ${peer}`));
 * await network.start();
 * for (const { id } of await network.lookup(new TextEncoder().encode('some key'))) {
 *   console.log(new TextDecoder().decode(await network.request(id, 'greet/1', new Uint8Array())));
 * }
 * await network.stop();
 * ```
 *
 * @throws NiagaError INPUT_INVALID, INPUT_UNKNOWN_FIELD, ADDRESS_INVALID for options that cannot be used
 */
export function createNetwork(options: NetworkOptions): Network {
  return createNiagaNetwork(options);
}
