import { generateKeyPair } from '@libp2p/crypto/keys';
import { expect, test } from 'vitest';
import { createNode } from '../../../node/network/libp2p.js';

test('kad-dht looks itself up as seldom as timers allow, the first time as afterwards: join.ts does it', async () => {
  const node = await createNode({
    privateKey: await generateKeyPair('Ed25519'),
    network: 'test',
    listen: [],
    announce: [],
    bootstrap: [],
    mdns: false,
    gater: {},
    figures: undefined,
  });
  // A longer one would be over at once.
  const longest = 2 ** 31 - 1;
  expect(Reflect.get(node.services.dht, 'querySelf')).toMatchObject({ initialInterval: longest, interval: longest });
});
