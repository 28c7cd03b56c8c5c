import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbiterFee, WHOLE_SHARE } from '../../../protocol/trade/index.js';
import { idr } from './traders.js';

const offer = { open: true, fees: [idr(500_000), { amount: 300, currency: 'USD' }], languages: ['id'] };

describe('the fee of an arbiter', () => {
  it('is a sum in the currency of the contract, and a share of its total, rounded up', () => {
    expect(arbiterFee(offer, idr(10_000_000))).toEqual(idr(500_000));
    expect(arbiterFee({ ...offer, share: 150 }, idr(10_000_000))).toEqual(idr(650_000));
    expect(arbiterFee({ ...offer, share: 1 }, idr(1))).toEqual(idr(500_001));
    expect(arbiterFee(offer, { amount: 1, currency: 'USD' })).toEqual({ amount: 300, currency: 'USD' });
  });

  it('is none in another currency, while no cases are taken, and beyond what money can be', () => {
    expect(arbiterFee(offer, { amount: 1, currency: 'EUR' })).toBeUndefined();
    expect(arbiterFee({ ...offer, open: false }, idr(1))).toBeUndefined();
    expect(arbiterFee({ ...offer, share: WHOLE_SHARE }, idr(Number.MAX_SAFE_INTEGER))).toBeUndefined();
  });

  it('grows with the total, and is exact where a float is not', () => {
    const total = fc.integer({ min: 0, max: 2 ** 52 });
    fc.assert(
      fc.property(total, fc.nat(WHOLE_SHARE), fc.nat(2 ** 40), (amount, share, flat) => {
        const fee = arbiterFee({ ...offer, fees: [idr(flat)], share }, idr(amount))?.amount ?? -1;
        const part = BigInt(fee) - BigInt(flat);
        const exact = BigInt(amount) * BigInt(share);
        expect(part * BigInt(WHOLE_SHARE) >= exact && (part - 1n) * BigInt(WHOLE_SHARE) < exact).toBe(true);
        const more = arbiterFee({ ...offer, fees: [idr(flat)], share }, idr(amount + 1))?.amount ?? -1;
        expect(more).toBeGreaterThanOrEqual(fee);
      }),
    );
  });
});
