import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { DEADLINE_GRACE, type DeadlineName } from './deadlines.js';
import { leftFor } from './guards/parts.js';
import type { Remedy } from './messages/dispute.js';
import { isNone, partsOf, type Parts } from './parts.js';
import { isSide, otherSide, type Parties, type Role, type Side } from './roles.js';
import { RULES, type Rules } from './rules.js';
import type { MessageKind, TradePayload } from './schema.js';
import { allowed, nextHeads, type TradeState } from './state.js';
import { DEFAULT_DURATIONS, type StockPromise, type Terms } from './terms.js';

/** A way of taking a step. */
export interface Step {
  readonly role: Role;
  readonly kind: MessageKind;
  /** What tells it from the other ways, for people; empty for the usual one. */
  readonly way: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The trade that checkers walk: two pieces at 50, an arbiter, and deadlines that are all over when a timeout is made. */
const WALKED = {
  pieces: 2,
  price: 50,
  expires: 1_000_000,
  made: 1,
} as const;
const TOTAL = WALKED.pieces * WALKED.price;

const WALKERS: Parties & { arbiter: Uint8Array } = {
  buyer: new Uint8Array(32).fill(1),
  seller: new Uint8Array(32).fill(2),
  arbiter: new Uint8Array(32).fill(3),
};

const money = (amount: number) => ({ amount, currency: 'IDR' });
const NOTHING = CID.createV1(0x71, Digest.create(0x12, new Uint8Array(32)));

export function walkedTerms(side: Side, stock: StockPromise): Terms {
  return {
    lines: [{ listing: NOTHING, slot: 'listing/x', title: 'x', quantity: WALKED.pieces, price: money(WALKED.price) }],
    total: money(TOTAL),
    settlement: { method: 'direct' },
    deadlines: DEFAULT_DURATIONS,
    arbiter: { trader: WALKERS.arbiter, offer: NOTHING, fee: money(1) },
    expires: WALKED.expires,
    ...(side === 'seller' ? { stock } : {}),
  };
}

/** Every way of every step that a role may take in a state, of the trade that is walked; each is valid there. */
export function waysOf(state: TradeState, role: Role, rules: Rules = RULES): readonly Step[] {
  return allowed(state, role, rules).flatMap((kind) => waysOfKind(state, role, kind));
}

/** Ways of a step, whether or not it is allowed. */
export function waysOfKind(state: TradeState, role: Role, kind: MessageKind): readonly Step[] {
  const ways = fieldsOf(state, role, kind);
  return ways.map(([way, fields]) => ({ role, kind, way, fields }));
}

type Way = readonly [way: string, fields: Readonly<Record<string, unknown>>];

function fieldsOf(state: TradeState, role: Role, kind: MessageKind): readonly Way[] {
  const { payment, deadlines } = state;
  switch (kind) {
    case 'counter': {
      if (!isSide(role)) return [];
      const way = (stock: StockPromise): Way => [
        stock === 'reserved' ? '' : stock,
        { answers: answeredBy(state, role, kind), terms: walkedTerms(role, stock) },
      ];
      return role === 'seller' ? [way('reserved'), way('subject-to-stock')] : [way('reserved')];
    }
    case 'accept':
    case 'decline':
    case 'withdraw':
      return [['', { answers: answeredBy(state, role, kind) }]];
    case 'paid':
      return [['', { amount: money(TOTAL) }]];
    case 'payment-seen':
      return amounts((payment.seen?.amount ?? 0) - (payment.status === 'claimed' ? 1 : 0), [TOTAL / 2, TOTAL]);
    case 'refunded':
      return amounts(payment.refunded?.amount, [payment.owed?.amount ?? 0]);
    case 'refund-seen':
      return amounts(payment.refundSeen?.amount, [payment.owed?.amount ?? 0]);
    case 'shipped':
    case 'received':
    case 'returned':
    case 'return-seen':
      return partsFor(state, kind);
    case 'remedy':
    case 'dispute':
      return kind === 'dispute'
        ? [['', { reason: 'x' }]]
        : remediesFor(state).map(([way, remedy]) => [way, { reason: 'x', ...remedy }]);
    case 'ruling':
      return [
        ['dismissed', { reason: 'x' }],
        ...remediesFor(state).map(([way, remedy]): Way => [way, { reason: 'x', ...remedy }]),
      ];
    case 'remedy-accept':
    case 'remedy-decline':
      return state.remedies.filter(({ by }) => by !== role).map(({ id }) => ['', { answers: id }]);
    case 'statement':
      return [['', { text: 'x' }]];
    case 'rating':
      return [['', { stars: 5 }]];
    case 'reply':
      return [['', { text: 'x' }]];
    case 'timeout':
      return deadlines.map(({ deadline, at }): Way => [deadline, timeoutFields(deadline, at)]);
    case 'offer':
    case 'cancel':
    case 'approved':
    case 'consent':
    case 'dispute-withdrawn':
      return [['', {}]];
  }
}

function timeoutFields(deadline: DeadlineName, at: number): Readonly<Record<string, unknown>> {
  return { deadline, created: at + DEADLINE_GRACE + 1 };
}

function amounts(before: number | undefined, values: readonly number[]): readonly Way[] {
  return values
    .filter((amount) => amount > (before ?? 0))
    .map((amount): Way => [amount < TOTAL ? 'a part' : '', { amount: money(amount) }]);
}

/** All that is left and, where that is more than one piece, one of them. */
function partsFor(state: TradeState, kind: MessageKind): readonly Way[] {
  const { goods } = state.delivery;
  const left = goods === undefined ? undefined : leftFor(kind, goods);
  const all: Way = ['', {}];
  if (left === undefined || (left[0] ?? 0) < 2) return [all];
  return [all, ['a part', { parts: [{ line: 0, quantity: 1 }] satisfies Parts }]];
}

/** Half of the money back; all of the goods back and the money with them; a piece replaced; what is missing left out. */
function remediesFor(state: TradeState): readonly (readonly [string, Remedy])[] {
  const { goods } = state.delivery;
  const price = state.payment.price?.amount ?? 0;
  const ended = state.contract.status !== 'agreed';
  if (goods === undefined) return [];
  const half = Math.floor((ended ? TOTAL : price) / 2);
  const ways: (readonly [string, Remedy])[] = half > 0 ? [['refund', { refund: money(half) }]] : [];
  const shipped = goods.shipped[0] ?? 0;
  const back = ended ? goods.shipped : goods.shipped.map((amount, unit) => amount - (goods.returning[unit] ?? 0));
  if (!isNone(back)) ways.push(['return', { return: partsOf(back), ...(price > 0 ? { refund: money(price) } : {}) }]);
  if (ended) return ways;
  const replacing = (goods.required[0] ?? 0) < WALKED.pieces + 1;
  if (shipped > 0 && replacing) ways.push(['replace', { replace: [{ line: 0, quantity: 1 }] }]);
  const missing = leftFor('shipped', goods);
  if (missing !== undefined && !isNone(missing)) ways.push(['omit', { omit: partsOf(missing) }]);
  return ways;
}

function answeredBy(state: TradeState, role: Role, kind: MessageKind): CID {
  const { contract } = state;
  const open = contract.status === 'open' ? contract.open : [];
  const wanted = !isSide(role) || kind === 'withdraw' ? role : otherSide(role);
  return (open.find(({ by }) => by === wanted) ?? open[0])?.id ?? state.trade;
}

/** The message of a step: what its author would write in this state. */
export function payloadOf({ role, kind, fields }: Step, state: TradeState | undefined): TradePayload {
  const key = WALKERS[role];
  const header = { network: 'walk', trader: key, device: key, created: WALKED.made };
  const { buyer, seller } = WALKERS;
  if (kind === 'offer' || state === undefined) {
    const terms = walkedTerms(role === 'buyer' ? 'buyer' : 'seller', 'reserved');
    return { ...header, kind: 'offer', heads: [], buyer, seller, terms, ...fields };
  }
  const answers = fields['answers'] as CID | undefined;
  const step = { ...header, trade: state.trade, heads: [...nextHeads(state, role, answers)] };
  return { ...step, kind, ...fields } as TradePayload;
}

/** For people: `seller shipped (a part)`. */
export function nameOfStep({ role, kind, way }: Step): string {
  return way === '' ? `${role} ${kind}` : `${role} ${kind} (${way})`;
}
