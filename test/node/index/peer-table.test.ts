import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PeerTable } from '../../../node/index/peer-table.js';
import { compareDistance } from '../../../protocol/keyspace.js';

/** Few bits differ, so that many share prefixes of any length. */
const kadId = fc.tuple(fc.nat(15), fc.nat(255)).map(([first, last]) => {
  const id = new Uint8Array(32);
  id[0] = first << 4;
  id[31] = last;
  return id;
});

it('a peer table gives the nearest peers of any place, as sorting all of them does', () => {
  const ids = fc.uniqueArray(kadId, { maxLength: 60, selector: (id) => Buffer.from(id).toString('hex') });
  fc.assert(
    fc.property(ids, kadId, fc.nat(25), (all, place, count) => {
      const peers = all.map((id, at) => ({ id: `${at}`, kadId: id, addresses: [], lastSeen: 1, self: false }));
      const sorted = [...peers].sort((a, b) => compareDistance(a.kadId, b.kadId, place));
      const table = new PeerTable(peers);
      expect(table.nearest(place, count).map(({ id }) => id)).toEqual(sorted.slice(0, count).map(({ id }) => id));
      expect([table.size, peers.every(({ id }) => table.has(id)), table.has('other')]).toEqual([
        all.length,
        true,
        false,
      ]);
    }),
    { numRuns: 500 },
  );
});
