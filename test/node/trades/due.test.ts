import { describe, expect, it } from 'vitest';
import { dueIn } from '../../../node/trades/due.js';
import { allowed } from '../../../protocol/trade/index.js';
import { STATES } from '../../protocol/trade/states.js';
import { after, agreed, arbitrated, idr, offered, paidAndSeen, received } from '../../protocol/trade/traders.js';

const steps = (state: Parameters<typeof dueIn>[0]) => dueIn(state).map(({ by, step }) => [by, step]);

describe('what is due in a trade', () => {
  it.each(Object.entries(STATES))('can be done by whoever owes it: %s', (_, make) => {
    const state = make();
    for (const { by, step } of dueIn(state)) expect(allowed(state, by), `${by} owes ${step}`).toContain(step);
  });

  it('goes from the answer to the payment, the goods and the approval, each with its deadline', () => {
    expect(dueIn(offered())).toMatchObject([{ by: 'seller', step: 'accept', until: expect.any(Number) as number }]);
    expect(steps(agreed())).toEqual([['buyer', 'paid']]);
    expect(dueIn(agreed())[0]?.amount).toEqual(idr(10_000_000));
    expect(steps(after(agreed(), ['buyer', 'paid']))).toEqual([
      ['seller', 'payment-seen'],
      ['seller', 'shipped'],
    ]);
    expect(dueIn(paidAndSeen())).toMatchObject([{ by: 'seller', step: 'shipped', parts: [{ line: 0, quantity: 2 }] }]);
    expect(steps(received())).toEqual([['buyer', 'approved']]);
    expect(dueIn(after(received(), ['buyer', 'approved']))).toEqual([]);
  });

  it('is the rest where less was paid', () => {
    const short = after(agreed(), ['seller', 'payment-seen', { amount: idr(4_000_000) }]);
    expect(dueIn(short)).toMatchObject([{ by: 'buyer', step: 'paid', amount: idr(6_000_000) }, { step: 'shipped' }]);
  });

  it('is the consent of an arbiter, then its ruling, while there is a dispute', () => {
    const disputed = after(arbitrated(), ['buyer', 'paid'], ['buyer', 'dispute']);
    expect(steps(disputed)).toContainEqual(['arbiter', 'ruling']);
    expect(dueIn(disputed).some(({ step, until }) => step === 'shipped' && until !== undefined)).toBe(false);
  });
});
