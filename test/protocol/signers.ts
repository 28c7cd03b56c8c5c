import { keyPairFromSeed, sign } from '../../protocol/ed25519.js';
import { signRecord, type Signer } from '../../protocol/record.js';

const NETWORK = 'main';
const YEAR = 365 * 24 * 60 * 60 * 1000;

/** The root key of a trader, the same for the same number. */
export function rootOf(seed: number): Signer {
  const { publicKey, secretKey } = keyPairFromSeed(new Uint8Array(32).fill(seed));
  return { trader: publicKey, device: publicKey, sign: (message) => sign(message, secretKey) };
}

/** A trader with one device that its root allows to do this for a year. Default: to publish and to trade. */
export function traderOf(seed: number, begin: number, may = ['publish', 'trade']): Signer {
  const root = rootOf(seed);
  const { publicKey, secretKey } = keyPairFromSeed(new Uint8Array(32).fill(seed + 100));
  const grant = { delegate: publicKey, may, expires: begin + YEAR };
  const delegation = signRecord('delegation', grant, root, { network: NETWORK, created: begin });
  return { trader: root.trader, device: publicKey, delegation, sign: (message) => sign(message, secretKey) };
}
