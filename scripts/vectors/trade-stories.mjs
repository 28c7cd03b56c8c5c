import { CREATED, day, KEYS } from './keys.mjs';
import { nobody, SIGNERS, Story, termsBy, third as stranger } from './stories.mjs';

/** The trades of trade-states.json. Each row says what it must come to; where it does not, nothing is written. */

const hour = 60 * 60 * 1000;
const idr = (amount) => ({ amount, currency: 'IDR' });
const EXPIRED = CREATED + day + hour;
const dear = (role) => ({ fields: { terms: termsBy(role, { shipping: idr(3_000_000), total: idr(20_000_000) }) } });
const subject = { fields: { terms: termsBy('seller', { stock: 'subject-to-stock' }) } };

/** Terms that name an arbiter. */
const arbitrated = {
  fields: {
    terms: termsBy('buyer', { arbiter: { trader: KEYS.stranger.publicKey, offer: nobody, fee: idr(500_000) } }),
  },
};
/** When a deadline that runs has passed. */
const passed = (story) => ({ created: story.state.deadlines[0].at + hour });
const ONE = { fields: { parts: [{ line: 0, quantity: 1 }] } };
const HALF = { fields: { refund: idr(9_500_000) } };
const BACK = { fields: { refund: idr(19_000_000), return: [{ line: 0, quantity: 2 }] } };

/** Steps `[role, kind, options]` one after the other. */
const tell =
  (...steps) =>
  () => {
    const story = new Story();
    for (const [role, kind, options] of steps) {
      story.step(role, kind, typeof options === 'function' ? options(story) : options);
    }
    return story;
  };

const OFFER = ['buyer', 'offer'];
const ACCEPT = ['seller', 'accept'];
const PAID = ['buyer', 'paid'];
const SEEN = ['seller', 'payment-seen'];
const SHIPPED = ['seller', 'shipped'];
const RECEIVED = ['buyer', 'received'];
const APPROVED = ['buyer', 'approved'];
const BOUGHT = [['buyer', 'offer', arbitrated], ACCEPT, ['arbiter', 'consent'], PAID, SEEN, SHIPPED, RECEIVED];
const DISPUTED = [...BOUGHT, ['buyer', 'dispute']];

/** Steps of which none saw another, after those before them. */
const crossing =
  (before, ...steps) =>
  () => {
    const story = tell(...before)();
    const seen = story.state;
    for (const [role, kind, options = {}] of steps) story.step(role, kind, { seen, ...options });
    return story;
  };

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
  [
    'the seller saw half of it',
    'paid',
    tell(OFFER, ACCEPT, PAID, ['seller', 'payment-seen', { fields: { amount: idr(9_500_000) } }]),
  ],
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

/** `[description, code of the refused message, word of the rest, tale]` */
export const REFUSED = [
  ['no offer at all', 'TRADE_HEADS', undefined, () => ({ records: tell(OFFER, ACCEPT)().records.slice(1) })],
  [
    'an offer to oneself',
    'TRADE_OWN_LISTING',
    undefined,
    tell(['buyer', 'offer', { fields: { seller: SIGNERS.buyer.trader } }]),
  ],
  ['an offer between two others', 'TRADE_ROLE', undefined, tell(['buyer', 'offer', { signer: stranger }])],
  [
    'a total that is not the sum',
    'TRADE_TERMS',
    undefined,
    tell(['buyer', 'offer', { fields: { terms: termsBy('buyer', { total: idr(1) }) } }]),
  ],
  [
    'a sum beyond 2^53 that would round onto the total',
    'TRADE_TERMS',
    undefined,
    tell(['buyer', 'offer', { fields: { terms: tooMuch() } }]),
  ],
  [
    'shipping in another currency',
    'TRADE_TERMS',
    undefined,
    tell([
      'buyer',
      'offer',
      { fields: { terms: termsBy('buyer', { shipping: { amount: 2_000_000, currency: 'USD' } }) } },
    ]),
  ],
  [
    'an offer that is over when it is made',
    'TRADE_TERMS',
    undefined,
    tell(['buyer', 'offer', { fields: { terms: termsBy('buyer', { expires: CREATED }) } }]),
  ],
  [
    'a buyer who promises stock',
    'TRADE_TERMS',
    undefined,
    tell(['buyer', 'offer', { fields: { terms: termsBy('seller') } }]),
  ],
  [
    'a seller who promises none',
    'TRADE_TERMS',
    undefined,
    tell(['seller', 'offer', { fields: { terms: termsBy('buyer') } }]),
  ],
  ['a second offer in one log', 'TRADE_HEADS', 'offered', secondOffer],
  ['a stranger’s accept', 'TRADE_ROLE', 'offered', tell(OFFER, ['seller', 'accept', { signer: stranger }])],
  ['an accept of one’s own offer', 'TRADE_TURN', 'offered', tell(OFFER, ['buyer', 'accept'])],
  ['a withdrawal of the other side’s offer', 'TRADE_TURN', 'offered', tell(OFFER, ['seller', 'withdraw'])],
  [
    'an accept after the offer has expired',
    'TRADE_EXPIRED',
    'offered',
    tell(OFFER, ['seller', 'accept', { created: CREATED + day + 1 }]),
  ],
  [
    'an accept of something that is no proposal',
    'TRADE_HEADS',
    'offered',
    tell(OFFER, ['seller', 'accept', { answers: nobody }]),
  ],
  [
    'an accept of a proposal that was answered',
    'TRADE_STATE',
    'countered',
    tell(
      OFFER,
      ['seller', 'counter'],
      ['buyer', 'counter', dear('buyer')],
      ['seller', 'accept', (story) => ({ answers: story.records[0].id })],
    ),
  ],
  ['an accept after a decline', 'TRADE_STATE', 'declined', tell(OFFER, ['seller', 'decline'], ACCEPT)],
  [
    'a timeout within the ten minutes after the deadline',
    'TRADE_STATE',
    'offered',
    tell(OFFER, ['buyer', 'timeout', { created: CREATED + day + 10 * 60_000 }]),
  ],
  [
    'a timeout of a deadline that does not run',
    'TRADE_STATE',
    'offered',
    tell(OFFER, ['buyer', 'timeout', { created: EXPIRED, fields: { deadline: 'delivery' } }]),
  ],
  ['a payment before there is a contract', 'TRADE_STATE', 'offered', tell(OFFER, PAID)],
  ['a payment said by the seller', 'TRADE_ROLE', 'accepted', tell(OFFER, ACCEPT, ['seller', 'paid'])],
  [
    'a payment of nothing',
    'TRADE_TERMS',
    'accepted',
    tell(OFFER, ACCEPT, ['buyer', 'paid', { fields: { amount: idr(0) } }]),
  ],
  [
    'a payment in another currency',
    'TRADE_TERMS',
    'accepted',
    tell(OFFER, ACCEPT, ['buyer', 'paid', { fields: { amount: { amount: 1, currency: 'USD' } } }]),
  ],
  ['a second payment while the first is unseen', 'TRADE_STATE', 'paid', tell(OFFER, ACCEPT, PAID, PAID)],
  ['money seen by the buyer', 'TRADE_ROLE', 'accepted', tell(OFFER, ACCEPT, ['buyer', 'payment-seen'])],
  [
    'money seen that is not more than before',
    'TRADE_STATE',
    'paid',
    tell(
      OFFER,
      ACCEPT,
      ['seller', 'payment-seen', { fields: { amount: idr(5) } }],
      ['seller', 'payment-seen', { fields: { amount: idr(5) } }],
    ),
  ],
  ['shipped by the buyer', 'TRADE_ROLE', 'accepted', tell(OFFER, ACCEPT, ['buyer', 'shipped'])],
  ['shipped twice', 'TRADE_STATE', 'shipped', tell(OFFER, ACCEPT, SHIPPED, SHIPPED)],
  ['received before it was shipped', 'TRADE_STATE', 'accepted', tell(OFFER, ACCEPT, RECEIVED)],
  [
    'a second proposal to cancel',
    'TRADE_STATE',
    'paid',
    tell(OFFER, ACCEPT, PAID, ['buyer', 'cancel'], ['buyer', 'cancel']),
  ],
  [
    'a cancel of a completed trade',
    'TRADE_STATE',
    'completed',
    tell(OFFER, ACCEPT, SEEN, SHIPPED, APPROVED, ['buyer', 'cancel']),
  ],
  [
    'three of two pieces shipped',
    'TRADE_STATE',
    'accepted',
    tell(OFFER, ACCEPT, ['seller', 'shipped', { fields: { parts: [{ line: 0, quantity: 3 }] } }]),
  ],
  [
    'a part of a line that there is not',
    'TRADE_TERMS',
    'accepted',
    tell(OFFER, ACCEPT, ['seller', 'shipped', { fields: { parts: [{ line: 1, quantity: 1 }] } }]),
  ],
  [
    'a code that nobody committed to',
    'TRADE_TERMS',
    'accepted',
    tell(OFFER, ACCEPT, ['seller', 'shipped', { fields: { code: { salt: new Uint8Array(16), value: '4711' } } }]),
  ],
  ['an arbiter that no terms name', 'TRADE_ROLE', 'accepted', tell(OFFER, ACCEPT, ['arbiter', 'consent'])],
  [
    'a seller who is its own arbiter',
    'TRADE_TERMS',
    undefined,
    tell([
      'buyer',
      'offer',
      { fields: { terms: termsBy('buyer', { arbiter: { trader: KEYS.sari.publicKey, offer: nobody, fee: idr(0) } }) } },
    ]),
  ],
  [
    'an address that the seller commits to',
    'TRADE_TERMS',
    undefined,
    tell([
      'seller',
      'offer',
      { fields: { terms: termsBy('seller', { delivery: { method: 'shipping', address: new Uint8Array(32) } }) } },
    ]),
  ],
  ['a dispute while nothing is at stake', 'TRADE_STATE', 'accepted', tell(OFFER, ACCEPT, ['buyer', 'dispute'])],
  ['a ruling without a dispute', 'TRADE_STATE', 'received', tell(...BOUGHT, ['arbiter', 'ruling'])],
  ['a ruling by a side', 'TRADE_ROLE', 'disputed', tell(...DISPUTED, ['seller', 'ruling'])],
  [
    'a ruling on more than was to be paid',
    'TRADE_TERMS',
    'disputed',
    tell(...DISPUTED, ['arbiter', 'ruling', { fields: { refund: idr(19_000_001) } }]),
  ],
  [
    'a second ruling',
    'TRADE_STATE',
    'refund-due',
    tell(...DISPUTED, ['arbiter', 'ruling', HALF], ['arbiter', 'ruling']),
  ],
  ['a remedy that changes nothing', 'TRADE_TERMS', 'received', tell(...BOUGHT, ['buyer', 'remedy'])],
  [
    'a second remedy of the same side',
    'TRADE_TURN',
    'received',
    tell(...BOUGHT, ['buyer', 'remedy', HALF], ['buyer', 'remedy', HALF]),
  ],
  ['a rating before the end', 'TRADE_STATE', 'received', tell(...BOUGHT, ['buyer', 'rating'])],
  ['a second rating', 'TRADE_STATE', 'completed', tell(...BOUGHT, APPROVED, ['buyer', 'rating'], ['buyer', 'rating'])],
  ['a reply to no rating', 'TRADE_STATE', 'completed', tell(...BOUGHT, APPROVED, ['buyer', 'reply'])],
  ['a head that is not in the list', 'TRADE_HEADS', 'offered', () => dropped(tell(OFFER, ACCEPT, PAID)(), 1)],
  [
    'heads out of order',
    'TRADE_HEADS',
    'shipped',
    () => withHeads(crossing([OFFER, ACCEPT], PAID, SHIPPED)(), (heads) => heads.toReversed()),
  ],
  [
    'a head that comes before another',
    'TRADE_HEADS',
    'accepted',
    () => withHeads(tell(OFFER, ACCEPT)(), (heads, story) => [...heads, story.records[0].id].sort(byBytes)),
  ],
  ['a head twice', 'TRADE_HEADS', 'accepted', () => withHeads(tell(OFFER, ACCEPT)(), ([head]) => [head, head])],
  [
    'a message of another trade',
    'TRADE_HEADS',
    'offered',
    tell(OFFER, ['seller', 'decline', { fields: { trade: nobody } }]),
  ],
].map(([description, code, word, tale]) => ({ description, code, word, tell: tale }));

function byBytes(a, b) {
  return Buffer.compare(Buffer.from(a.bytes), Buffer.from(b.bytes));
}

function tooMuch() {
  const [line] = termsBy('buyer').lines;
  const most = idr(Number.MAX_SAFE_INTEGER);
  return termsBy('buyer', { lines: [{ ...line, quantity: 1, price: most }], shipping: idr(1), total: most });
}

/** Of two offers in one list, the one with the smaller id opens the trade; the other is no message of it. */
function secondOffer() {
  const story = tell(OFFER)();
  const other = tell(['buyer', 'offer', { created: CREATED + 1 }])();
  return { records: [...story.records, ...other.records] };
}

function dropped({ records }, place) {
  return { records: records.filter((_, at) => at !== place) };
}

/** Ends a story with the seller's cancel, which names other heads than it should. */
function withHeads(story, change) {
  const heads = story.state.heads;
  story.step('seller', 'cancel', { heads: change([...heads], story) });
  return story;
}
