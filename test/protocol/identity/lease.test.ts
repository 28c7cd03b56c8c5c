import fc from 'fast-check';
import type { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { CLOCK_SKEW } from '../../../protocol/clock.js';
import { isNiagaError } from '../../../protocol/errors.js';
import { MAX_CAPSULE_TRADES, openCapsule, recoveryKeys, sealCapsule } from '../../../protocol/identity/capsule.js';
import { standsIn, type Stands } from '../../../protocol/identity/stands.js';
import {
  compareLeases,
  epochObjection,
  LEASE_SKEW,
  leaseObjection,
  nextEpoch,
} from '../../../protocol/identity/writer.js';
import { recordId } from '../../../protocol/ids.js';

const id = (number: number): CID => recordId(Uint8Array.of(0x18, number));
const key = (number: number): Uint8Array => new Uint8Array(32).fill(number);
const [ROOT, SHOP, PHONE, TILL] = [key(1), key(2), key(3), key(4)];
const NOW = Date.UTC(2027, 0, 1);
const DAY = 24 * 60 * 60 * 1000;

interface Given {
  epoch?: number;
  device?: Uint8Array;
  holder?: Uint8Array;
  expires?: number;
  created?: number;
  previous?: CID;
}

function lease(number: number, given: Given = {}) {
  const { previous, ...rest } = given;
  const payload = { epoch: 1, trader: ROOT, device: ROOT, holder: SHOP, expires: NOW + DAY, created: NOW, ...rest };
  return { id: id(number), payload: { ...payload, ...(previous && { previous }) } };
}

describe('a writer’s lease', () => {
  const held = lease(1);

  it('is handed over by its holder, taken by another device only once it is over, and by the root at any time', () => {
    const next = { epoch: 2, holder: PHONE, previous: held.id };
    expect(leaseObjection(lease(2, { ...next, device: SHOP }), held)).toBeUndefined();
    expect(leaseObjection(lease(2, { ...next, device: PHONE }), held)).toContain('neither the holder nor the root');
    const over = { ...next, device: PHONE, created: NOW + DAY + CLOCK_SKEW };
    expect(leaseObjection(lease(2, over), held)).toBeDefined();
    expect(leaseObjection(lease(2, { ...over, created: over.created + 1 }), held)).toBeUndefined();
    expect(leaseObjection(lease(2, { ...next, device: ROOT }), held)).toBeUndefined();
  });

  it('is renewed by its holder alone, and for itself alone', () => {
    const longer = { expires: NOW + 2 * DAY };
    expect(leaseObjection(lease(2, { ...longer, device: SHOP }), held)).toBeUndefined();
    expect(leaseObjection(lease(2, { ...longer, device: PHONE }), held)).toContain('only its holder');
    expect(leaseObjection(lease(2, { ...longer, device: SHOP, holder: TILL }), held)).toContain('only its holder');
  });

  it('counts the same everywhere, whatever the order in which leases came', () => {
    const leases = fc.array(
      fc.record({
        epoch: fc.integer({ min: 0, max: 3 }),
        device: fc.constantFrom(ROOT, SHOP, PHONE),
        expires: fc.integer({ min: NOW, max: NOW + 3 }),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(leases, fc.integer(), (given, seed) => {
        const all = given.map((one, at) => lease(at, one));
        const newest = (some: typeof all) => some.reduce((a, b) => (compareLeases(b, a) > 0 ? b : a)).id.toString();
        const shuffled = [...all].sort((a, b) => ((a.id.bytes[10] ?? 0) ^ seed) - ((b.id.bytes[10] ?? 0) ^ seed));
        expect(newest(shuffled)).toBe(newest(all));
      }),
    );
  });

  it('has a higher epoch than the one before, and than every earlier one that the root cannot know', () => {
    fc.assert(
      fc.property(fc.nat(4_000_000_000), fc.nat(4_000_000_000), (epoch, seconds) => {
        const next = nextEpoch({ epoch }, seconds * 1000);
        expect(next).toBeGreaterThan(epoch);
        expect(next).toBeGreaterThanOrEqual(seconds);
      }),
    );
  });

  it('of a device has no epoch that lies ahead of the clock, so that the root always has a higher one', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: NOW, max: 2 * NOW }), (epoch, now) => {
        const claim = lease(2, { epoch, device: PHONE });
        const counts = epochObjection(claim, now) === undefined;
        expect(counts).toBe(epoch <= (now + LEASE_SKEW) / 1000);
        const taken = lease(3, { epoch: nextEpoch(counts ? claim.payload : undefined, now) });
        expect(Number.isSafeInteger(taken.payload.epoch)).toBe(true);
        expect(epochObjection(taken, now)).toBeUndefined();
        if (counts) expect(compareLeases(taken, claim)).toBeGreaterThan(0);
      }),
    );
  });
});

describe('what stands of a device that signs no more', () => {
  // 0 ← 1 ← 2 ← 3, and 4 beside 2.
  const heads = new Map(
    [
      [0, []],
      [1, [0]],
      [2, [1]],
      [3, [2]],
      [4, [1]],
    ].map(([at, named]) => [id(at as number).toString(), (named as number[]).map(id)]),
  );
  const headsOf = (name: string) => heads.get(name);
  const trade = id(0);
  const stands = (message: number, lists: readonly Stands[]) => standsIn(id(message), { trade, lists, headsOf });

  it('is the last message that is named, and all before it', () => {
    const lists = [[{ trade, last: id(2) }]];
    expect([0, 1, 2, 3, 4].map((message) => stands(message, lists))).toEqual([true, true, true, false, false]);
  });

  it('is nothing in trades that are not named, and more with every further statement', () => {
    expect([0, 1, 2].map((message) => stands(message, [[{ trade: id(9), last: id(2) }]]))).toEqual([
      false,
      false,
      false,
    ]);
    const both = [[{ trade, last: id(2) }], [{ trade, last: id(4) }]];
    expect([2, 3, 4].map((message) => stands(message, both))).toEqual([true, false, true]);
  });

  it('cannot be told before its last message is there, but for the offer that opens the trade', () => {
    const lists = [[{ trade, last: id(77) }]];
    expect([0, 1].map((message) => stands(message, lists))).toEqual([true, false]);
  });
});

describe('a capsule', () => {
  const recovery = recoveryKeys(key(7));
  const one = (number: number) => ({ trade: id(number % 256), counterparty: PHONE, role: 'seller', heads: [id(1)] });
  const content = (trades: number) => ({
    counter: 5,
    as: NOW,
    trades: Array.from({ length: trades }, (_, at) => one(at)),
    omitted: 0,
  });

  it('opens with the words’ key and no other, and tells by its size no more than one of four', () => {
    const sizes = new Set<number>();
    for (const trades of [0, 1, 5, 30, 100, 300]) {
      const sealed = sealCapsule(content(trades), recovery.publicKey, key(9));
      sizes.add(sealed.length);
      expect(openCapsule(sealed, recovery.secretKey)).toEqual(content(trades));
      expect(() => openCapsule(sealed, key(8))).toThrow(expect.objectContaining({ code: 'CAPSULE_INVALID' }));
    }
    expect(sizes.size).toBeLessThanOrEqual(4);
  });

  it('refuses every changed byte', () => {
    const sealed = sealCapsule(content(2), recovery.publicKey, key(9));
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = sealed.slice();
        changed[at] = (changed[at] ?? 0) ^ mask;
        try {
          openCapsule(changed, recovery.secretKey);
          return false;
        } catch (error) {
          // The highest bit of an X25519 key does not count (RFC 7748), but it is part of the nonce.
          return isNiagaError(error, 'CAPSULE_INVALID');
        }
      }),
    );
  });

  it('says how many trades had no room', () => {
    const opened = openCapsule(
      sealCapsule(content(MAX_CAPSULE_TRADES + 7), recovery.publicKey, key(9)),
      recovery.secretKey,
    );
    expect(opened.trades.length).toBeGreaterThan(200);
    expect(opened.trades.length + opened.omitted).toBe(MAX_CAPSULE_TRADES + 7);
  });

  it('opens, and lists every trade, where the other side of one has forked its log without end', () => {
    const forked = { ...one(1), heads: Array.from({ length: 500 }, (_, at) => id(at % 256)) };
    const all = { ...content(20), trades: [forked, ...content(19).trades] };
    const opened = openCapsule(sealCapsule(all, recovery.publicKey, key(9)), recovery.secretKey);
    expect(opened.trades.slice(1)).toEqual(all.trades.slice(1));
    expect(opened.trades[0]).toEqual({ ...forked, heads: forked.heads.slice(0, 64) });
    expect(opened.omitted).toBe(0);
  });
});
