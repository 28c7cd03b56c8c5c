import { beforeAll, describe, expect, it } from 'vitest';
import { ratingsOf, readShown, shownOf } from '../../../node/ratings/shown.js';
import { verifySignature } from '../../../protocol/ed25519.js';
import { BEGIN, buyer, NETWORK, seller } from '../trades/log.js';
import { told, type Told } from './told.js';

let one: Told;
let other: Told;
beforeAll(() => {
  one = told(BEGIN);
  other = told(BEGIN + 1_000);
});

const deps: Parameters<typeof readShown>[2] = {
  networkName: NETWORK,
  devices: { isRevoked: () => false },
  verify: verifySignature,
  now: () => BEGIN + 60_000,
};
type Shown = Parameters<typeof readShown>[0];
const read = (shown: Shown, rated = seller.trader, more: Partial<typeof deps> = {}) =>
  readShown(shown, rated, { ...deps, ...more });

describe('ratings that a trader shows', () => {
  it('hold for whoever has not got the log, and tell of the trade only that money or goods came', () => {
    const found = ratingsOf(one.log);
    expect(found).toHaveLength(2);
    for (const rated of [seller, buyer]) {
      const ratings = shownOf(found.filter((each) => each.rated === rated.trader));
      expect(ratings).toHaveLength(1);
      for (const shown of ratings) {
        const { rating, bond, reply, trade, role } = read(shown, rated.trader);
        expect(trade.equals(one.log.trade)).toBe(true);
        expect([rating.payload.stars, role, bond?.payload.kind, reply?.payload.text]).toEqual(
          rated === seller ? [4, 'buyer', 'payment-seen', undefined] : [5, 'seller', 'approved', 'Sama-sama'],
        );
      }
    }
  });

  it('are not shown where the rated side signed nothing that can be', () => {
    const [first] = ratingsOf({
      ...one.log,
      records: one.log.records.filter(({ payload }) => payload.kind !== 'payment-seen'),
    });
    expect(first).toMatchObject({ role: 'buyer', bond: undefined });
    expect(shownOf(first === undefined ? [] : [first])).toEqual([]);
  });

  it.each<[string, () => Shown, string]>([
    ['a bond of another trade', () => ({ rating: one.of('rating'), bond: other.of('payment-seen') }), 'PEER_PROTOCOL'],
    [
      'the rating of the rated itself',
      () => ({ rating: one.of('rating'), bond: one.of('payment-seen') }),
      'PEER_PROTOCOL',
    ],
    ['a bond of whoever rates', () => ({ rating: mine(), bond: one.of('approved') }), 'PEER_PROTOCOL'],
    ['a reply of somebody else', () => ({ ...good(), reply: one.of('reply') }), 'PEER_PROTOCOL'],
    ['a rating that is none', () => ({ ...good(), rating: one.of('paid') }), 'RECORD_KIND'],
    ['what would tell more', () => ({ ...good(), bond: one.of('shipped') }), 'RECORD_KIND'],
    ['a changed byte', () => ({ ...good(), bond: good().bond.map((byte, at) => (at === 40 ? byte ^ 1 : byte)) }), ''],
  ])('are refused with %s', (_, shown, code) => {
    expect(() => read(good())).not.toThrow();
    expect(() => read(shown())).toThrow(
      expect.objectContaining(code === '' ? { name: 'NiagaError' } : { code }) as Error,
    );
  });

  it('are refused from the future, and of a device that was revoked', () => {
    const early = { now: () => BEGIN - 60 * 60_000 };
    expect(() => read(good(), seller.trader, early)).toThrow(expect.objectContaining({ code: 'RECORD_TIME' }) as Error);
    const gone = {
      devices: { isRevoked: (trader: Uint8Array) => trader[0] === buyer.trader[0] },
    };
    expect(() => read(good(), seller.trader, gone)).toThrow(
      expect.objectContaining({ code: 'DELEGATION_REVOKED' }) as Error,
    );
  });
});

/** The buyer's rating. */
function mine(): Uint8Array {
  const found = one.log.records.find(({ payload }) => payload.kind === 'rating');
  return found?.bytes ?? new Uint8Array();
}

function good(): { rating: Uint8Array; bond: Uint8Array } {
  return { rating: mine(), bond: one.of('payment-seen') };
}
