import { expect, it, vi } from 'vitest';
import { CapsuleKeeper, type CapsuleKeeperDeps } from '../../../node/devices/capsule-keeper.js';
import { openCapsule, recoveryKeys } from '../../../protocol/identity/capsule.js';
import { PATIENCE } from '../../support/patience.js';
import { buyer, Log } from '../trades/log.js';

const HOUR = 60 * 60 * 1000;
const keys = recoveryKeys(new Uint8Array(32).fill(7));

/** A seller's machine, and what it has brought out. */
function open({ delay = HOUR, mayWrite = (): boolean => true } = {}) {
  const published: Uint8Array[] = [];
  const trades: object[] = [];
  const listeners = new Set<() => void>();
  const deps = {
    identity: { delegation: { payload: { recovery: keys.publicKey } } },
    trades: {
      heads: () => trades[Symbol.iterator](),
      onChange: (listener: () => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    traderRecords: {
      own: () => undefined,
      publish: (_: string, { sealed }: { sealed: Uint8Array }) => Promise.resolve(void published.push(sealed)),
    },
    mayWrite,
    delay,
    now: Date.now,
    logger: { warn: () => undefined },
  };
  const begin = (): void => {
    const offer = [...new Log().offer(false).records.values()][0];
    if (offer === undefined) throw new Error('no offer');
    const { id } = offer;
    const counterparty = buyer.trader;
    trades.push({ id: String(id), counterparty, role: 'seller', heads: [id], ended: false, updated: 1, messages: 1 });
    for (const listener of listeners) listener();
  };
  const listed = () => published.map((sealed) => openCapsule(sealed, keys.secretKey).trades.length);
  return { keeper: new CapsuleKeeper(deps as unknown as CapsuleKeeperDeps), begin, listed };
}

it('a trade that began a moment before its machine stopped is in the list of open trades', async () => {
  const { keeper, begin, listed } = open();
  keeper.start();
  begin();
  await keeper.stop();
  expect(listed()).toEqual([1]);
  // What was brought out is not brought out again.
  keeper.start();
  await keeper.stop();
  expect(listed()).toEqual([1]);
});

it('what changed while a machine did not write is in the list of open trades once it does', async () => {
  const can = { write: false };
  const { keeper, begin, listed } = open({ delay: 10, mayWrite: () => can.write });
  keeper.start();
  begin();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(listed()).toEqual([]);
  can.write = true;
  await vi.waitFor(() => expect(listed()).toEqual([1]), PATIENCE);
  await keeper.stop();
});
