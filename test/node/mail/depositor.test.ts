import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { pino } from 'pino';
import { Depositor, type DepositorDeps } from '../../../node/mail/depositor.js';
import { sealingKey } from '../../../protocol/mail/index.js';
import { createTrader } from './support.js';

const minute = 60 * 1000;
const DAY = 24 * 60 * minute;
const NOW = Date.UTC(2026, 0, 10);

/** A depositor that knows of nobody who keeps mail. @param learned when the recipient said last where its letters go, by its clock */
function createDepositor(learned: number) {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const clock = { now: NOW };
  const { trader, device } = createTrader(NOW);
  const sealing = sealingKey(new Uint8Array(32).fill(1));
  let reads = 0;
  const profile = { payload: { item: { sealing, mailboxes: [] }, created: learned, device } };
  const depositor = new Depositor({
    network: { peerId: 'self', lookup: () => Promise.resolve([]), directory: { closest: () => [] } },
    networkName: 'test',
    now: () => clock.now,
    logger: pino({ level: 'silent' }),
    traderRecords: { get: () => Promise.resolve((reads++, profile)) },
    contacts: {
      get: () => ({ sealing, mailboxes: [], peers: [], learned }),
      peers: () => ['x'],
      learn: () => undefined,
    },
  } as unknown as DepositorDeps);
  return {
    /** So much time passes. @param ms what the clock shows of it; less where it is set back */
    pass: (time: number, ms = time): void => {
      vi.advanceTimersByTime(time);
      clock.now += ms;
    },
    /** How often the profile was read until a letter was left. */
    readsUntil: async (): Promise<number> => {
      await depositor.deposit(trader, new Uint8Array(100), new AbortController().signal);
      return reads;
    },
  };
}

describe('the profile of a recipient', () => {
  it('is read again after ten minutes, and not before', async () => {
    const { pass, readsUntil } = createDepositor(NOW - DAY);
    expect([await readsUntil(), await readsUntil()]).toEqual([1, 1]);
    pass(9 * minute);
    expect(await readsUntil()).toBe(1);
    pass(2 * minute);
    expect(await readsUntil()).toBe(2);
  });

  it('is not read where the recipient said a moment ago where its letters go', async () => {
    const { pass, readsUntil } = createDepositor(NOW - minute);
    expect(await readsUntil()).toBe(0);
    pass(11 * minute);
    expect(await readsUntil()).toBe(1);
  });

  it('is read again also where the clock was set back meanwhile', async () => {
    const { pass, readsUntil } = createDepositor(NOW - 2 * minute);
    expect(await readsUntil()).toBe(0);
    pass(minute, -DAY);
    expect(await readsUntil()).toBe(1);
    pass(11 * minute, -DAY);
    expect(await readsUntil()).toBe(2);
  });
});
