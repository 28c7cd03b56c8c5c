import { expect, test } from 'vitest';
import { ablations } from '../../../protocol/trade/ablation.js';
import {
  allowed,
  apply,
  ROLES,
  RULES,
  type MessageKind,
  type Role,
  type Rules,
  type TradeState,
} from '../../../protocol/trade/index.js';
import { STATES } from './states.js';
import {
  after,
  agreed,
  draft,
  EXPIRES,
  idr,
  KEYS,
  LISTING,
  offered,
  paidAndSeen,
  received,
  T0,
  type StepOptions,
} from './traders.js';

/** What a guard of the content must refuse: a step that is allowed in a state, said wrongly. */
type Wrong = readonly [TradeState | undefined, Role, StepOptions];

const partsOf = (quantity: number): StepOptions => ({ fields: { parts: [{ line: 0, quantity }] } });
const ownArbiter = { arbiter: { trader: KEYS.buyer, offer: LISTING, fee: idr(1) } };
const COMMITMENT = new Uint8Array(32).fill(9);
const sellersAddress = { delivery: { method: 'shipping' as const, address: COMMITMENT } };
const owed = () => after(paidAndSeen(), ['buyer', 'cancel'], ['seller', 'cancel']);
const onTheWayBack = () =>
  after(paidAndSeen(), ['seller', 'shipped'], ['buyer', 'cancel'], ['seller', 'cancel'], ['buyer', 'received']);
const withRemedy = () => after(received(), ['buyer', 'remedy']);
const tooMuch = { fields: { refund: idr(10_000_001) } };

const WRONG: Partial<Record<MessageKind, Readonly<Record<string, () => Wrong>>>> = {
  offer: {
    'terms-hold': () => [undefined, 'buyer', { terms: { total: idr(1) } }],
    'arbiter-apart': () => [undefined, 'seller', { terms: ownArbiter }],
    'buyers-commitments': () => [undefined, 'seller', { terms: sellersAddress }],
  },
  counter: {
    'answers-open': () => [after(offered(), ['seller', 'counter']), 'buyer', { answers: offered().trade }],
    'terms-hold': () => [offered(), 'seller', { terms: { total: idr(1) } }],
    'arbiter-apart': () => [offered(), 'seller', { terms: ownArbiter }],
    'buyers-commitments': () => [offered(), 'seller', { terms: sellersAddress }],
  },
  accept: {
    'answers-open': () => [after(offered(), ['seller', 'counter']), 'buyer', { answers: offered().trade }],
    'in-time': () => [offered(), 'seller', { created: EXPIRES + 1 }],
    'buyers-commitments': () => [offered(), 'seller', { fields: { code: COMMITMENT } }],
  },
  decline: {
    'answers-open': () => [after(offered(), ['seller', 'counter']), 'buyer', { answers: offered().trade }],
  },
  withdraw: {
    'withdraws-own': () => [after(offered(), ['seller', 'counter']), 'seller', { answers: offered().trade }],
  },
  timeout: {
    'known-deadline': () => [agreed(), 'buyer', { fields: { deadline: 'inspection' } }],
    'deadline-passed': () => [agreed(), 'buyer', { fields: { created: T0 + 10 } }],
  },
  paid: { 'contract-money': () => [agreed(), 'buyer', { amount: idr(0) }] },
  'payment-seen': {
    'contract-money': () => [agreed(), 'seller', { amount: { amount: 1, currency: 'USD' } }],
    'more-than-before': () => [
      after(agreed(), ['seller', 'payment-seen', { amount: idr(5) }]),
      'seller',
      { amount: idr(5) },
    ],
  },
  refunded: {
    'contract-money': () => [owed(), 'seller', { amount: idr(0) }],
    'more-than-before': () => [after(owed(), ['seller', 'refunded', { amount: idr(5) }]), 'seller', { amount: idr(5) }],
  },
  'refund-seen': {
    'contract-money': () => [owed(), 'buyer', { amount: idr(0) }],
    'more-than-before': () => [
      after(owed(), ['buyer', 'refund-seen', { amount: idr(5) }]),
      'buyer',
      { amount: idr(5) },
    ],
  },
  shipped: {
    'parts-fit': () => [agreed(), 'seller', partsOf(3)],
    'code-opens': () => [agreed(), 'seller', { fields: { code: { salt: COMMITMENT, value: '4711' } } }],
  },
  received: { 'parts-fit': () => [after(agreed(), ['seller', 'shipped', partsOf(1)]), 'buyer', partsOf(2)] },
  returned: { 'parts-fit': () => [onTheWayBack(), 'buyer', partsOf(3)] },
  'return-seen': { 'parts-fit': () => [onTheWayBack(), 'seller', { fields: { parts: [{ line: 1, quantity: 1 }] } }] },
  remedy: {
    'remedy-asks': () => [received(), 'buyer', { fields: { refund: undefined } }],
    'remedy-fits': () => [received(), 'buyer', tooMuch],
  },
  'remedy-accept': { 'answers-remedy': () => [withRemedy(), 'seller', { answers: received().trade }] },
  'remedy-decline': { 'answers-remedy': () => [withRemedy(), 'seller', { answers: received().trade }] },
  dispute: { 'remedy-fits': () => [received(), 'buyer', { fields: { wants: { omit: [{ line: 0, quantity: 1 }] } } }] },
  ruling: { 'remedy-fits': () => [STATES['disputed by buyer']?.(), 'arbiter', tooMuch] },
};

const states = Object.entries(STATES).map(([name, state]) => [name, state()] as const);

test.each(ablations(RULES).map(({ kind, guard, rules }) => [kind, guard, rules] as const))(
  '%s without %s is another machine',
  (kind, guard, rules) => {
    const wrong = WRONG[kind]?.[guard]?.();
    if (wrong !== undefined) {
      const [state, role, options] = wrong;
      const message = draft(state, role, kind, options);
      expect(apply(state, message)).toMatchObject({ ok: false });
      expect(apply(state, message, rules)).toMatchObject({ ok: true });
      return;
    }
    const noticed = states.some(([, state]) =>
      ROLES.some((role) => answerOf(state, role, kind, rules) !== answerOf(state, role, kind, RULES)),
    );
    expect(noticed).toBe(true);
  },
);

/** Whether a step is offered, and what becomes of it. */
function answerOf(state: TradeState, role: Role, kind: MessageKind, rules: Rules): string {
  const message = draft(state, role, kind, kind === 'timeout' ? {} : { created: T0 + 100 });
  const outcome = apply(state, message, rules);
  return `${allowed(state, role, rules).includes(kind)} ${outcome.ok ? 'taken' : outcome.code}`;
}
