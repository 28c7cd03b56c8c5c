// The ways that trades go in a crash run: each a list of moments, each moment one step or several that both sides take at once.
import { oneOf } from '../lib/random.mjs';

const buyer = (kind, operation, input = {}) => ({ by: 'buyer', kind, operation, input });
const seller = (kind, operation, input = {}) => ({ by: 'seller', kind, operation, input });

const accept = [seller('accept', 'tradeAccept')];
const pay = [buyer('paid', 'tradePay', { reference: 'BCA 0412' })];
const confirm = [seller('payment-seen', 'tradeConfirm')];
const ship = [seller('shipped', 'tradeShip', { tracking: 'JNE 778812' })];
const receive = [buyer('received', 'tradeReceive')];
const approve = [buyer('approved', 'tradeApprove')];
const delivered = [pay, confirm, ship, receive, approve];

/** What each ends as, and whether its goods are sold then; without `ends` the crossing decides. */
const PLANS = [
  { name: 'plain', moments: [accept, ...delivered], ends: 'completed', sells: true },
  {
    name: 'bargained',
    moments: [
      [seller('counter', 'tradeCounter', { price: '80000 IDR' })],
      [buyer('counter', 'tradeCounter', { price: '78000 IDR' })],
      accept,
      ...delivered,
    ],
    ends: 'completed',
    sells: true,
  },
  {
    name: 'countered',
    moments: [
      [seller('counter', 'tradeCounter', { price: '81000 IDR' })],
      [buyer('accept', 'tradeAccept')],
      ...delivered,
    ],
    ends: 'completed',
    sells: true,
  },
  { name: 'declined', moments: [[seller('decline', 'tradeDecline', { reason: 'Habis' })]], ends: 'declined' },
  { name: 'withdrawn', moments: [[buyer('withdraw', 'tradeWithdraw')]], ends: 'withdrawn' },
  { name: 'cancelled', moments: [accept, [buyer('cancel', 'tradeCancel')]], ends: 'cancelled' },
  {
    name: 'refunded',
    moments: [
      accept,
      pay,
      confirm,
      [seller('cancel', 'tradeCancel')],
      [buyer('cancel', 'tradeCancel')],
      [seller('refunded', 'tradeRefund')],
      [buyer('refund-seen', 'tradeRefund', { seen: true })],
    ],
    ends: 'cancelled',
  },
  {
    name: 'remedied',
    moments: [
      accept,
      pay,
      confirm,
      ship,
      receive,
      [buyer('remedy', 'tradeRemedy', { refund: '20000 IDR', reason: 'Satu rusak' })],
      [seller('remedy-accept', 'tradeRemedyAccept')],
      [seller('refunded', 'tradeRefund')],
      [buyer('refund-seen', 'tradeRefund', { seen: true })],
      approve,
    ],
    ends: 'completed',
    sells: true,
  },
  {
    name: 'rated',
    moments: [
      accept,
      ...delivered,
      [buyer('rating', 'tradeRate', { stars: 5 }), seller('rating', 'tradeRate', { stars: 4 })],
      [seller('reply', 'tradeReply', { text: 'Terima kasih' })],
    ],
    ends: 'completed',
    sells: true,
  },
  { name: 'accept ∥ withdraw', moments: [[...accept, buyer('withdraw', 'tradeWithdraw')]] },
  { name: 'pay ∥ cancel', moments: [accept, [...pay, seller('cancel', 'tradeCancel')]] },
];

/** What is done to a trade whose steps have crossed, so that nothing stands open: in each state the first that was not done. */
export const WINDING_UP = {
  accepted: [seller('cancel', 'tradeCancel')],
  paid: [seller('cancel', 'tradeCancel'), buyer('cancel', 'tradeCancel')],
  'refund-due': [seller('refunded', 'tradeRefund'), buyer('refund-seen', 'tradeRefund', { seen: true })],
};
export const ENDS = new Set(['cancelled', 'withdrawn', 'declined']);

/** Common ways of trading come more often. */
const WEIGHTS = { plain: 4, bargained: 2, countered: 2, remedied: 2, rated: 2 };
const DRAWN = PLANS.flatMap((plan) => Array.from({ length: WEIGHTS[plan.name] ?? 1 }, () => plan));

/** Steps of plans in which both sides act at once may be refused: the other was first. */
export const isCrossing = (moment) => moment.length > 1 && moment.some(({ kind }) => kind !== moment[0].kind);

/** A way of trading, and how many pieces. */
export function drawPlan(next) {
  return { plan: oneOf(DRAWN, next), quantity: 1 + Math.floor(next() * 3) };
}

/** The first of each way, for runs that are too short to draw them all. */
export const firstPlans = (count) => PLANS.slice(0, count).map((plan) => ({ plan, quantity: 1 }));
