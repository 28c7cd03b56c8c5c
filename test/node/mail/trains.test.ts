import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { blobId } from '../../../protocol/ids.js';
import { inTrains } from '../../../node/mail/trains.js';

const trades = [1, 2, 3].map((one) => blobId(new Uint8Array([one])));
const parcel = fc.record(
  { kind: fc.constantFrom('trade', 'chat', 'receipt'), about: fc.constantFrom(...trades) },
  { requiredKeys: ['kind'] },
);

it('parcels about one trade follow each other, and what is about none follows all', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(parcel, fc.nat(2)), { maxLength: 12 }), async (drawn) => {
      const parcels = drawn.map(([one, pause], at) => ({ ...one, pause, at }));
      const begun: number[] = [];
      const ended: number[] = [];
      const results = await inTrains(parcels, async ({ at, pause, kind, about }) => {
        if (kind !== 'receipt') {
          const before = parcels.filter((one) => one.at < at && one.kind !== 'receipt');
          const awaited = before.filter((one) => about === undefined || one.about === undefined || one.about === about);
          expect(ended).toEqual(expect.arrayContaining(awaited.map((one) => one.at)));
        }
        begun.push(at);
        await sleep(pause);
        ended.push(at);
        return at;
      });
      expect(results).toEqual(parcels.map(({ at }) => at));
      expect(begun).toHaveLength(parcels.length);
    }),
    { numRuns: 60 },
  ));

it('trades do not wait for each other', async () => {
  let together = 0;
  const parcels = trades.map((about) => ({ kind: 'trade', about }));
  let all: () => void = () => undefined;
  const met = new Promise<void>((resolve) => (all = resolve));
  await inTrains(parcels, async () => {
    if (++together === trades.length) all();
    await met;
  });
  expect(together).toBe(trades.length);
});

it('says what failed once nothing runs any more', async () => {
  const ended: number[] = [];
  const parcels = trades.map((about, at) => ({ kind: 'trade', about, at }));
  const taking = inTrains(parcels, async ({ at }) => {
    if (at === 0) throw new Error('no disk');
    await sleep(5 * at);
    ended.push(at);
  });
  await expect(taking).rejects.toThrow('no disk');
  expect(ended).toEqual([1, 2]);
});
