import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBlocks } from '../../../node/index/address-blocks.js';
import { MOST_OF_A_BLOCK, responsible } from '../../../node/index/responsible.js';
import { LOOKUP_SIZE, type PeerRef } from '../../../node/network/index.js';
import { compareDistance } from '../../../protocol/keyspace.js';
import { COPIES } from '../../../protocol/search/posting-keys.js';

const kadId = fc.uint8Array({ minLength: 32, maxLength: 32 });
const octet = fc.integer({ min: 0, max: 255 });
const privateAddress = fc.oneof(
  fc.tuple(octet, octet, octet).map(([a, b, c]) => `/ip4/10.${a}.${b}.${c}/tcp/4101`),
  octet.map((a) => `/ip4/127.0.0.${a}/tcp/1`),
  octet.map((a) => `/ip4/192.168.1.${a}/tcp/1`),
  octet.map((a) => `/ip4/172.${16 + (a % 16)}.0.1/tcp/1`),
  octet.map((a) => `/ip4/100.${64 + (a % 64)}.0.1/tcp/1`),
  fc.constantFrom('/ip6/::1/tcp/1', '/ip6/fe80::1/tcp/1', '/ip6/fd12:3456::1/tcp/1', '/ip6/::ffff:10.0.0.1/tcp/1'),
);
/** Of few blocks, so that they meet. */
const publicAddress = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 3 }), octet).map(([block, host]) => `/ip4/8.${block}.0.${host}/tcp/4101`),
  fc.tuple(fc.integer({ min: 0, max: 2 }), octet).map(([block, host]) => `/ip6/2a00:${block}::${host}/tcp/4101`),
  fc.constantFrom('/dns4/a.pasar.example/tcp/1', '/dns4/b.pasar.example/tcp/1'),
);

function peersOf(address: fc.Arbitrary<string>): fc.Arbitrary<PeerRef[]> {
  const peer = fc.record({
    kadId,
    addresses: fc.uniqueArray(publicAddress, { maxLength: 3 }),
    seen: fc.option(address, { nil: undefined }),
  });
  return fc.uniqueArray(peer, { maxLength: 40, selector: (one) => Buffer.from(one.kadId).toString('hex') }).map((all) =>
    all.map(({ seen, ...one }) => ({
      ...one,
      ...(seen === undefined ? {} : { seenAt: seen }),
      id: Buffer.from(one.kadId).toString('hex'),
      lastSeen: 1,
      self: false,
    })),
  );
}

const anyPeers = peersOf(fc.oneof(privateAddress, publicAddress));
const blocksOf = ({ seenAt }: PeerRef): string[] => addressBlocks(seenAt === undefined ? [] : [seenAt]);
const ids = (peers: readonly PeerRef[]): string[] => peers.map(({ id }) => id);

function nearest(peers: readonly PeerRef[], place: Uint8Array): PeerRef[] {
  return [...peers].sort((a, b) => compareDistance(a.kadId, b.kadId, place));
}

describe('the nodes that are responsible for a place', () => {
  it('are the same for the same peers in any order, nearest first, as many as there are up to the copies', () => {
    const shuffled = anyPeers.chain((peers) =>
      fc.tuple(fc.constant(peers), fc.shuffledSubarray(peers, { minLength: peers.length })),
    );
    fc.assert(
      fc.property(shuffled, kadId, ([peers, other], place) => {
        const chosen = responsible(peers, place);
        expect(ids(responsible(other, place))).toEqual(ids(chosen));
        expect(ids(nearest(chosen, place))).toEqual(ids(chosen));
        expect(chosen).toHaveLength(Math.min(COPIES, peers.length));
        expect(new Set(ids(chosen)).size).toBe(chosen.length);
        const near = new Set(ids(nearest(peers, place).slice(0, LOOKUP_SIZE)));
        expect(chosen.every(({ id }) => near.has(id))).toBe(true);
      }),
    );
  });

  it('are simply the nearest where all were seen at private addresses, or never, whatever they say', () => {
    fc.assert(
      fc.property(peersOf(privateAddress), kadId, (peers, place) => {
        expect(ids(responsible(peers, place))).toEqual(ids(nearest(peers, place).slice(0, COPIES)));
      }),
    );
  });

  it('are of one block more than the limit only where nobody else among the known nearest could take the place', () => {
    fc.assert(
      fc.property(anyPeers, kadId, (peers, place) => {
        const chosen = responsible(peers, place);
        const taken = new Set(ids(chosen));
        const count = (block: string): number => chosen.filter((peer) => blocksOf(peer).includes(block)).length;
        const crowded = chosen.flatMap(blocksOf).filter((block) => count(block) > MOST_OF_A_BLOCK);
        if (crowded.length === 0) return;
        for (const left of nearest(peers, place).slice(0, LOOKUP_SIZE)) {
          if (taken.has(left.id)) continue;
          expect(blocksOf(left).some((block) => count(block) >= MOST_OF_A_BLOCK)).toBe(true);
        }
      }),
    );
  });

  it('are two of a provider that has the five nearest, and three others', () => {
    const place = new Uint8Array(32);
    const peer = (distance: number, address: string): PeerRef => {
      const at = new Uint8Array(32).fill(distance, 0, 1);
      return { id: `${distance}`, kadId: at, addresses: [], seenAt: address, lastSeen: 1, self: false };
    };
    const flood = [1, 2, 3, 4, 5].map((distance) => peer(distance, `/ip4/8.8.${distance}.1/tcp/1`));
    const others = [10, 11, 12].map((distance) => peer(distance, `/ip4/${distance + 20}.1.1.1/tcp/1`));
    expect(ids(responsible([...others, ...flood], place))).toEqual(['1', '2', '10', '11', '12']);
    expect(ids(responsible([...others.slice(1), ...flood], place))).toEqual(['1', '2', '3', '11', '12']);
  });
});

describe('a node that names addresses of others', () => {
  it('takes no place from them', () => {
    const place = new Uint8Array(32);
    const peer = (distance: number, more: Partial<PeerRef>): PeerRef => {
      const at = new Uint8Array(32).fill(distance, 0, 1);
      return { id: `${distance}`, kadId: at, addresses: [], lastSeen: 1, self: false, ...more };
    };
    const claims = ['/ip4/20.1.1.1/tcp/1', '/ip4/21.1.1.1/tcp/1'];
    const liars = [1, 2].map((distance) => peer(distance, { addresses: claims, seenAt: '/ip4/9.9.1.1/tcp/1' }));
    const honest = [20, 21, 22].map((distance) => peer(distance, { seenAt: `/ip4/${distance}.1.1.2/tcp/1` }));
    const beyond = peer(30, { seenAt: '/ip4/30.1.1.1/tcp/1' });
    expect(ids(responsible([...liars, ...honest, beyond], place))).toEqual(['1', '2', '20', '21', '22']);
  });
});

describe('address blocks', () => {
  it.each([
    ['/ip4/8.8.4.4/tcp/1', ['ip4:8.8']],
    ['/ip4/8.9.4.4/tcp/1', ['ip4:8.9']],
    ['/ip4/172.32.0.1/tcp/1', ['ip4:172.32']],
    ['/ip4/100.128.0.1/tcp/1', ['ip4:100.128']],
    ['/ip6/2001:db8:1::1/tcp/1', ['ip6:2001:db8']],
    ['/ip6/2001::1/tcp/1', ['ip6:2001:0']],
    ['/ip6/::ffff:8.8.4.4/tcp/1', ['ip4:8.8']],
    ['/dns4/Node1.Pasar.Example/tcp/1', ['dns:pasar.example']],
    ['/unix/tmp', []],
    ['', []],
  ])('of %s are %j', (address, blocks) => {
    expect(addressBlocks([address, address])).toEqual(blocks);
  });
});
