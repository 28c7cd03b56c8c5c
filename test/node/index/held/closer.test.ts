import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CloserNodes } from '../../../../node/index/held/closer.js';
import { askAnswerSchema, MAX_ASK_KEYS } from '../../../../node/index/wire.js';
import type { PeerRef } from '../../../../node/network/index.js';
import { compareDistance } from '../../../../protocol/keyspace.js';
import { COPIES, placeOf, SALTS } from '../../../../protocol/search/posting-keys.js';

const peers = Array.from({ length: 400 }, (_, number): PeerRef => {
  const id = `node-${number}`;
  const kadId = new Uint8Array(createHash('sha256').update(id).digest());
  return { id, kadId, addresses: [], lastSeen: 1, self: number === 0 };
});
const nearest = (kadId: Uint8Array, count: number): PeerRef[] =>
  [...peers].sort((a, b) => compareDistance(a.kadId, b.kadId, kadId)).slice(0, count);
const directory = { get: (id: string) => peers.find((peer) => peer.id === id), closest: nearest };

describe('an answer for as many names as a question has', () => {
  it('names all who hold each of them nearer than itself, at one of its places: nobody takes others for the nearest', () => {
    const closer = new CloserNodes({
      network: { peerId: 'node-0', directory: directory as never },
      networkName: 'main',
    });
    const names = Array.from({ length: MAX_ASK_KEYS }, (_, number) => `term:word-${number}`);
    const named = closer.of(names);
    const ids = new Set(named.map(([id]) => id));
    const self = directory.get('node-0')?.kadId ?? new Uint8Array();
    const isNamed = (name: string, salt: number): boolean => {
      const { kadId } = placeOf('main', name, salt);
      const nearer = nearest(kadId, COPIES).filter((peer) => compareDistance(peer.kadId, self, kadId) < 0);
      return nearer.every(({ id }) => ids.has(id));
    };
    for (const name of names) expect(SALTS.some((salt) => isNamed(name, salt))).toBe(true);
    // Not all of them are of the same few.
    expect(ids.size).toBeGreaterThan(MAX_ASK_KEYS);
    expect(askAnswerSchema.shape.closer.parse(named)).toHaveLength(named.length);
  });
});
