import fc from 'fast-check';
import {
  allowed,
  apply,
  DEADLINE_GRACE,
  messagesOf,
  SIDES,
  totalOf,
  type MessageKind,
  type Role,
  type Side,
  type TradeMessage,
  type TradeState,
} from '../../../protocol/trade/index.js';
import { waysOfKind } from '../../../protocol/trade/variants.js';
import { after, draft, idr, merged, must, T0, termsBy, WITH_ARBITER, type StepOptions } from './traders.js';

/** Steps that carry a trade on are drawn more often than those that end it. */
const WEIGHTS: Record<MessageKind, number> = {
  offer: 0,
  counter: 3,
  accept: 6,
  decline: 1,
  withdraw: 1,
  cancel: 1,
  paid: 5,
  'payment-seen': 5,
  shipped: 5,
  received: 5,
  timeout: 1,
  refunded: 4,
  'refund-seen': 4,
  approved: 3,
  returned: 4,
  'return-seen': 4,
  consent: 6,
  remedy: 1,
  'remedy-accept': 4,
  'remedy-decline': 1,
  dispute: 1,
  'dispute-withdrawn': 1,
  statement: 1,
  ruling: 5,
  rating: 2,
  reply: 2,
};

interface Action {
  readonly device: number;
  readonly what: number;
  readonly variant: number;
}

/** A random history of one trade, and what each device of it knows in the end. */
export interface Market {
  readonly messages: readonly TradeMessage[];
  readonly states: readonly TradeState[];
}

export interface MarketOptions {
  /** Each side has one device, and it never goes back to an older copy of its log: nobody forks. */
  readonly honest: boolean;
}

/** Random trades of two sides: devices take steps that they may take, hear of each other, and (unless honest) fork. */
export function marketArbitrary(options: MarketOptions): fc.Arbitrary<Market> {
  const action = fc.record({ device: fc.nat(5), what: fc.nat(99), variant: fc.nat(99) });
  const opening = fc.record({ by: fc.constantFrom(...SIDES), stock: fc.constantFrom('reserved', 'subject-to-stock') });
  return fc
    .tuple(opening, fc.array(action, { minLength: 1, maxLength: 60, size: 'max' }))
    .map(([{ by, stock }, actions]) => play(by, stock as 'reserved', actions, options));
}

function play(
  by: Side,
  stock: 'reserved' | 'subject-to-stock',
  actions: readonly Action[],
  { honest }: MarketOptions,
): Market {
  const terms = { ...WITH_ARBITER, ...(by === 'seller' ? { stock } : {}) };
  const offer = after(undefined, [by, 'offer', { terms }]);
  const roles: Role[] = honest
    ? ['buyer', 'seller', 'arbiter']
    : ['buyer', 'seller', 'arbiter', 'buyer', 'seller', 'arbiter'];
  const devices = roles.map((role, place) => ({
    role,
    device: place < 3 ? undefined : 10 + place,
    state: offer,
    copies: [offer],
  }));
  let all = offer;
  for (const action of actions) {
    const device = devices[action.device % devices.length];
    const other = devices[(action.device + 1 + (action.variant % (devices.length - 1 || 1))) % devices.length];
    if (device === undefined || other === undefined) continue;
    if (action.what < 45) {
      device.state = merged(device.state, other.state);
    } else if (!honest && action.what < 52) {
      device.state = device.copies[action.variant % device.copies.length] ?? device.state;
    } else {
      const message = step(device.state, device.role, action, device.device);
      if (message === undefined) continue;
      device.state = must(device.state, message);
      all = must(all, message);
    }
    device.copies.push(device.state);
  }
  const market = { messages: messagesOf(all), states: devices.map(({ state }) => state) };
  return Object.assign(market, { [fc.toStringMethod]: () => storyOf(market.messages) });
}

/** A history in a few lines, for the report of a property that fails. */
function storyOf(messages: readonly TradeMessage[]): string {
  const numbers = new Map(messages.map(({ id }, place) => [id.toString(), place]));
  const number = (id: { toString(): string } | undefined) => numbers.get(String(id)) ?? '?';
  return messages
    .map(({ id, payload: { kind, device, heads, answers } }) => {
      const to = answers === undefined ? '' : ` to ${number(answers as TradeMessage['id'])}`;
      return `${number(id)}: device ${device[0] ?? 0} ${kind}${to} after ${heads.map(number).join('+')}`;
    })
    .join('; ');
}

function step(
  state: TradeState,
  role: Role,
  { what, variant }: Action,
  device: number | undefined,
): TradeMessage | undefined {
  const bag = allowed(state, role).flatMap((kind) => Array<MessageKind>(WEIGHTS[kind]).fill(kind));
  const kind = bag[(what * 7 + variant) % (bag.length || 1)];
  if (kind === undefined) return undefined;
  const options = variantOf(state, role, kind, variant);
  // Two forks with the same words would be one message; a clock of their own keeps them apart.
  const created =
    kind === 'timeout'
      ? (state.deadlines[0]?.at ?? T0) + DEADLINE_GRACE + 1 + variant
      : T0 + 1 + state.size * 100 + variant;
  const message = draft(state, role, kind, { ...options, created, ...(device === undefined ? {} : { device }) });
  // The content can still be refused: money that was seen before, an answer that comes after the expiry.
  return apply(state, message).ok ? message : undefined;
}

function variantOf(state: TradeState, role: Role, kind: MessageKind, variant: number): StepOptions {
  if (kind === 'payment-seen') return { amount: idr([5_000_000, 10_000_000, 12_000_000][variant % 3] ?? 1) };
  if (kind === 'timeout') {
    const { deadlines } = state;
    const deadline = deadlines[variant % deadlines.length];
    return deadline === undefined
      ? {}
      : { fields: { deadline: deadline.deadline, created: deadline.at + DEADLINE_GRACE + 1 + variant } };
  }
  const fitting = waysOfKind(state, role, kind);
  if (['shipped', 'received', 'returned', 'return-seen', 'remedy', 'ruling'].includes(kind)) {
    return { fields: { ...fitting[variant % (fitting.length || 1)]?.fields } };
  }
  if (kind === 'counter' && role !== 'arbiter') {
    const lines = termsBy(role).lines.map((line) => ({ ...line, quantity: 1 + (variant % 4) }));
    const stock = { stock: variant % 3 === 0 ? ('subject-to-stock' as const) : ('reserved' as const) };
    const total = totalOf(lines, idr(2_000_000));
    return { terms: { ...WITH_ARBITER, lines, total, ...(role === 'seller' ? stock : {}) } };
  }
  if (kind === 'accept' && state.contract.status === 'open') {
    const open = state.contract.open.filter(({ by }) => by !== role);
    const answers = open[variant % open.length]?.id;
    return answers === undefined ? {} : { answers };
  }
  return {};
}

/**
 * Delivers messages in the order given, the way a node does: what names unknown messages is put aside and tried again
 * after each message that was taken. Gives the states on the way.
 */
export function deliver(messages: readonly TradeMessage[]): TradeState[] {
  const states: TradeState[] = [];
  let state: TradeState | undefined;
  let parked: TradeMessage[] = [];
  const take = (message: TradeMessage): boolean => {
    const outcome = apply(state, message);
    if (!outcome.ok) {
      if (outcome.missing === undefined) throw new Error(`${message.payload.kind}: ${outcome.code} ${outcome.message}`);
      return false;
    }
    state = outcome.state;
    states.push(state);
    return true;
  };
  for (const message of messages) {
    if (!take(message)) parked.push(message);
    for (let before = -1; before !== parked.length;) {
      before = parked.length;
      parked = parked.filter((one) => !take(one));
    }
  }
  return states;
}
