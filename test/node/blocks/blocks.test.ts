import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createBlocks, type Blocks } from '../../../node/blocks/index.js';
import { REFRESH } from '../../../node/blocks/service.js';
import { traderToText } from '../../../protocol/ids.js';
import { openTraders, type Trader } from '../trader-records/support.js';
import { PATIENCE } from '../../support/patience.js';

const keyOf = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);
const textOf = (seed: number): string => traderToText(keyOf(seed));

async function openBlocks({ deps, records }: Trader): Promise<Blocks> {
  const blocks = createBlocks({ ...deps, records });
  await blocks.start();
  onTestFinished(() => blocks.stop());
  return blocks;
}

describe('block lists', () => {
  let sari: Trader;
  let budi: Trader;
  let mine: Blocks;
  let theirs: Blocks;

  beforeEach(async () => {
    [sari, budi] = (await openTraders(3)) as [Trader, Trader];
    mine = await openBlocks(sari);
    theirs = await openBlocks(budi);
  });

  it('block who stands on the own one, also after a restart, until taken off', async () => {
    await mine.add(textOf(1), { reason: 'sold empty boxes' });
    await mine.stop();
    mine = await openBlocks(sari);
    expect([mine.isBlocked(keyOf(1)), mine.isBlocked(keyOf(2))]).toEqual([true, false]);
    expect(mine.blockedBy(keyOf(1))).toEqual({ list: 'own', reason: 'sold empty boxes' });
    expect(() => mine.check(keyOf(1))).toThrow(
      expect.objectContaining({
        code: 'TRADER_BLOCKED',
        next: expect.stringContaining('niaga block remove') as string,
      }),
    );
    expect(mine.list()).toMatchObject({ shared: false, traders: [{ trader: textOf(1), reason: 'sold empty boxes' }] });
    await mine.remove(textOf(1));
    expect(mine.isBlocked(keyOf(1))).toBe(false);
    await expect(mine.remove(textOf(1))).rejects.toMatchObject({ code: 'TRADER_NOT_FOUND' });
  });

  it('refuse oneself and what is no key', async () => {
    await expect(mine.add(sari.identity.traderText)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(mine.subscribe(sari.identity.traderText)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(mine.add('z6Mknobody')).rejects.toMatchObject({ code: 'ID_INVALID', where: 'trader' });
  });

  it('are taken over from others, and say whose list it is that blocks', async () => {
    await expect(theirs.subscribe(sari.identity.traderText)).rejects.toMatchObject({ code: 'TRADER_NOT_FOUND' });
    await mine.add(textOf(1), { reason: 'sold empty boxes' });
    expect(await mine.share()).toMatchObject({ trader: sari.identity.traderText, traders: 1, replicas: 2 });
    expect(await theirs.subscribe(sari.identity.traderText)).toMatchObject({ traders: 1 });
    expect(theirs.blockedBy(keyOf(1))).toEqual({ list: sari.identity.traderText, reason: 'sold empty boxes' });
    expect(() => theirs.check(keyOf(1))).toThrow(sari.identity.traderText);
    // The own list is the one to mend first.
    await theirs.add(textOf(1));
    expect(theirs.blockedBy(keyOf(1))?.list).toBe('own');
    await theirs.remove(textOf(1));
    await theirs.unsubscribe(sari.identity.traderText);
    expect(theirs.isBlocked(keyOf(1))).toBe(false);
  });

  it('follow the lists subscribed to: at a start and every day', async () => {
    await mine.share();
    await theirs.subscribe(sari.identity.traderText);
    await mine.add(textOf(1));
    // A change of a shared list goes out by itself.
    await vi.waitFor(() => expect(sari.records.own('block-list')?.payload.item.traders).toHaveLength(1), PATIENCE);
    await vi.waitFor(async () => {
      const found = await budi.records.get(sari.identity.trader, 'block-list');
      expect(found?.payload.seq).toBe(2);
    }, PATIENCE);
    await theirs.stop();
    budi.clock.now += REFRESH;
    vi.useFakeTimers({ toFake: ['setTimeout'], shouldAdvanceTime: true });
    onTestFinished(() => void vi.useRealTimers());
    theirs = await openBlocks(budi);
    expect(theirs.isBlocked(keyOf(1))).toBe(false);
    await vi.advanceTimersByTimeAsync(6_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(theirs.isBlocked(keyOf(1))).toBe(true), PATIENCE);
  });

  it('never let a list of others make the own goods vanish', async () => {
    await mine.add(budi.identity.traderText);
    await mine.share();
    await theirs.subscribe(sari.identity.traderText);
    expect(theirs.isBlocked(budi.identity.trader)).toBe(false);
  });

  it('count as they were while their owner and the nodes around cannot be reached', async () => {
    await mine.add(textOf(1));
    await mine.share();
    await theirs.subscribe(sari.identity.traderText);
    await theirs.stop();
    await budi.network.stop();
    budi.clock.now += REFRESH;
    theirs = await openBlocks(budi);
    expect(theirs.isBlocked(keyOf(1))).toBe(true);
    expect(theirs.list().subscriptions).toMatchObject([{ trader: sari.identity.traderText, traders: 1 }]);
  });
});
