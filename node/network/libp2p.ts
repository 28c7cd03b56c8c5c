import '../polyfill.js';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { bootstrap } from '@libp2p/bootstrap';
import { identify, type Identify } from '@libp2p/identify';
import type { ConnectionGater, Libp2p, PeerDiscovery, PrivateKey } from '@libp2p/interface';
import { kadDHT, passthroughMapper, type KadDHT } from '@libp2p/kad-dht';
import { mdns } from '@libp2p/mdns';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { ping, type Ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2pOptions } from 'libp2p';
import { NiagaError } from '../../protocol/errors.js';
import { sha256 } from '../../protocol/hash.js';
import { createBoundedDatastore } from './datastore.js';
import type { Figures } from './figures.js';
import { noiseCrypto } from './noise-crypto.js';
import { inWholeWrites } from './whole-writes.js';

const second = 1000;
const MiB = 1024 * 1024;

const MAX_CONNECTIONS = 300;
/** New connections a second from one address: an office or a village behind one router is fine, a flood is not. */
const CONNECTIONS_PER_SECOND = 50;
const MAX_HANDSHAKES = 100;
/** An event loop that is busy verifying answers late; the default of 5 s then leaves a peer unidentified for good. */
const IDENTIFY_TIME_LIMIT = 15 * second;
const PING_TIME_LIMIT = 20 * second;
/** The default of 100 lets all handshakes of a busy machine run out of time together instead of a few at a time succeed. */
const MAX_PARALLEL_DIALS = 32;
/**
 * Bits to which kad-dht's table is split. With its default of 6 a node keeps 20 peers of a 64th of the network, its own
 * neighbourhood included: simulated, look-ups then find .80 of the true five nearest at 10,000 nodes and .09 at a million, and all of
 * them when the table may be deeper (docs/simulation.md). A table holds only whom the node met, however deep it may be.
 */
const TABLE_DEPTH = 20;
/**
 * Ways that a look-up takes side by side without asking a peer twice. The default of 10 asks 334 nodes of 10,000 where two ways ask
 * 83 and find the same; two leave one way round a liar.
 */
const DISJOINT_PATHS = 2;
/** Milliseconds that one step of a look-up waits for a peer: with a third of the nodes dead, the default of 5 s ate a look-up's whole time. */
const LOOKUP_STEP_TIME = { minTimeout: 2 * second, maxTimeout: 5 * second };
/**
 * Peers at once that kad-dht connects to, for its table's sake: each answer that it gets names twenty. With its default of 16 a node that
 * starts, and all that it meets, have no time for anything else.
 */
const TABLE_DIALS = 8;
/** As long as a timer can be, 24 days: in place of kad-dht's own look-ups of itself, which join.ts makes. */
const NEVER = 2 ** 31 - 1;
const MAX_STREAMS_PER_CONNECTION = 256;
const STREAM_WINDOW = 2 * MiB;

type Services = {
  identify: Identify;
  ping: Ping;
  dht: KadDHT;
  mdns?: PeerDiscovery;
};
export type Libp2pNode = Libp2p<Services>;

interface NodeInit {
  readonly privateKey: PrivateKey;
  readonly network: string;
  readonly listen: readonly string[];
  readonly announce: readonly string[];
  readonly bootstrap: readonly string[];
  readonly mdns: boolean;
  readonly gater: ConnectionGater;
  /** Where libp2p is to count; undefined: nowhere. */
  readonly figures: Figures | undefined;
}

export function requestProtocol(network: string): string {
  return `/niaga/${network}/request/1`;
}

/** The same requests, from somebody who stays a stranger: who opens such a stream becomes no peer of this network (throwaway.ts). */
export function strangerProtocol(network: string): string {
  return `/niaga/${network}/stranger/1`;
}

function kadProtocol(network: string): string {
  return `/niaga/${network}/kad/1.0.0`;
}

/**
 * The name under which nodes of one network find each other by multicast DNS. It holds the network's name, so that networks side
 * by side do not meet; DNS takes letters, digits and hyphens and no upper case, so other names get a hash besides.
 */
export function mdnsServiceTag(network: string): string {
  const plain = network.toLowerCase().replace(/[^a-z0-9-]/g, '-');
  const hash = Buffer.from(sha256(new TextEncoder().encode(network)).subarray(0, 4)).toString('hex');
  return `_niaga-${plain === network ? plain : `${plain}-${hash}`}._udp.local`;
}

/** A libp2p node, not started. Each setting that is not libp2p's default has its reason beside it. */
export async function createNode(init: NodeInit): Promise<Libp2pNode> {
  const self = peerIdFromPrivateKey(init.privateKey);
  const options: Libp2pOptions<Services> = {
    start: false,
    privateKey: init.privateKey,
    // The default tells every peer the versions of libp2p, Node.js and the system.
    nodeInfo: { name: 'niaga', version: '1', userAgent: 'niaga' },
    addresses: { listen: [...init.listen], appendAnnounce: [...init.announce] },
    datastore: createBoundedDatastore(self.toCID().toString()),
    transports: [tcp()],
    connectionEncrypters: [inWholeWrites(noise({ crypto: noiseCrypto }))],
    streamMuxers: [
      yamux({
        // The default of 1,000 lets one connection hold 1,000 read buffers.
        maxInboundStreams: MAX_STREAMS_PER_CONNECTION,
        maxOutboundStreams: MAX_STREAMS_PER_CONNECTION,
        streamOptions: {
          // The window of a stream grows up to 16 MiB by default, but a paused stream with more than 4 MiB unread is reset:
          // back-pressure would end in an abort. The buffer must hold a whole window.
          maxStreamWindowSize: STREAM_WINDOW,
          maxReadBufferLength: 2 * STREAM_WINDOW,
        },
      }),
    ],
    peerDiscovery: knownByKey(init.bootstrap, self.toString()),
    connectionGater: init.gater,
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      // The default of 5 a second resets connections of every network that lives on one machine or behind one address.
      inboundConnectionThreshold: CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: MAX_HANDSHAKES,
      maxParallelDials: MAX_PARALLEL_DIALS,
      // Loopback only: who is on this list is also above maxConnections and never pruned, too much to give a whole LAN.
      allow: ['/ip4/127.0.0.0/ipcidr/8', '/ip6/::1/ipcidr/128'],
    },
    // It aborts live connections whenever the event loop is too full to answer a ping in time.
    connectionMonitor: { enabled: false },
    services: {
      // Two: one more than the default, so that a second attempt does not collide with the first.
      identify: identify({ timeout: IDENTIFY_TIME_LIMIT, maxInboundStreams: 2, maxOutboundStreams: 2 }),
      // kad-dht pings a peer before it takes it into its table. With the default of one ping at a time, two that overlap
      // fail, and the peer stays out.
      ping: ping({ maxInboundStreams: 16, maxOutboundStreams: 8 }),
      dht: kadDHT({
        protocol: kadProtocol(init.network),
        // Without these two, tables stay empty on private addresses and nothing says so. (The documented default of
        // clientMode is false, the one in the code true; the default mapper drops private addresses.)
        clientMode: false,
        peerInfoMapper: passthroughMapper,
        // Else every query waits for kad-dht's own first look-up of itself. Ours run as soon as there is a peer (join.ts).
        allowQueryWithZeroPeers: true,
        // A peer is connected to and pinged before it gets into the table. By default that is broken off after 5 s, handshake
        // and all, and not tried again: many nodes that start at once on a busy machine keep tables of one entry for minutes.
        pingNewContactTimeout: { minTimeout: PING_TIME_LIMIT, maxTimeout: 2 * PING_TIME_LIMIT },
        onPeerConnectTimeout: 2 * PING_TIME_LIMIT,
        routingTableUpdateQueueConcurrency: TABLE_DIALS,
        initialQuerySelfInterval: NEVER,
        querySelfInterval: NEVER,
        prefixLength: TABLE_DEPTH,
        disjointPaths: DISJOINT_PATHS,
        networkDialTimeout: LOOKUP_STEP_TIME,
        // Nobody of us stores values in kad-dht; without this it takes public keys from strangers, of up to 4 MiB.
        validators: {
          pk: () => {
            throw new Error('this node keeps no records of kad-dht');
          },
        },
      }),
      ...(init.mdns ? { mdns: mdns({ serviceTag: mdnsServiceTag(init.network) }) } : {}),
    },
  };
  if (init.figures !== undefined) options.metrics = await init.figures.begin();
  return createLibp2p(options);
}

/**
 * The bootstrap addresses that end in a peer id go into the peer store with a tag, so that these peers are the last to be
 * pruned. The joining itself is join.ts's: it also dials addresses without a peer id, tries again, and knows when it is done.
 */
function knownByKey(addresses: readonly string[], self: string): ReturnType<typeof bootstrap>[] {
  const list = addresses.filter((address) => /\/p2p\/[^/]+$/.test(address) && !address.endsWith(`/p2p/${self}`));
  return list.length === 0 ? [] : [bootstrap({ list, tagTTL: Infinity })];
}

/** @throws NiagaError ADDRESS_INVALID when `text` is no multiaddr with TCP. `what` says in the message whose address it is. */
export function checkAddress(text: string, what: string): void {
  const next = 'An address looks like /ip4/192.0.2.1/tcp/4101.';
  try {
    const components = multiaddr(text).getComponents();
    if (components.some(({ name }) => name === 'tcp')) return;
  } catch (cause) {
    throw new NiagaError('ADDRESS_INVALID', `"${text}" is not ${what}.`, { cause, next });
  }
  throw new NiagaError('ADDRESS_INVALID', `"${text}" is not ${what}: only TCP is spoken here.`, { next });
}

/** What a failed start of libp2p means in our words. */
export function startError(error: unknown, listen: readonly string[]): NiagaError {
  const text = error instanceof Error ? error.message : String(error);
  // libp2p puts the errors of all addresses into one text: each address, a colon, and the stack of its error.
  const failed = (code: string): string | undefined =>
    listen.find((address) => {
      const from = text.indexOf(`${address}: `);
      const own = from < 0 ? '' : text.slice(from).split('\n\n')[0];
      return own?.includes(code) === true;
    });
  const taken = failed('EADDRINUSE');
  if (taken !== undefined) {
    return new NiagaError('PORT_TAKEN', `The address ${taken} is in use.`, {
      cause: error,
      where: taken,
      next: 'Stop the program that uses it, or listen on another port.',
    });
  }
  const unusable =
    failed('EADDRNOTAVAIL') ??
    failed('EACCES') ??
    failed('ENOTFOUND') ??
    failed('EAFNOSUPPORT') ??
    failed('UnsupportedListenAddress');
  if (unusable !== undefined) {
    return new NiagaError('ADDRESS_INVALID', `This machine cannot listen on ${unusable}.`, {
      cause: error,
      where: unusable,
      next: 'Choose an address of this machine and a port above 1023.',
    });
  }
  return new NiagaError('INTERNAL', 'The network could not be started.', { cause: error });
}
