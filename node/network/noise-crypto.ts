import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import type { ICryptoInterface, KeyPair } from '@chainsafe/libp2p-noise';
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto';

type Bytes = Parameters<ICryptoInterface['generateX25519SharedKey']>[0];

/**
 * Own private keys, by the very bytes that were given out: each is used for several agreements, and reading it takes longer than one of
 * them. Held as long as the bytes are.
 */
const ownKeys = new WeakMap<object, KeyObject>();

/**
 * What Noise computes with. As @chainsafe/libp2p-noise does it but for X25519: that package has OpenSSL read both keys of each of
 * the three agreements of a handshake from DER, which takes four times as long as the agreements.
 */
export const noiseCrypto: ICryptoInterface = {
  ...defaultCrypto,

  generateX25519KeyPair(): KeyPair {
    const { privateKey } = generateKeyPairSync('x25519');
    const { x, d } = privateKey.export({ format: 'jwk' });
    const pair = { publicKey: bytesOf(x), privateKey: bytesOf(d) };
    ownKeys.set(pair.privateKey, privateKey);
    return pair;
  },

  generateX25519SharedKey(privateKey: Bytes, publicKey: Bytes): Uint8Array {
    // OpenSSL refuses points of small order, whose secret would be nothing.
    return diffieHellman({
      privateKey: ownKeys.get(privateKey) ?? createPrivateKey({ key: jwk(publicKey, privateKey), format: 'jwk' }),
      publicKey: createPublicKey({ key: jwk(publicKey), format: 'jwk' }),
    });
  },
};

/** OpenSSL works out the public half of a private key itself; Node.js only wants some. */
function jwk(publicKey: Bytes, privateKey?: Bytes): JsonWebKey {
  const key = { kty: 'OKP', crv: 'X25519', x: base64(publicKey) };
  return privateKey === undefined ? key : { ...key, d: base64(privateKey) };
}

function base64(bytes: Bytes): string {
  return Buffer.from(bytes.subarray()).toString('base64url');
}

function bytesOf(text: string | undefined): Uint8Array {
  return new Uint8Array(Buffer.from(text ?? '', 'base64url'));
}
