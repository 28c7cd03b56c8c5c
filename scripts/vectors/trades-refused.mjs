import { CREATED, day, KEYS } from './keys.mjs';
import { nobody, SIGNERS, termsBy, third as stranger } from './stories.mjs';
import {
  ACCEPT,
  APPROVED,
  BOUGHT,
  DISPUTED,
  EXPIRED,
  HALF,
  OFFER,
  PAID,
  RECEIVED,
  SEEN,
  SHIPPED,
  crossing,
  dear,
  idr,
  tell,
} from './trade-steps.mjs';

/** Trades with a message that is refused: `[description, code of the refused message, word of the rest, tale]` */
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
  [
    'less money seen than before, in answer to a claim',
    'TRADE_STATE',
    'paid',
    tell(OFFER, ACCEPT, ['seller', 'payment-seen', { fields: { amount: idr(5) } }], PAID, [
      'seller',
      'payment-seen',
      { fields: { amount: idr(4) } },
    ]),
  ],
  [
    'a second claim before the first after a part is answered',
    'TRADE_STATE',
    'paid',
    tell(OFFER, ACCEPT, ['seller', 'payment-seen', { fields: { amount: idr(5) } }], PAID, PAID),
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
