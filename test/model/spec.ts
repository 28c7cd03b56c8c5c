import { equalBytes } from '../../protocol/ids.js';
import { opens } from '../../protocol/private.js';
import { encodeUtf8 } from '../../protocol/utf8.js';
import {
  DEADLINE_GRACE,
  isSide,
  WORDS,
  type MessageKind,
  type Role,
  type TradeMessage,
  type TradePayload,
  type TradeState,
} from '../../protocol/trade/index.js';
import type { Amounts, Parts } from '../../protocol/trade/index.js';
import { meaningOf } from './canonical.js';

/**
 * What must hold of every message that a machine takes, written apart from the machine: it reads none of its rules, only what the
 * message says and the states before and after.
 */

const BOTH = ['buyer', 'seller'] as const;
/** DESIGN section 6, and the roles of issue 4. */
export const WHO: Readonly<Record<MessageKind, readonly Role[]>> = {
  offer: BOTH,
  counter: BOTH,
  accept: BOTH,
  decline: BOTH,
  withdraw: BOTH,
  timeout: BOTH,
  cancel: BOTH,
  paid: ['buyer'],
  'payment-seen': ['seller'],
  refunded: ['seller'],
  'refund-seen': ['buyer'],
  shipped: ['seller'],
  received: ['buyer'],
  approved: ['buyer'],
  returned: ['buyer'],
  'return-seen': ['seller'],
  consent: ['arbiter'],
  remedy: BOTH,
  'remedy-accept': BOTH,
  'remedy-decline': BOTH,
  dispute: BOTH,
  'dispute-withdrawn': BOTH,
  statement: ['buyer', 'seller', 'arbiter'],
  ruling: ['arbiter'],
  rating: BOTH,
  reply: BOTH,
};

/** Steps that may change what a trade has ended as: what was on its way, what is to the other side's good, and what is said of the end. */
const AFTER_THE_END: ReadonlySet<MessageKind> = new Set<MessageKind>([
  'payment-seen',
  'paid',
  'shipped',
  'received',
  'refunded',
  'refund-seen',
  'returned',
  'return-seen',
  'approved',
]);

type Terms = Extract<TradePayload, { kind: 'offer' }>['terms'];

/** What is wrong with a message that was taken; undefined where nothing is. */
export function wrongWith(
  before: TradeState | undefined,
  after: TradeState,
  { payload }: TradeMessage,
  role: Role,
): string | undefined {
  if (!WHO[payload.kind].includes(role)) return `a ${role} sent "${payload.kind}"`;
  if (payload.kind === 'offer' || payload.kind === 'counter') {
    const wrong = wrongTerms(payload.terms, role, after, before, payload.created);
    if (wrong !== undefined) return wrong;
  }
  if (before === undefined) return undefined;
  return (
    wrongContent(before, payload, role) ??
    wrongMoment(before, payload.kind, role) ??
    wrongFacts(before, after) ??
    wrongEnd(before, after, payload.kind, role) ??
    (payload.kind !== 'statement' && meaningOf(before) === meaningOf(after)
      ? `"${payload.kind}" says nothing new`
      : undefined)
  );
}

function wrongTerms(
  terms: Terms,
  role: Role,
  { parties }: TradeState,
  before: TradeState | undefined,
  created: number,
): string | undefined {
  const sum = terms.lines.reduce(
    (so, { quantity, price }) => so + quantity * price.amount,
    terms.shipping?.amount ?? 0,
  );
  if (sum !== terms.total.amount || terms.expires <= created) return 'the terms do not add up';
  const arbiter = terms.arbiter?.trader;
  if (arbiter !== undefined && (equalBytes(arbiter, parties.buyer) || equalBytes(arbiter, parties.seller)))
    return 'a side is its own arbiter';
  if (role === 'buyer') return undefined;
  const answered = before?.contract.status === 'open' ? before.contract.last.terms.delivery?.address : undefined;
  const address = terms.delivery?.address;
  const foreign = address !== undefined && (answered === undefined || !equalBytes(address, answered));
  return foreign ? 'the seller commits to an address of the buyer' : undefined;
}

function wrongContent(before: TradeState, payload: TradePayload, role: Role): string | undefined {
  switch (payload.kind) {
    case 'counter':
    case 'accept':
    case 'decline':
    case 'withdraw': {
      const open = before.contract.status === 'open' ? before.contract.open : [];
      const answered = open.find(({ id }) => id.equals(payload.answers));
      if (answered === undefined) return 'what it answers is not open';
      if ((answered.by === role) !== (payload.kind === 'withdraw')) return 'it answers the wrong side';
      if (payload.kind !== 'accept') return undefined;
      if (payload.created > answered.expires) return 'the proposal had expired';
      return role === 'seller' && payload.address !== undefined
        ? 'the seller commits to an address of the buyer'
        : undefined;
    }
    case 'paid':
    case 'payment-seen':
    case 'refunded':
    case 'refund-seen': {
      const { amount, currency } = payload.amount;
      if (amount <= 0 || currency !== before.total.currency) return 'the amount is none of this contract';
      const facts = {
        paid: undefined,
        'payment-seen': before.payment.seen,
        refunded: before.payment.refunded,
        'refund-seen': before.payment.refundSeen,
      };
      const said = facts[payload.kind];
      if (said === undefined || amount > said.amount) return undefined;
      // Whoever is asked whether more came may say that it did not.
      const isAnswer = payload.kind === 'payment-seen' && before.payment.status === 'claimed';
      return isAnswer && amount === said.amount ? undefined : 'the amount was said before';
    }
    case 'shipped':
    case 'received':
    case 'returned':
    case 'return-seen':
      return wrongParts(before, payload);
    case 'timeout': {
      const running = before.deadlines.find(({ deadline }) => deadline === payload.deadline);
      if (running === undefined) return 'the deadline does not run';
      return payload.created <= running.at + DEADLINE_GRACE ? 'the deadline has not passed' : undefined;
    }
    case 'remedy':
    case 'ruling':
      return wrongRemedy(before, payload, payload.kind === 'remedy');
    case 'dispute':
      return payload.wants === undefined ? undefined : wrongRemedy(before, payload.wants, false);
    case 'remedy-accept':
    case 'remedy-decline': {
      const theirs = before.remedies.find(({ id, by }) => id.equals(payload.answers) && by !== role);
      return theirs === undefined ? 'what it answers is no open remedy of the other side' : undefined;
    }
    default:
      return undefined;
  }
}

function sum(amounts: Amounts | undefined): number {
  return (amounts ?? []).reduce((so, amount) => so + amount, 0);
}

function pieces(parts: Parts | undefined): number {
  return (parts ?? []).reduce((so, { quantity }) => so + quantity, 0);
}

function wrongParts(
  before: TradeState,
  payload: Extract<TradePayload, { kind: 'shipped' | 'received' | 'returned' | 'return-seen' }>,
): string | undefined {
  const { goods } = before.delivery;
  if (goods === undefined) return 'there is no contract';
  const left = {
    shipped: sum(goods.required) - sum(goods.shipped),
    received: sum(goods.shipped) - sum(goods.received),
    returned: sum(goods.returning) - Math.max(sum(goods.returned), sum(goods.returnSeen)),
    'return-seen': sum(goods.returning) - sum(goods.returnSeen),
  }[payload.kind];
  const unknown = payload.parts?.some(({ line }) => goods.ordered[line] === undefined) === true;
  if (left <= 0 || unknown || pieces(payload.parts) > left) return 'there is less left of it';
  if (payload.kind !== 'shipped' || payload.code === undefined) return undefined;
  const commitment = before.agreement?.terms.delivery?.code;
  const { salt, value } = payload.code;
  return commitment === undefined || !opens(commitment, salt, encodeUtf8(value))
    ? 'the code is not the buyer’s'
    : undefined;
}

type Change = {
  readonly refund?: { amount: number; currency: string } | undefined;
  readonly return?: Parts | undefined;
  readonly replace?: Parts | undefined;
  readonly omit?: Parts | undefined;
};

function wrongRemedy(
  before: TradeState,
  { refund, return: back, replace, omit }: Change,
  mustAsk: boolean,
): string | undefined {
  const { goods } = before.delivery;
  if (goods === undefined) return 'there is no contract';
  if (mustAsk && pieces(back) + pieces(replace) + pieces(omit) === 0 && refund === undefined)
    return 'a remedy asks for nothing';
  const price = before.contract.status === 'agreed' ? (before.payment.price?.amount ?? 0) : Infinity;
  if (refund !== undefined && refund.amount > price) return 'more is refunded than is to be paid';
  if (pieces(back) > sum(goods.shipped)) return 'more comes back than was sent';
  return pieces(omit) > Math.max(0, sum(goods.required) - sum(goods.shipped))
    ? 'more is left out than is to be sent'
    : undefined;
}

/** Whose turn it is, and what a step needs to make sense: by the state before it. */
function wrongMoment(before: TradeState, kind: MessageKind, role: Role): string | undefined {
  const { contract, dispute, delivery, payment, agreement, remedies, consent, ratings, cancelProposedBy } = before;
  const negotiating: readonly MessageKind[] = ['counter', 'accept', 'decline', 'withdraw'];
  if (negotiating.includes(kind))
    return contract.status === 'open' ? undefined : `"${kind}" where nothing is negotiated`;
  if (kind === 'cancel') {
    if (isSide(role) && cancelProposedBy.includes(role)) return 'it proposed to cancel already';
    if (contract.status !== 'open' && contract.status !== 'agreed') return 'what has ended is cancelled';
    return dispute.status === 'open' || dispute.status === 'ruled' || dispute.status === 'unresolved'
      ? 'what is in the arbiter’s hands is cancelled'
      : undefined;
  }
  if (kind === 'timeout') return undefined;
  if (agreement === undefined) return `"${kind}" without a contract`;
  const begun =
    payment.claims.length > 0 ||
    payment.seen !== undefined ||
    delivery.shipped.length > 0 ||
    dispute.conflicts.length > 0;
  const owed = WORDS[before.word].phase === 'owed';
  const atStake = contract.status === 'agreed' ? begun : owed;
  const frozen = dispute.conflicts.length > 0 && dispute.status !== 'ruled';
  switch (kind) {
    case 'shipped':
      return frozen || dispute.status === 'unresolved' ? 'goods go out where nobody knows the contract' : undefined;
    case 'paid':
      if (frozen || dispute.status === 'unresolved') return 'money goes out where nobody knows the contract';
      return contract.status === 'completed' || contract.status === 'cancelled'
        ? 'something is paid for a trade that has ended'
        : ['claimed', 'seen', 'over', 'not-due'].includes(payment.status)
          ? 'what was paid is claimed again'
          : payment.owed !== undefined &&
              (contract.status !== 'lapsed' || payment.refunded !== undefined || payment.refundSeen !== undefined)
            ? 'something is paid that has to go back'
            : undefined;
    case 'payment-seen':
      return contract.status === 'completed'
        ? 'money is seen after the end'
        : payment.status === 'not-due'
          ? 'money is seen that nobody was to pay'
          : undefined;
    case 'refunded':
      return owed || payment.owed !== undefined
        ? payment.status === 'refund-seen' || payment.status === 'seen'
          ? 'what came back is sent back again'
          : undefined
        : 'what is not owed is sent back';
    case 'refund-seen':
      return payment.owed === undefined
        ? 'what is not owed came back'
        : payment.status === 'refund-seen' || payment.status === 'seen'
          ? 'what came back came back again'
          : undefined;
    case 'approved':
      if (contract.status !== 'agreed') return 'what has ended is approved';
      return delivery.shipped.length === 0 || sum(delivery.goods?.shipped) < sum(delivery.goods?.required)
        ? 'something is approved that was not sent'
        : dispute.status === 'open' || dispute.status === 'frozen' || dispute.status === 'unresolved'
          ? 'what is contested is approved'
          : undefined;
    case 'received':
      return contract.status === 'lapsed' || contract.status === 'completed'
        ? 'something is received after the end'
        : undefined;
    case 'consent':
      return consent === undefined ? undefined : 'it consented already';
    case 'remedy':
      if (contract.status !== 'agreed' || !atStake) return 'a remedy where nothing is at stake';
      if (dispute.status === 'ruled' || dispute.status === 'unresolved' || frozen) return 'a remedy after a ruling';
      return remedies.some(({ by }) => by === role) ? 'two remedies of one side are open' : undefined;
    case 'dispute':
      if (!atStake) return 'a dispute where nothing is at stake';
      if (remedies.some(({ by }) => by === role)) return 'a dispute instead of waiting for the answer';
      return ['open', 'ruled', 'unresolved'].includes(dispute.status) ? 'a second dispute' : undefined;
    case 'dispute-withdrawn':
      return isSide(role) && dispute.by.includes(role) ? undefined : 'it has no dispute to withdraw';
    case 'statement':
    case 'ruling':
      if (dispute.status !== 'open') return `"${kind}" where nothing is disputed`;
      return role === 'arbiter' && consent === undefined ? 'an arbiter that did not consent speaks' : undefined;
    case 'remedy-accept':
    case 'remedy-decline':
      return contract.status === 'agreed' ? undefined : 'a remedy of what has ended is answered';
    case 'rating':
      if (WORDS[before.word].phase !== 'final') return 'a rating before the end';
      return isSide(role) && ratings[role] !== undefined ? 'a second rating' : undefined;
    case 'reply': {
      const rating = role === 'buyer' ? ratings.seller : ratings.buyer;
      return rating === undefined || rating.reply !== undefined ? 'a reply to nothing' : undefined;
    }
    default:
      return undefined;
  }
}

/** Monotone: what was said to have happened has happened, and nothing is more than there is. */
function wrongFacts(before: TradeState, after: TradeState): string | undefined {
  const money = (state: TradeState) =>
    [state.payment.seen, state.payment.refunded, state.payment.refundSeen].map((one) => one?.amount ?? 0);
  if (money(after).some((amount, place) => amount < (money(before)[place] ?? 0))) return 'money that was seen is gone';
  const [was, is] = [before.delivery, after.delivery];
  if (
    is.shipped.length < was.shipped.length ||
    is.received.length < was.received.length ||
    is.released.length < was.released.length
  )
    return 'a delivery is gone';
  const grows = ['shipped', 'received', 'signed', 'returnSeen'] as const;
  const { goods } = is;
  if (was.goods !== undefined && goods !== undefined) {
    const earlier = was.goods;
    if (grows.some((fact) => goods[fact].some((amount, unit) => amount < (earlier[fact][unit] ?? 0))))
      return 'goods that were there are gone';
  }
  if (goods !== undefined && (sum(goods.received) > sum(goods.shipped) || sum(goods.returnSeen) > sum(goods.shipped)))
    return 'more came than was sent';
  if (before.agreement !== undefined && after.agreement?.accept.equals(before.agreement.accept) !== true)
    return 'another contract took the place of the one there was';
  return undefined;
}

/** What is over stays over, but for what was on its way; and nobody ends a trade to its own good alone. */
function wrongEnd(before: TradeState, after: TradeState, kind: MessageKind, role: Role): string | undefined {
  const final = WORDS[before.word].phase === 'final';
  if (final && !AFTER_THE_END.has(kind) && after.word !== before.word) return `"${kind}" opens again what is over`;
  if (before.contract.status === 'completed' && after.contract.status !== 'completed')
    return 'a completed trade is undone';
  if (after.contract.status === 'completed' && (after.payment.seen?.amount ?? 0) < (after.payment.price?.amount ?? 0))
    return 'a trade is completed without its money';
  const wentBack = (before.payment.refunded ?? before.payment.refundSeen) !== undefined;
  if (before.contract.status === 'lapsed' && wentBack && after.contract.status !== 'lapsed')
    return 'a contract opens again of which money went back';
  const ends = !final && after.contract.status === 'cancelled' && before.contract.status === 'agreed';
  if (
    ends &&
    role === 'buyer' &&
    before.delivery.shipped.length > 0 &&
    !before.delivery.late &&
    !before.cancelProposedBy.includes('seller')
  )
    return 'the buyer alone cancels what was sent';
  return undefined;
}
