import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { limitsOf, Spending } from '../../../cli/mcp/spending.js';
import { folderWith } from '../cli.js';

const hour = 60 * 60 * 1000;
const idr = (amount: number, trade?: string) => ({ trade, money: { amount: amount * 100, currency: 'IDR' } });
const SPENDING_LIMIT = { code: 'SPENDING_LIMIT' };

it('two agents at once, whatever they ask for, never get more in a day than the limit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 }), async (amounts) => {
      await using folder = await folderWith();
      const limits = limitsOf(['50 IDR'], ['100 IDR']);
      const agents = [1, 2].map(() => new Spending(join(folder.path, 'spending'), limits));
      const asked = amounts.map(async (amount, at) => {
        await agents[at % 2]?.reserve(idr(amount));
        return amount;
      });
      const granted = (await Promise.allSettled(asked)).flatMap((one) =>
        one.status === 'fulfilled' ? [one.value] : [],
      );
      expect(granted.reduce((sum, amount) => sum + amount, 0)).toBeLessThanOrEqual(100);
      expect(granted.every((amount) => amount <= 50)).toBe(true);
      if (amounts.length === 1) expect(granted).toEqual(amounts.filter((amount) => amount <= 50));
    }),
    { numRuns: 15 },
  );
});

it('counts a trade once however many steps it takes, the most that was agreed on', async () => {
  await using folder = await folderWith();
  const spending = new Spending(join(folder.path, 'spending'), limitsOf([], ['100 IDR']));
  const offered = await spending.reserve(idr(60));
  await offered.settle('T1');
  await spending.reserve(idr(80, 'T1'));
  await spending.reserve(idr(80, 'T1'));
  await expect(spending.check(idr(101, 'T1'))).rejects.toMatchObject(SPENDING_LIMIT);
  await spending.check(idr(20, 'T2'));
  await expect(spending.reserve(idr(21, 'T2'))).rejects.toMatchObject(SPENDING_LIMIT);
  // What was refused takes no room.
  await spending.reserve(idr(20, 'T3'));
});

it('forgets after a day and gives back what was refused, and keeps the file to its owner', async () => {
  await using folder = await folderWith();
  const path = join(folder.path, 'spending');
  let now = 1_000 * hour;
  const spending = new Spending(path, limitsOf(['100 IDR'], []), () => now);
  const refused = await spending.reserve(idr(100));
  await expect(spending.reserve(idr(1))).rejects.toMatchObject(SPENDING_LIMIT);
  await refused.settle(null);
  await spending.reserve(idr(100, 'T1'));
  // A line that a crash cut.
  await appendFile(path, '{"id":"half');
  await expect(spending.check(idr(1))).rejects.toMatchObject({
    ...SPENDING_LIMIT,
    details: { limit: { amount: '10000', currency: 'IDR' }, spent: { amount: '10000', currency: 'IDR' } },
  });
  now += 23 * hour;
  await expect(spending.check(idr(1))).rejects.toMatchObject(SPENDING_LIMIT);
  now += 2 * hour;
  await spending.reserve(idr(100));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('allows nothing in a currency that no limit names, and refuses one named twice', async () => {
  await using folder = await folderWith();
  const spending = new Spending(join(folder.path, 'spending'), limitsOf(['100 IDR'], []));
  await expect(spending.check({ trade: undefined, money: { amount: 1, currency: 'USD' } })).rejects.toMatchObject({
    ...SPENDING_LIMIT,
    message: expect.stringContaining('0 USD in one trade') as string,
  });
  expect(() => limitsOf(['1 IDR', '2 IDR'], [])).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
});
