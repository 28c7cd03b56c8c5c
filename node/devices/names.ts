import { NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes } from '../../protocol/ids.js';
import type { DevicesDeps } from './index.js';

/** The shortest beginning of a peer id that may stand for it. */
const SHORTEST_ID = 8;

type Known = Pick<DevicesDeps, 'book' | 'identity'>;

/** What people call a device: its label, else its peer id. */
export function nameOf(device: Uint8Array, { book, identity }: Known): string {
  const peer = deviceToPeerId(device);
  const known = book.devicesOf(identity.trader).find(({ payload }) => equalBytes(payload.delegate, device));
  const label = known?.payload.label;
  return label === undefined || label === '' ? peer : `${label} (${peer})`;
}

/** The key of an own device by its label, its peer id, or the beginning of one. @throws NiagaError DEVICE_NOT_FOUND, ID_AMBIGUOUS */
export function findDevice(name: string, { book, identity }: Known): Uint8Array {
  const devices = book.devicesOf(identity.trader).map(({ payload }) => payload);
  const fitting = devices.filter(({ delegate: device, label }) => {
    const peer = deviceToPeerId(device);
    if (peer === name || (label !== undefined && label.toLowerCase() === name.toLowerCase())) return true;
    return name.length >= SHORTEST_ID && peer.startsWith(name);
  });
  const [found, ...others] = fitting;
  if (found === undefined) {
    throw new NiagaError('DEVICE_NOT_FOUND', `This trader has no device ${JSON.stringify(name.slice(0, 80))}.`, {
      next: 'See its devices with: niaga identity devices',
    });
  }
  if (others.length > 0) {
    throw new NiagaError('ID_AMBIGUOUS', `${fitting.length} devices of this trader fit ${name.slice(0, 80)}.`, {
      next: 'Give the peer id that niaga identity devices shows.',
    });
  }
  return found.delegate;
}
