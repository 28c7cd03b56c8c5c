import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDelegationBook } from '../../../node/identity/index.js';
import {
  createDeviceBook,
  MAX_DELEGATIONS,
  MAX_TRADERS,
  type DeviceBookOptions,
} from '../../../node/identity/device-book.js';
import { rawCodec, type Store } from '../../../node/store/index.js';
import { verifySignature } from '../../../protocol/ed25519.js';
import type { Delegation } from '../../../protocol/identity/delegation.js';
import { nextEpoch } from '../../../protocol/identity/writer.js';
import { LEASE_SKEW } from '../../../protocol/identity/writer.js';
import { signRecord, type SignedRecord, type Signer } from '../../../protocol/record.js';
import { createTrader, DAY, NETWORK, revocationOf, type Trader } from '../mail/support.js';
import { openStore } from '../store/support.js';

const NOW = Date.UTC(2026, 10, 1);

/** With the signature of somebody else. */
function delegationOfSomebody({ delegation, device }: Trader): Uint8Array {
  const trader = new Uint8Array(randomBytes(32));
  const signature = delegation?.signature ?? new Uint8Array();
  const draft = { delegate: device, may: ['trade'], expires: NOW + DAY };
  return signRecord(
    'delegation',
    draft,
    { trader, device: trader, sign: () => signature },
    { network: NETWORK, created: NOW },
  ).bytes;
}

const bookOf = (store: Store, own: Trader, given: Partial<DeviceBookOptions> = {}) =>
  createDeviceBook({
    now: Date.now,
    table: store.table('devices', rawCodec),
    write: (writes) => store.write(writes, { sync: false }),
    network: NETWORK,
    own: own.trader,
    verify: verifySignature,
    ...given,
  });

/** The delegation of a device that was renewed so many half-years after the first one. */
function renewed({ device, root }: Trader, times: number): Uint8Array {
  const created = NOW + times * 183 * DAY;
  const draft = { delegate: device, may: ['publish', 'trade'], expires: created + 365 * DAY };
  return signRecord('delegation', draft, root, { network: NETWORK, created }).bytes;
}

const datesOf = (delegations: readonly SignedRecord<Delegation>[]) =>
  delegations.map(({ payload }) => Math.round((payload.created - NOW) / (183 * DAY)));

describe('delegations', () => {
  it('of own devices are all kept, of others the newest, in whatever order they come and after a restart too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 1 }),
        fc.boolean(),
        async (times, isOwn) => {
          const [own, other] = [createTrader(NOW), createTrader(NOW)];
          const one = isOwn ? own : other;
          const store = await openStore();
          const book = bookOf(store, own);
          // Each comes alone, and all come again.
          for (const time of [...times, ...times]) await book.learn([renewed(one, time)]);
          const again = bookOf(store, own);
          await again.load();
          const sorted = [...times].sort((a, b) => b - a);
          for (const known of [book, again]) {
            expect(datesOf(known.devicesOf(one.trader))).toEqual(sorted.slice(0, 1));
            expect(datesOf(known.delegationsOf(one.trader))).toEqual(isOwn ? sorted : sorted.slice(0, 1));
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it('of one device fill no more than their room, and the newest ones stay', async () => {
    const [own, store] = [createTrader(NOW), await openStore()];
    const book = bookOf(store, own, { verify: () => true });
    const newest = MAX_DELEGATIONS + 3;
    await book.learn(Array.from({ length: newest + 1 }, (_, time) => renewed(own, time)));
    const { records } = await book.learn([renewed(own, 0)]);
    expect(records).toEqual([]);
    const again = bookOf(store, own, { verify: () => true });
    await again.load();
    const kept = Array.from({ length: MAX_DELEGATIONS }, (_, at) => newest - at);
    for (const one of [book, again]) expect(datesOf(one.delegationsOf(own.trader))).toEqual(kept);
  });

  it('that the root of their trader did not sign are never learnt', async () => {
    const [own, thief] = [createTrader(NOW), createTrader(NOW)];
    const book = bookOf(await openStore(), own);
    const draft = { delegate: thief.device, may: ['publish', 'trade'], expires: NOW + DAY };
    const names = { trader: own.trader, device: own.trader };
    const options = { network: NETWORK, created: NOW };
    const forged = [
      signRecord('delegation', draft, { ...thief.root, ...names }, options).bytes,
      signRecord('delegation', draft, { ...own.root, ...names, sign: (message) => own.sign(message) }, options).bytes,
      signRecord('delegation', draft, own.root, { ...options, network: 'other' }).bytes,
    ];
    const { refused } = await book.learn(forged);
    expect(refused.map(({ code }) => code)).toEqual(['RECORD_SIGNATURE', 'RECORD_SIGNATURE', 'RECORD_NETWORK']);
    // That of another trader is no own one.
    await book.learn([renewed(thief, 0)]);
    expect(book.delegationsOf(own.trader)).toEqual([]);
  });

  it('from before a renewal open nothing of a device that was revoked', async () => {
    const [own, store] = [createTrader(NOW), await openStore()];
    const book = bookOf(store, own);
    await book.learn([renewed(own, 1), revocationOf(own, NOW + 200 * DAY), renewed(own, 0)]);
    expect(book.delegationsOf(own.trader)).toHaveLength(2);
    const delegations = createDelegationBook({
      table: store.table('delegations', rawCodec),
      network: NETWORK,
      verify: verifySignature,
      isRevoked: (trader, device) => book.isRevoked(trader, device),
    });
    for (const time of [0, 1])
      expect(() => delegations.read(renewed(own, time))).toThrow(
        expect.objectContaining({ code: 'DELEGATION_REVOKED' }),
      );
  });
});

it('a flood of traders does not make it forget who was revoked of those with whom a contract is under way', async () => {
  const [own, partner, stranger] = [createTrader(NOW), createTrader(NOW), createTrader(NOW)];
  // Ten thousand signatures are made and checked elsewhere.
  const book = bookOf(await openStore(), own, { verify: () => true, needed: () => [partner.trader] });
  const told = ({ delegation }: Trader) => delegation?.bytes ?? new Uint8Array();
  for (const one of [own, partner, stranger]) await book.learn([told(one), revocationOf(one, NOW)]);
  await book.learn(Array.from({ length: MAX_TRADERS }, () => delegationOfSomebody(own)));

  expect(book.isRevoked(partner.trader, partner.device)).toBe(true);
  expect(book.isRevoked(own.trader, own.device)).toBe(true);
  expect(book.knows(stranger.trader)).toBe(false);
});

/** A lease by a device or the root; the book's clock shows NOW where it is not said otherwise. */
function leaseBy(
  by: Signer,
  { epoch = nextEpoch(undefined, NOW), holder = by.device, created = NOW } = {},
): Uint8Array {
  const lease = { epoch, holder, expires: created + DAY, stands: [] };
  return signRecord('writer', lease, by, { network: NETWORK, created, inlineDelegation: true }).bytes;
}

it('a lease that a device signed is no news any more once its delegation has ended, whatever time it claims', async () => {
  const [own, other] = [createTrader(NOW), createTrader(NOW)];
  const clock = { now: NOW };
  const book = bookOf(await openStore(), own, { now: () => clock.now });
  expect((await book.learn([leaseBy(other)])).records).toHaveLength(1);
  clock.now = NOW + 366 * DAY;
  expect((await book.learn([leaseBy(own)])).refused).toMatchObject([{ code: 'DELEGATION_EXPIRED' }]);
  expect((await book.learn([leaseBy(own.root, { holder: own.device })])).records).toHaveLength(1);
});

describe('a stolen machine', () => {
  it('gives its lease no epoch that the root could not exceed, as an own device and as another trader’s', async () => {
    await fc.assert(
      fc.asyncProperty(fc.maxSafeNat(), fc.nat(2 * DAY), fc.boolean(), async (epoch, ahead, isOwn) => {
        const shop = createTrader(NOW);
        const stolen = createTrader(NOW, shop.root);
        const book = bookOf(await openStore(), isOwn ? shop : createTrader(NOW), { now: () => NOW });
        const held = { holder: shop.device };
        await book.learn([leaseBy(shop.root, held)]);
        await book.learn([
          leaseBy(stolen, { epoch }),
          leaseBy(stolen, { epoch: Number.MAX_SAFE_INTEGER }),
          leaseBy(stolen, { created: NOW + ahead, epoch: nextEpoch(undefined, NOW + ahead) }),
        ]);
        const before = book.writerOf(shop.trader)?.payload;
        const taken = leaseBy(shop.root, { ...held, epoch: nextEpoch(before, NOW) });
        expect((await book.learn([taken])).refused).toEqual([]);
        expect(book.writerOf(shop.trader)?.bytes).toEqual(taken);
        // No later than clocks may differ, it counts no more than what the trader signs in its turn.
        expect(before?.epoch).toBeLessThanOrEqual((NOW + LEASE_SKEW) / 1000);
      }),
      { numRuns: 25 },
    );
  });

  it('has claimed nothing any more once it is revoked, in whatever order that comes, and after a restart', async () => {
    const shop = createTrader(NOW);
    const stolen = createTrader(NOW, shop.root);
    const claim = leaseBy(stolen, { epoch: nextEpoch(undefined, NOW) + 500 });
    const taken = leaseBy(shop.root, { holder: shop.device });
    const revocation = revocationOf(stolen, NOW);
    for (const told of [
      [taken, revocation],
      [revocation, taken],
      [taken, revocation, claim],
    ]) {
      const store = await openStore();
      const book = bookOf(store, createTrader(NOW), { now: () => NOW });
      await book.learn([claim]);
      await book.learn(told);
      const again = bookOf(store, createTrader(NOW), { now: () => NOW });
      await again.load();
      for (const one of [book, again]) expect(one.writerOf(shop.trader)?.bytes).toEqual(taken);
    }
  });
});
