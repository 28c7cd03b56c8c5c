import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto';
import { describe, expect, it } from 'vitest';
import { noiseCrypto } from '../../../node/network/noise-crypto.js';

describe('the key agreement of connections', () => {
  it('gives both sides one secret, the same that libp2p works out', () => {
    const [own, other] = [noiseCrypto.generateX25519KeyPair(), defaultCrypto.generateX25519KeyPair()];
    const secret = noiseCrypto.generateX25519SharedKey(own.privateKey, other.publicKey);
    expect(secret).toHaveLength(32);
    expect(hex(defaultCrypto.generateX25519SharedKey(other.privateKey, own.publicKey))).toBe(hex(secret));
    expect(hex(defaultCrypto.generateX25519SharedKey(own.privateKey, other.publicKey))).toBe(hex(secret));
  });

  it('takes private keys that it did not make', () => {
    const [own, other] = [defaultCrypto.generateX25519KeyPair(), defaultCrypto.generateX25519KeyPair()];
    const secret = noiseCrypto.generateX25519SharedKey(own.privateKey, other.publicKey);
    expect(hex(secret)).toBe(hex(defaultCrypto.generateX25519SharedKey(own.privateKey, other.publicKey)));
  });

  it('makes a new pair each time', () => {
    const pairs = [noiseCrypto.generateX25519KeyPair(), noiseCrypto.generateX25519KeyPair()];
    expect(new Set(pairs.flatMap(({ publicKey, privateKey }) => [hex(publicKey), hex(privateKey)])).size).toBe(4);
  });

  it('refuses a point of small order', () => {
    const own = noiseCrypto.generateX25519KeyPair();
    expect(() => noiseCrypto.generateX25519SharedKey(own.privateKey, new Uint8Array(32))).toThrow();
  });
});

function hex(bytes: { subarray(): Uint8Array }): string {
  return Buffer.from(bytes.subarray()).toString('hex');
}
