import type { ConnectionGater, PeerId } from '@libp2p/interface';
import type { DialTurns } from './dial-turns.js';
import type { Conduct } from './limits.js';

/** Whom this node has connections with, and when it dials them. @param stopping aborted when the network stops */
export function gater(conduct: Conduct, turns: DialTurns, stopping: AbortSignal): ConnectionGater {
  // A device has an Ed25519 key; nothing below has to deal with peers that have another kind. While stopping there are no new
  // connections: libp2p would at once open again those that it is told to close.
  const denied = (peer: PeerId): boolean =>
    stopping.aborted || peer.type !== 'Ed25519' || conduct.isBlocked(peer.toString());
  return {
    denyDialPeer: async (peer) => denied(peer) || !(await turns.turnOf(peer.toString())) || denied(peer),
    denyInboundEncryptedConnection: denied,
    denyOutboundEncryptedConnection: denied,
  };
}
