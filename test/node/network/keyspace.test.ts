import '../../../node/polyfill.js';
import { peerIdFromString } from '@libp2p/peer-id';
import { expect, test } from 'vitest';
import { kadIdOfKey, kadIdOfPeer, parsePeerId } from '../../../node/network/keyspace.js';
import { createNetwork } from '../../../node/network/index.js';
import { seed, text } from './fixtures.js';

interface KadDhtUtils {
  convertBuffer: (bytes: Uint8Array) => Promise<Uint8Array>;
  convertPeerId: (peer: ReturnType<typeof peerIdFromString>) => Promise<Uint8Array>;
}

test('kad ids are the ones that kad-dht computes', async () => {
  // By its path, because the package does not export what must be agreed with here.
  const path = '../../../node_modules/@libp2p/kad-dht/dist/src/utils.js';
  const { convertBuffer, convertPeerId } = (await import(path)) as KadDhtUtils;
  for (let number = 0; number < 20; number++) {
    const { peerId } = createNetwork({ privateKeySeed: seed(number), network: 'test' });
    const peer = parsePeerId(peerId);
    expect(kadIdOfPeer(peer)).toEqual(new Uint8Array(await convertPeerId(peer)));
    expect(kadIdOfKey(text(`key ${number}`))).toEqual(new Uint8Array(await convertBuffer(text(`key ${number}`))));
  }
});

test('a peer has one id, and only devices have one', () => {
  const { peerId } = createNetwork({ privateKeySeed: seed(1), network: 'test' });
  expect(parsePeerId(peerId).toString()).toBe(peerId);
  const others = [
    // The same peer as a CID, an RSA peer, a secp256k1 peer, and no peers.
    peerIdFromString(peerId).toCID().toString(),
    'QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC',
    '16Uiu2HAm4v86W3bmT1BiH6oSPzcsSr24iDQpSN5Qa992BCjjwgrD',
    '',
    `${peerId} `,
    'niaga',
  ];
  for (const other of others) expect(() => parsePeerId(other), other).toThrow('is not a peer id');
});
