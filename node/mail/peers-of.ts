import { deviceToPeerId } from '../../protocol/ids.js';
import type { Contacts } from './contacts.js';
import type { MailDeps } from './index.js';

/** Devices that are tried, of which nothing was heard: some may be gone, and each is waited for. */
const MAX_ALLOWED = 4;

interface PeersDeps extends Pick<MailDeps, 'network' | 'devices' | 'now'> {
  readonly contacts: Pick<Contacts, 'peers'>;
}

/**
 * The peers to whom letters for a trader are brought: its devices that were heard of; else, and where those were revoked, the newest of
 * those that its key allows.
 */
export function peersOf(trader: Uint8Array, { network, devices, now, contacts }: PeersDeps): readonly string[] {
  const heard = contacts.peers(trader);
  if (heard.length > 0) return heard;
  return devices
    .devicesOf(trader)
    .map(({ payload }) => payload)
    .filter(({ delegate, expires }) => expires > now() && !devices.isRevoked(trader, delegate))
    .sort((a, b) => b.created - a.created)
    .map(({ delegate }) => deviceToPeerId(delegate))
    .filter((peer) => peer !== network.peerId)
    .slice(0, MAX_ALLOWED);
}
