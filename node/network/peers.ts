import type { PeerView } from '../api/rows/node.js';
import type { Network, PeerRef } from './index.js';

/** Bytes of a place that are shown: as many as a number holds exactly. */
const HEAD_BYTES = 6;

/**
 * The nodes that this one knows, itself among them, in the order of their places in the key space.
 * @param page.after the peer id of the last one that was shown
 */
export function listPeers(
  network: Pick<Network, 'peerId' | 'connections' | 'directory'>,
  page: { limit: number; after?: string | undefined },
): PeerView[] {
  const connected = new Set(network.connections());
  const self = network.directory.get(network.peerId);
  const all = [...(self === undefined ? [] : [self]), ...network.directory.all()]
    .map((peer) => peerToView(peer, connected))
    .sort((a, b) => a.place - b.place || (a.peerId < b.peerId ? -1 : 1));
  const from = page.after === undefined ? 0 : all.findIndex(({ peerId }) => peerId === page.after) + 1;
  return all.slice(from, from + page.limit);
}

function peerToView({ id, kadId, lastSeen, self }: PeerRef, connected: ReadonlySet<string>): PeerView {
  return {
    peerId: id,
    self,
    connected: connected.has(id),
    lastSeen: lastSeen === 0 ? null : lastSeen,
    place: kadId.subarray(0, HEAD_BYTES).reduce((sum, byte) => sum * 256 + byte, 0) / 256 ** HEAD_BYTES,
  };
}
