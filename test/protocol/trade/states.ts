import type { TradeState } from '../../../protocol/trade/index.js';
import {
  after,
  agreed,
  arbitrated,
  crossed,
  idr,
  offered,
  paidAndSeen,
  received,
  type StepOptions,
} from './traders.js';

const ONE: StepOptions = { fields: { parts: [{ line: 0, quantity: 1 }] } };
const BACK: StepOptions = { fields: { return: [{ line: 0, quantity: 2 }], refund: idr(10_000_000) } };
const disputed = () => after(received(arbitrated()), ['buyer', 'dispute']);
const ruled = (fields: object) => after(disputed(), ['arbiter', 'ruling', { fields: { ...fields } }]);
const lapsedShort = () => after(agreed(), ['seller', 'payment-seen', { amount: idr(1) }], ['seller', 'timeout']);
const returning = () => after(received(), ['buyer', 'remedy', BACK], ['seller', 'remedy-accept']);

/** One trade for each row of the table: at least one for every word. */
export const STATES: Readonly<Record<string, () => TradeState>> = {
  'offered by buyer': offered,
  'offered by seller': () => after(undefined, ['seller', 'offer']),
  'countered by seller': () => after(offered(), ['seller', 'counter']),
  'countered by buyer': () => after(offered(), ['seller', 'counter'], ['buyer', 'counter']),
  unconfirmed: () =>
    after(undefined, ['seller', 'offer', { terms: { stock: 'subject-to-stock' } }], ['buyer', 'accept']),
  accepted: agreed,
  'accepted with an arbiter': () =>
    after(undefined, ['buyer', 'offer', { terms: arbitersTerms() }], ['seller', 'accept']),
  paid: () => after(agreed(), ['buyer', 'paid']),
  'paid short': () => after(agreed(), ['seller', 'payment-seen', { amount: idr(1) }]),
  'paid short, and claimed again': () =>
    after(agreed(), ['seller', 'payment-seen', { amount: idr(1) }], ['buyer', 'paid']),
  'paid, cancel proposed by buyer': () => after(agreed(), ['buyer', 'paid'], ['buyer', 'cancel']),
  'payment-confirmed': () => after(agreed(), ['seller', 'payment-seen']),
  'payment-confirmed, over': () => after(agreed(), ['seller', 'payment-seen', { amount: idr(12_000_000) }]),
  'payment-confirmed and late': () => after(paidAndSeen(), ['buyer', 'timeout']),
  'partly-shipped': () => after(paidAndSeen(), ['seller', 'shipped', ONE]),
  'shipped unpaid': () => after(agreed(), ['seller', 'shipped']),
  'shipped and claimed': () => after(agreed(), ['buyer', 'paid'], ['seller', 'shipped']),
  'shipped and seen': () => after(agreed(), ['seller', 'payment-seen'], ['seller', 'shipped']),
  'received unpaid': () => after(agreed(), ['seller', 'shipped'], ['buyer', 'received']),
  'received and claimed': () => after(agreed(), ['seller', 'shipped'], ['buyer', 'received'], ['buyer', 'paid']),
  'received and paid': () => received(),
  'received, remedy of the buyer': () => after(received(), ['buyer', 'remedy']),
  'received and approved, unpaid': () => after(agreed(), ['seller', 'shipped'], ['buyer', 'approved']),
  completed: () => after(received(), ['buyer', 'approved']),
  'completed and rated by buyer': () => after(received(), ['buyer', 'approved'], ['buyer', 'rating']),
  'completed by silence': () => after(received(), ['seller', 'timeout']),
  'completed by silence, on the way': () => after(paidAndSeen(), ['seller', 'shipped'], ['seller', 'timeout']),
  declined: () => after(offered(), ['seller', 'decline']),
  withdrawn: () => after(offered(), ['buyer', 'withdraw']),
  expired: () => after(offered(), ['seller', 'timeout']),
  lapsed: () => after(agreed(), ['seller', 'timeout']),
  'cancelled without contract': () => after(offered(), ['seller', 'cancel']),
  'cancelled with contract': () => after(agreed(), ['buyer', 'cancel']),
  'refund-due': () => crossed(agreed(), ['buyer', 'paid'], ['seller', 'cancel']),
  'refund-due, claimed': () =>
    after(crossed(agreed(), ['buyer', 'paid'], ['seller', 'cancel']), ['seller', 'refunded']),
  'refund-due, lapsed with a part paid': lapsedShort,
  'refund-due, lapsed, and a part of it went back': () =>
    after(
      agreed(),
      ['seller', 'payment-seen', { amount: idr(10) }],
      ['seller', 'timeout'],
      ['seller', 'refunded', { amount: idr(5) }],
    ),
  'paid late after a part': () => after(lapsedShort(), ['buyer', 'paid']),
  'return-due': () => crossed(agreed(), ['buyer', 'cancel'], ['seller', 'shipped']),
  'return-due, returned': () =>
    after(crossed(agreed(), ['buyer', 'cancel'], ['seller', 'shipped']), ['buyer', 'returned']),
  'refund-due and return-due': returning,
  'disputed before payment': () => crossed(offered(), ['seller', 'accept'], ['seller', 'decline']),
  'disputed by buyer': disputed,
  'disputed by buyer, remedy of the seller': () => after(disputed(), ['seller', 'remedy']),
  'disputed without arbiter': () => after(received(), ['seller', 'dispute']),
  'refund-due by ruling': () => ruled({ refund: idr(5_000_000) }),
  'partly-shipped by ruling': () => ruled({ replace: [{ line: 0, quantity: 1 }] }),
  'completed by ruling': () => ruled({}),
  'received after a withdrawn dispute': () => after(disputed(), ['buyer', 'dispute-withdrawn']),
  'disputed, and the arbiter did not consent': () =>
    after(
      undefined,
      ['buyer', 'offer', { terms: arbitersTerms() }],
      ['seller', 'accept'],
      ['buyer', 'paid'],
      ['buyer', 'dispute'],
    ),
  'disputed and frozen after payment': () =>
    after(crossed(offered(), ['seller', 'accept'], ['seller', 'decline']), [
      'seller',
      'payment-seen',
      { amount: idr(1) },
    ]),
  'unresolved before delivery': () =>
    after(agreed(), ['seller', 'payment-seen', { amount: idr(1) }], ['buyer', 'dispute'], ['buyer', 'timeout']),
  unresolved: () => after(disputed(), ['seller', 'timeout']),
};

function arbitersTerms() {
  const { agreement } = arbitrated();
  return agreement?.terms.arbiter === undefined ? {} : { arbiter: agreement.terms.arbiter };
}
