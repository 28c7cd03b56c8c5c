import '../../node/polyfill.js';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { Libp2p, Stream } from '@libp2p/interface';
import { ping, type Ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { encodeFrame, FrameReader, type Frame } from '../../node/network/frames.js';

/** A libp2p node that knows nothing of us, with a key of its own. */
export async function createRawPeer(type: 'Ed25519' | 'secp256k1' = 'Ed25519'): Promise<Libp2p<{ ping: Ping }>> {
  return createLibp2p({
    privateKey: await generateKeyPair(type),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: { identify: identify(), ping: ping() },
  });
}

export function bytesOf(...frames: Frame[]): Uint8Array {
  return new Uint8Array(Buffer.concat(frames.flatMap(encodeFrame)));
}

/** The frames that come on a stream from now on. */
export function collect(stream: Stream): Frame[] {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  stream.addEventListener('message', ({ data }) => {
    for (const chunk of data instanceof Uint8Array ? [data] : data) reader.push(chunk);
    for (let next = reader.next(); next !== undefined; next = reader.next()) frames.push(next.frame);
  });
  return frames;
}
