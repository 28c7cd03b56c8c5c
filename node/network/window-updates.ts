import type { Stream } from '@libp2p/interface';

/** What is used of a stream of @chainsafe/libp2p-yamux. */
interface YamuxStream {
  /** 0 and 2: the stream is being opened, and its next update says so. */
  readonly state: number;
  /** Bytes that the peer may send in all, and those of them that it still may. */
  readonly recvWindow: number;
  readonly recvWindowCapacity: number;
  sendWindowUpdate(): void;
}

const OPENING = [0, 2];
/**
 * Bytes after which the peer is told in any case: on a slow line half of a window takes longer to come than a node waits for one that does
 * not read (`STALL_TIME_LIMIT`).
 */
const TOLD_AFTER = 32 * 1024;

/**
 * Lets the peer of a stream know that it may send on once it has sent something that matters of its window; the reference implementation
 * waits for half of it (hashicorp/yamux, `sendWindowUpdate`). The one for JavaScript does so for every piece of data: a message of its own
 * for each request and each answer, with an encryption, a system call and a packet, each of which wakes the other side for twelve bytes. A
 * stream of another muxer is left as it is.
 */
export function spareWindowUpdates(stream: Stream): void {
  if (!isYamux(stream)) return;
  const update = stream.sendWindowUpdate.bind(stream);
  stream.sendWindowUpdate = () => {
    const used = stream.recvWindow - stream.recvWindowCapacity;
    if (OPENING.includes(stream.state) || used >= Math.min(stream.recvWindow / 2, TOLD_AFTER)) update();
  };
}

function isYamux(stream: object): stream is YamuxStream {
  return ['state', 'recvWindow', 'recvWindowCapacity', 'sendWindowUpdate'].every((name) => name in stream);
}
