import * as dagCbor from '@ipld/dag-cbor';
import type { CID } from 'multiformats/cid';
import { recordId } from '../../../protocol/ids.js';
import {
  allowed,
  apply,
  messagesOf,
  nextHeads,
  ROLES,
  DEADLINE_GRACE,
  DEFAULT_DURATIONS,
  type MessageKind,
  type Refusal,
  type Remedy,
  type Role,
  type Side,
  type Terms,
  type TradeMessage,
  type TradePayload,
  type TradeState,
} from '../../../protocol/trade/index.js';

const HOUR = 60 * 60 * 1000;
/** When the trades of these tests begin. */
export const T0 = 1_800_000_000_000;
export const EXPIRES = T0 + 24 * HOUR;

export const KEYS: Record<Role, Uint8Array> = { buyer: key(1), seller: key(2), arbiter: key(3) };

export function key(number: number): Uint8Array {
  return new Uint8Array(32).fill(number);
}

/** A message as the record layer would hand it over; no signature, for that layer has verified it. */
export function messageOf(payload: TradePayload): TradeMessage {
  return { id: recordId(dagCbor.encode(payload)), payload };
}

export function idr(amount: number) {
  return { amount, currency: 'IDR' };
}

export const LISTING = recordId(Uint8Array.of(0xa0));

/** The terms of these tests as `role` proposes them; what `over` says is undefined is left out. */
export function termsBy(role: Side, over: { [K in keyof Terms]?: Terms[K] | undefined } = {}): Terms {
  const terms = {
    lines: [{ listing: LISTING, slot: 'listing/kopi-1', title: 'Kopi Gayo 250 g', quantity: 2, price: idr(4_000_000) }],
    shipping: idr(2_000_000),
    total: idr(10_000_000),
    settlement: { method: 'direct' as const },
    delivery: { method: 'shipping' as const },
    deadlines: DEFAULT_DURATIONS,
    expires: EXPIRES,
    ...(role === 'seller' ? { stock: 'reserved' as const } : {}),
    ...over,
  };
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined)) as Terms;
}

/** More of the terms: an arbiter of the contract. */
export const WITH_ARBITER = { arbiter: { trader: KEYS.arbiter, offer: LISTING, fee: idr(100_000) } };

export interface StepOptions {
  readonly created?: number;
  /** Number of the device key; each side's first device has the side's own key. */
  readonly device?: number;
  readonly terms?: Partial<Terms>;
  readonly amount?: { amount: number; currency: string };
  readonly answers?: CID;
  readonly heads?: readonly CID[];
  /** Other or more fields of the payload; one that is undefined is left out. */
  readonly fields?: Record<string, unknown>;
}

/** The message of `kind` that `role` would write on top of `state`; whether it is valid is another matter. */
export function draft(
  state: TradeState | undefined,
  role: Role,
  kind: MessageKind,
  options: StepOptions = {},
): TradeMessage {
  const device = options.device === undefined ? KEYS[role] : key(options.device);
  const header = {
    network: 'test',
    trader: KEYS[role],
    device,
    created: options.created ?? T0 + 1 + (state?.size ?? 0),
  };
  const terms = termsBy(role === 'buyer' ? 'buyer' : 'seller', options.terms);
  if (state === undefined || kind === 'offer') {
    return messageOf({
      ...header,
      kind: 'offer',
      heads: [],
      buyer: KEYS.buyer,
      seller: KEYS.seller,
      terms,
      ...options.fields,
    });
  }
  const answers = options.answers ?? answerable(state, role, kind);
  const step = { ...header, trade: state.trade, heads: options.heads ?? nextHeads(state, role, answers) };
  const payload = { ...step, kind, ...contentOf(kind, state, { answers, terms }, options), ...options.fields };
  return messageOf(
    Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined)) as TradePayload,
  );
}

function contentOf(
  kind: MessageKind,
  state: TradeState,
  { answers, terms }: { answers: CID; terms: Terms },
  options: StepOptions,
): Record<string, unknown> {
  switch (kind) {
    case 'counter':
      return { answers, terms };
    case 'accept':
    case 'decline':
    case 'withdraw':
    case 'remedy-accept':
    case 'remedy-decline':
      return { answers };
    case 'paid':
    case 'payment-seen':
      return { amount: options.amount ?? state.total };
    case 'refunded':
    case 'refund-seen':
      return { amount: options.amount ?? state.payment.owed ?? state.total };
    case 'timeout': {
      const running = state.deadlines[0] ?? { deadline: 'offer-expiry', at: EXPIRES };
      return { deadline: running.deadline, created: options.created ?? running.at + DEADLINE_GRACE + 1 };
    }
    case 'remedy':
      return { reason: 'Satu bungkus sobek.', ...smallRemedy(state) };
    case 'dispute':
    case 'ruling':
      return { reason: 'Satu bungkus sobek.' };
    case 'statement':
    case 'reply':
      return { text: 'Sudah saya kirim.' };
    case 'rating':
      return { stars: 5 };
    case 'offer':
    case 'cancel':
    case 'shipped':
    case 'received':
    case 'approved':
    case 'returned':
    case 'return-seen':
    case 'consent':
    case 'dispute-withdrawn':
      return {};
  }
}

/** A remedy that fits wherever one may be proposed. */
function smallRemedy({ payment, delivery }: TradeState): Remedy {
  if ((payment.price?.amount ?? 1) > 0) return { refund: idr(1) };
  const sent = (delivery.goods?.shipped[0] ?? 0) > 0;
  return sent ? { replace: [{ line: 0, quantity: 1 }] } : { omit: [{ line: 0, quantity: 1 }] };
}

function answerable(state: TradeState, role: Role, kind: MessageKind): CID {
  if (kind === 'remedy-accept' || kind === 'remedy-decline') {
    return (state.remedies.find(({ by }) => by !== role) ?? state.remedies[0])?.id ?? state.trade;
  }
  const open = state.contract.status === 'open' ? state.contract.open : [];
  const own = kind === 'withdraw';
  return (open.find(({ by }) => (by === role) === own) ?? open[0])?.id ?? state.agreement?.proposal ?? state.trade;
}

/** Applies what must be valid. */
export function must(state: TradeState | undefined, message: TradeMessage): TradeState {
  const outcome = apply(state, message);
  if (!outcome.ok) throw new Error(`${message.payload.kind}: ${outcome.code} ${outcome.message}`);
  return outcome.state;
}

/** Applies what must not be valid. */
export function refused(state: TradeState | undefined, message: TradeMessage): Refusal {
  const outcome = apply(state, message);
  if (outcome.ok) throw new Error(`${message.payload.kind} was taken; the trade is ${outcome.state.word}`);
  return outcome;
}

export type Move = readonly [Role, MessageKind] | readonly [Role, MessageKind, StepOptions];

/** The state after moves, each seeing all before it. */
export function after(state: TradeState | undefined, ...moves: readonly Move[]): TradeState {
  let now = state;
  for (const [role, kind, options] of moves) now = must(now, draft(now, role, kind, options));
  if (now === undefined) throw new Error('no moves');
  return now;
}

/** The state after moves of which none saw another. */
export function crossed(state: TradeState, ...moves: readonly Move[]): TradeState {
  return moves.map(([role, kind, options]) => draft(state, role, kind, options)).reduce(must, state);
}

/** Two histories that grew out of the same trade, put together. */
export function merged(a: TradeState, b: TradeState): TradeState {
  return messagesOf(b).reduce(must, a);
}

export const offered = () => after(undefined, ['buyer', 'offer']);
export const agreed = () => after(offered(), ['seller', 'accept']);

/** Everything in a state that must be the same for all who hold the same messages: all but the log's numbering. */
export function summary(state: TradeState | undefined): unknown {
  if (state === undefined) return undefined;
  const { log: _log, ...rest } = state;
  const messages = messagesOf(state).map(({ id }) => id);
  const may = ROLES.map((role) => allowed(state, role));
  return JSON.parse(
    JSON.stringify({ ...rest, messages, may }, (_, value: unknown) =>
      value instanceof Uint8Array ? [...value] : value,
    ),
  );
}

/** A contract with an arbiter, which has consented. */
export const arbitrated = () =>
  after(undefined, ['buyer', 'offer', { terms: WITH_ARBITER }], ['seller', 'accept'], ['arbiter', 'consent']);

export const paidAndSeen = (state = agreed()) => after(state, ['buyer', 'paid'], ['seller', 'payment-seen']);
export const received = (state = agreed()) => after(paidAndSeen(state), ['seller', 'shipped'], ['buyer', 'received']);
