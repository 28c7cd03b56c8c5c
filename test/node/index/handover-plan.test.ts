import fc from 'fast-check';
import { expect, it } from 'vitest';
import { noReaches, Places, Receivers, receiversIn, type Change } from '../../../node/index/handover-plan.js';
import { PeerTable } from '../../../node/index/peer-table.js';
import type { PeerRef } from '../../../node/network/index.js';
import { sha256 } from '../../../protocol/hash.js';

const NAMES = Array.from({ length: 12 }, (_, number) => `term:${number}`);
const SELF = 'node-0';

/** A node by its number, seen in one of two address blocks, or behind an address of no block. */
function peer(number: number, block: number): PeerRef {
  const id = `node-${number}`;
  const seenAt = block === 0 ? '/ip4/127.0.0.1/tcp/1' : `/ip4/8.${block}.20.${number}/tcp/1`;
  const kadId = sha256(new TextEncoder().encode(id));
  return { id, kadId, addresses: [], lastSeen: 1, self: id === SELF, seenAt };
}

const place = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(2));

/** Few come, are gone or are seen elsewhere at a time, one is behind, and a name that is held no longer may come back. */
const step = fc.record({
  came: fc.array(place, { maxLength: 2 }),
  gone: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 2 }),
  behind: fc.nat(60),
  held: fc.subarray(NAMES, { minLength: 6 }),
});

it('a new shard is brought to all who hold its name, also where cards stand under it already', () => {
  const table = new PeerTable(Array.from({ length: 30 }, (_, number) => peer(number, 0)));
  const change: Change = { before: table, now: table, behind: new Set() };
  const [alone, mixed] = [0, 1].map(() => new Receivers(change, new Places('test'), SELF, noReaches()));
  const all = alone?.ofNewShard('0/term:kopi') ?? [];
  expect(all.length).toBeGreaterThan(0);
  expect(mixed?.of('0/term:kopi')).toEqual([]);
  expect(mixed?.ofNewShard('0/term:kopi')).toEqual(all);
  expect(mixed?.of('0/term:kopi')).toEqual([]);
});

it('a pass brings to whom a look at all places would bring, whatever came before it', () => {
  const places = new Places('test');
  fc.assert(
    fc.property(fc.array(place, { minLength: 3, maxLength: 40 }), fc.array(step, { maxLength: 6 }), (first, steps) => {
      const peers = new Map(first);
      peers.set(0, 0);
      const table = (): PeerTable => new PeerTable([...peers].map(([number, block]) => peer(number, block)));
      let reaches = noReaches();
      let before = table();
      for (const { came, gone, behind, held } of steps) {
        for (const number of gone) peers.delete(number);
        for (const [number, block] of came) peers.set(number, block);
        const change: Change = { before, now: table(), behind: new Set([`node-${behind}`]) };
        const receivers = new Receivers(change, places, SELF, reaches);
        for (const name of held) {
          const all = places.of(name).flatMap((at) => receiversIn(change, at, SELF).map(({ id }) => id));
          expect(receivers.of(name)).toEqual(all);
        }
        reaches = receivers.reaches;
        before = change.now;
      }
    }),
    { numRuns: 500 },
  );
});
