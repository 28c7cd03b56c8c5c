import {
  ACCEPT,
  APPROVED,
  BACK,
  BOUGHT,
  DISPUTED,
  EXPIRED,
  HALF,
  OFFER,
  ONE,
  PAID,
  RECEIVED,
  SEEN,
  SHIPPED,
  crossing,
  dear,
  hour,
  idr,
  passed,
  subject,
  tell,
} from './trade-steps.mjs';

const HALF_SEEN = ['seller', 'payment-seen', { fields: { amount: idr(9_500_000) } }];
const REST = ['buyer', 'paid', { fields: { amount: idr(9_500_000) } }];

/** Trades that stand. Each row says what it must come to; where it does not, nothing is written. */
export const TOLD = [
  ['an offer', 'offered', tell(OFFER)],
  ['a seller’s offer', 'offered', tell(['seller', 'offer'])],
  ['a counter-offer', 'countered', tell(OFFER, ['seller', 'counter'])],
  [
    'a counter-offer to a counter-offer',
    'countered',
    tell(OFFER, ['seller', 'counter'], ['buyer', 'counter', dear('buyer')]),
  ],
  ['an accept', 'accepted', tell(OFFER, ACCEPT)],
  ['an accept of a counter-offer', 'accepted', tell(OFFER, ['seller', 'counter', dear('seller')], ['buyer', 'accept'])],
  ['a decline', 'declined', tell(OFFER, ['seller', 'decline'])],
  ['a withdrawal', 'withdrawn', tell(OFFER, ['buyer', 'withdraw'])],
  ['a timeout', 'expired', tell(OFFER, ['buyer', 'timeout', { created: EXPIRED }])],
  ['an accept that crosses a withdrawal wins', 'accepted', crossing([OFFER], ['buyer', 'withdraw'], ACCEPT)],
  [
    'an accept that crosses a timeout wins',
    'accepted',
    crossing([OFFER], ['buyer', 'timeout', { created: EXPIRED }], ACCEPT),
  ],
  [
    'goods subject to stock, accepted by the buyer',
    'unconfirmed',
    tell(['seller', 'offer', subject], ['buyer', 'accept']),
  ],
  [
    'goods subject to stock, confirmed by the seller',
    'accepted',
    tell(['seller', 'offer', subject], ['buyer', 'accept'], ACCEPT),
  ],
  ['the buyer says to have paid', 'paid', tell(OFFER, ACCEPT, PAID)],
  ['the seller saw half of it', 'paid', tell(OFFER, ACCEPT, PAID, HALF_SEEN)],
  ['the buyer says to have paid the other half', 'paid', tell(OFFER, ACCEPT, PAID, HALF_SEEN, REST)],
  ['the seller answers that no more came', 'paid', tell(OFFER, ACCEPT, PAID, HALF_SEEN, REST, HALF_SEEN)],
  ['half of it is seen before the claim is', 'paid', crossing([OFFER, ACCEPT], PAID, HALF_SEEN)],
  ['the seller saw the money, which nobody had spoken of', 'payment-confirmed', tell(OFFER, ACCEPT, SEEN)],
  ['shipped', 'shipped', tell(OFFER, ACCEPT, PAID, SEEN, SHIPPED)],
  ['cash on delivery: received before it is paid', 'received', tell(OFFER, ACCEPT, SHIPPED, RECEIVED)],
  ['a whole trade', 'completed', tell(OFFER, ACCEPT, PAID, SEEN, SHIPPED, RECEIVED, APPROVED)],
  ['a whole trade, paid on delivery', 'completed', tell(OFFER, ACCEPT, SHIPPED, APPROVED, SEEN)],
  ['received, and still to be inspected', 'received', tell(OFFER, ACCEPT, PAID, SEEN, SHIPPED, RECEIVED)],
  ['the inspection runs out', 'completed', tell(...BOUGHT, ['seller', 'timeout', passed])],
  [
    'a dispute that crosses the end of the inspection',
    'disputed',
    () => {
      const story = tell(...BOUGHT)();
      const seen = story.state;
      story.step('seller', 'timeout', { seen, created: seen.deadlines[0].at + hour });
      story.step('buyer', 'dispute', { seen });
      return story;
    },
  ],
  ['one of two pieces shipped', 'partly-shipped', tell(OFFER, ACCEPT, SEEN, ['seller', 'shipped', ONE])],
  [
    'both pieces shipped, one after the other',
    'shipped',
    tell(OFFER, ACCEPT, SEEN, ['seller', 'shipped', ONE], SHIPPED),
  ],
  ['a contract that was not paid in time', 'lapsed', tell(OFFER, ACCEPT, ['seller', 'timeout', passed])],
  ['a payment opens it again', 'paid', tell(OFFER, ACCEPT, ['seller', 'timeout', passed], PAID)],
  [
    'what was not shipped in time, the buyer cancels alone',
    'refund-due',
    tell(OFFER, ACCEPT, SEEN, ['buyer', 'timeout', passed], ['buyer', 'cancel']),
  ],
  [
    'more money came than was due, and is no reason to wait',
    'completed',
    tell(OFFER, ACCEPT, ['seller', 'payment-seen', { fields: { amount: idr(20_000_000) } }], SHIPPED, APPROVED),
  ],
  [
    'a refund in part, agreed and paid back',
    'completed',
    tell(
      ...BOUGHT,
      ['buyer', 'remedy', HALF],
      ['seller', 'remedy-accept'],
      APPROVED,
      ['seller', 'refunded'],
      ['buyer', 'refund-seen'],
    ),
  ],
  ['a return that was agreed', 'refund-due', tell(...BOUGHT, ['buyer', 'remedy', BACK], ['seller', 'remedy-accept'])],
  [
    'a return, done by both',
    'completed',
    tell(
      ...BOUGHT,
      ['buyer', 'remedy', BACK],
      ['seller', 'remedy-accept'],
      ['buyer', 'returned'],
      ['seller', 'return-seen'],
      ['seller', 'refunded'],
      ['buyer', 'refund-seen'],
    ),
  ],
  ['a remedy that was declined', 'received', tell(...BOUGHT, ['buyer', 'remedy', HALF], ['seller', 'remedy-decline'])],
  ['a dispute', 'disputed', tell(...DISPUTED, ['seller', 'statement'], ['arbiter', 'statement'])],
  ['a ruling that splits', 'refund-due', tell(...DISPUTED, ['arbiter', 'ruling', HALF])],
  ['a dispute that the arbiter dismisses', 'completed', tell(...DISPUTED, ['arbiter', 'ruling'])],
  ['a dispute that nobody rules on', 'unresolved', tell(...DISPUTED, ['seller', 'timeout', passed])],
  [
    'what was ruled is not done',
    'unresolved',
    tell(...DISPUTED, ['arbiter', 'ruling', HALF], ['buyer', 'timeout', passed]),
  ],
  ['a dispute that is taken back', 'received', tell(...DISPUTED, ['buyer', 'dispute-withdrawn'])],
  [
    'ratings by both, and a reply',
    'completed',
    tell(...BOUGHT, APPROVED, ['buyer', 'rating'], ['seller', 'rating'], ['seller', 'reply']),
  ],
  ['paying and shipping cross', 'shipped', crossing([OFFER, ACCEPT], PAID, SHIPPED)],
  ['a cancel before anything was paid or shipped', 'cancelled', tell(OFFER, ACCEPT, ['seller', 'cancel'])],
  ['a cancel after the payment only proposes', 'paid', tell(OFFER, ACCEPT, PAID, ['buyer', 'cancel'])],
  [
    'a cancel of both after the payment',
    'refund-due',
    tell(OFFER, ACCEPT, PAID, ['buyer', 'cancel'], ['seller', 'cancel']),
  ],
  ['a cancel that crosses a payment', 'refund-due', crossing([OFFER, ACCEPT], ['seller', 'cancel'], PAID)],
  ['a cancel that crosses a parcel', 'return-due', crossing([OFFER, ACCEPT], ['buyer', 'cancel'], SHIPPED)],
  [
    'the offerer forks: the proposal that was accepted is the contract',
    'accepted',
    () => {
      const story = tell(OFFER, ['seller', 'counter'])();
      const seen = story.state;
      const first = story.step('buyer', 'counter', { seen });
      story.step('buyer', 'counter', { seen, ...dear('buyer') });
      story.step('seller', 'accept', { answers: first.id });
      return story;
    },
  ],
  ['the accepter forks: accept and decline of one offer', 'disputed', crossing([OFFER], ACCEPT, ['seller', 'decline'])],
].map(([description, word, tale]) => ({ description, word, tell: tale }));
