import { randomBytes } from 'node:crypto';
import { keyPairFromSeed, sign } from '../../protocol/ed25519.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { signRecord, type Draft, type SignedRecord, type Signer } from '../../protocol/record.js';

const DAY = 24 * 60 * 60 * 1000;

/** A stranger with keys of its own, who can sign anything. */
export interface Stranger {
  readonly root: Signer;
  readonly device: Signer;
  delegate(grant: Partial<Draft<'delegation'>>, network?: string): SignedRecord<Delegation>;
}

export function stranger(network = 'main'): Stranger {
  const seeds = [randomBytes(32), randomBytes(32)].map((seed) => keyPairFromSeed(new Uint8Array(seed)));
  const [rootKeys, deviceKeys] = seeds as [ReturnType<typeof keyPairFromSeed>, ReturnType<typeof keyPairFromSeed>];
  const root: Signer = {
    trader: rootKeys.publicKey,
    device: rootKeys.publicKey,
    sign: (message) => sign(message, rootKeys.secretKey),
  };
  const delegate: Stranger['delegate'] = (grant, on = network) => {
    const whole = {
      delegate: deviceKeys.publicKey,
      may: ['publish', 'trade', 'profile'],
      expires: Date.now() + DAY,
      ...grant,
    };
    return signRecord('delegation', whole, root, { network: on, created: Date.now() - 2 * DAY });
  };
  const device: Signer = {
    trader: root.trader,
    device: deviceKeys.publicKey,
    delegation: delegate({}),
    sign: (message) => sign(message, deviceKeys.secretKey),
  };
  return { root, device, delegate };
}
