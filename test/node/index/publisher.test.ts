import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Publisher } from '../../../node/index/publisher.js';
import { Sweep } from '../../../node/index/sweep.js';
import type { Network, PeerRef } from '../../../node/network/index.js';
import { encode } from '../../../protocol/cbor.js';
import { sha256 } from '../../../protocol/hash.js';

const names = ['self', 'b', 'c', 'd'];

/** A publisher among the first `size` nodes; those of `down` do not answer. */
function publisher(size: number, down: readonly string[] = []): Publisher {
  const peers = names.slice(0, size).map((id): PeerRef => {
    return { id, kadId: sha256(new TextEncoder().encode(id)), addresses: [], lastSeen: 1, self: id === 'self' };
  });
  const request = (peer: string): Promise<Uint8Array> =>
    down.includes(peer) ? Promise.reject(new Error('gone')) : Promise.resolve(encode({ results: ['ok'] }));
  return new Publisher({
    network: { peerId: 'self', request } as unknown as Network,
    networkName: 'main',
    sweep: new Sweep({ lookup: () => Promise.resolve(peers), now: () => 1 }),
    delegations: [],
    logger: pino({ level: 'silent' }),
  });
}

const posting = [{ bytes: new Uint8Array(10), keys: ['term:kopi'] }];

describe('a published card', () => {
  it('has no quorum while its node is alone', async () => {
    expect(await publisher(1).publish(posting)).toEqual([{ replicas: 0, quorum: false, refused: [] }]);
  });

  it('has one with all of two nodes, and with three of four', async () => {
    expect(await publisher(2).publish(posting)).toEqual([{ replicas: 1, quorum: true, refused: [] }]);
    expect(await publisher(2, ['b']).publish(posting)).toEqual([{ replicas: 0, quorum: false, refused: [] }]);
    expect(await publisher(4, ['d']).publish(posting)).toEqual([{ replicas: 2, quorum: true, refused: [] }]);
    expect(await publisher(4, ['c', 'd']).publish(posting)).toEqual([{ replicas: 1, quorum: false, refused: [] }]);
  });
});
