import '../polyfill.js';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import type { Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { NiagaError } from '../../protocol/errors.js';
import { Counters } from './counters.js';
import { MAX_BODY } from './frames.js';
import type { Throwaway } from './index.js';
import { parsePeerId } from './keyspace.js';
import { strangerProtocol } from './libp2p.js';
import { DEFAULT_REQUEST_TIMEOUT } from './limits.js';
import { RequestChannel } from './request-channel.js';
import { limited } from './time-limit.js';

/** For all addresses of a peer and the handshake together, as for any other connection (dialer.ts). */
const DIAL_TIME_LIMIT = 8_000;

/**
 * A libp2p host that nobody knows: a new key, no address, no DHT, and no identify, so that who it asks learns nothing but that
 * somebody asked.
 * @param stopping ends it, as its own `stop` does
 */
export async function openThrowaway(network: string, stopping: AbortSignal): Promise<Throwaway> {
  const node = await createLibp2p({
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  });
  await node.start();
  const counters = new Counters();
  const channels = new Map<string, RequestChannel>();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping.removeEventListener('abort', onStopping);
    for (const channel of channels.values())
      channel.stop(new NiagaError('STOPPED', 'The throw-away node is stopping.'));
    channels.clear();
    return (stopped ??= Promise.resolve(node.stop()));
  };
  const onStopping = (): void => void stop().catch(() => undefined);
  stopping.addEventListener('abort', onStopping, { once: true });
  if (stopping.aborted) onStopping();

  async function open(id: string, addresses: readonly string[]): Promise<Stream> {
    const peer = parsePeerId(id);
    const known = addresses.map((address) => (address.includes('/p2p/') ? address : `${address}/p2p/${id}`));
    try {
      if (known.length === 0) throw new Error('no address is known');
      return await limited(DIAL_TIME_LIMIT, [stopping], async (signal) => {
        const open = node.getConnections(peer).find(({ status }) => status === 'open');
        const connection =
          open ??
          (await node.dial(
            known.map((one) => multiaddr(one)),
            { signal },
          ));
        return connection.newStream(strangerProtocol(network), { signal });
      });
    } catch (cause) {
      throw new NiagaError('PEER_UNREACHABLE', 'The other node cannot be reached.', { cause, details: { peer: id } });
    }
  }

  return {
    peerId: node.peerId.toString(),
    async request(peer, addresses, method, body, options = {}) {
      const { signal, timeout = DEFAULT_REQUEST_TIMEOUT, maxResponse = MAX_BODY } = options;
      const hangUp = (): void => {
        for (const connection of node.getConnections(parsePeerId(peer))) connection.abort(new Error('no answer'));
      };
      const channel =
        channels.get(peer) ??
        new RequestChannel(peer, {
          counters,
          open: () => open(peer, addresses),
          onAnswer: () => undefined,
          onSilence: () => undefined,
          onSlow: () => undefined,
          onDead: hangUp,
          onOffence: hangUp,
        });
      channels.set(peer, channel);
      return channel.request({ method, body, timeout, maxResponse, signal, force: false });
    },
    stop,
  };
}
