import { recordId } from '../../protocol/ids.js';
import { encode } from '../../protocol/cbor.js';
import {
  allowed,
  apply,
  DEADLINE_GRACE,
  MESSAGE_KINDS,
  ROLES,
  RULES,
  type MessageKind,
  type Role,
  type Rules,
  type TradeMessage,
  type TradeState,
} from '../../protocol/trade/index.js';
import { payloadOf, walkedTerms, waysOfKind, type Step } from '../../protocol/trade/variants.js';
import { draft, type StepOptions } from '../protocol/trade/traders.js';
import { WHO, wrongWith } from './spec.js';

/** Messages that somebody may send who keeps no rules: every kind by every role, said rightly and said wrongly. */

/** After every deadline of the trades that are probed. */
const LATE = 4_000_000_000_000;
const EVIL = new Uint8Array(32).fill(9);
const money = (amount: number, currency = 'IDR') => ({ amount, currency });
const FEW = [{ line: 0, quantity: 99 }];
const ELSEWHERE = [{ line: 7, quantity: 1 }];

type Fields = Readonly<Record<string, unknown>>;

function wrongFields(state: TradeState | undefined, role: Role, kind: MessageKind): readonly Fields[] {
  const side = role === 'buyer' ? 'buyer' : 'seller';
  const terms = { ...walkedTerms(side, 'reserved'), expires: LATE - 1 };
  const own = role === 'buyer' ? new Uint8Array(32).fill(1) : new Uint8Array(32).fill(2);
  const badTerms = [
    { ...terms, total: money(1) },
    { ...terms, arbiter: { ...terms.arbiter, trader: own } },
    { ...terms, delivery: { method: 'shipping', address: EVIL } },
  ];
  const answered = state?.contract.status === 'open' ? state.contract.open.map(({ id }) => id) : [];
  const answers = [
    ...answered,
    ...(state === undefined ? [] : [state.trade]),
    ...(state?.remedies ?? []).map(({ id }) => id),
    ...(state?.heads ?? []),
  ];
  switch (kind) {
    case 'offer':
      return badTerms.map((bad) => ({ terms: bad }));
    case 'counter':
      return [
        ...answers.map((id) => ({ answers: id, terms })),
        ...badTerms.flatMap((bad) => answered.map((id) => ({ answers: id, terms: bad }))),
      ];
    case 'accept':
      return answers.flatMap((id) => [{ answers: id }, { answers: id, created: LATE }, { answers: id, address: EVIL }]);
    case 'decline':
    case 'withdraw':
    case 'remedy-accept':
    case 'remedy-decline':
      return answers.map((id) => ({ answers: id }));
    case 'paid':
    case 'payment-seen':
    case 'refunded':
    case 'refund-seen':
      return [0, 1, 50, 10_000_000, 12_000_000]
        .map((amount) => ({ amount: money(amount) }))
        .concat([{ amount: money(7, 'USD') }]);
    case 'shipped':
      return [{ parts: FEW }, { parts: ELSEWHERE }, { code: { salt: EVIL, value: '1' } }];
    case 'received':
    case 'returned':
    case 'return-seen':
      return [{ parts: FEW }, { parts: ELSEWHERE }];
    case 'remedy':
    case 'ruling':
      return [
        { reason: 'x' },
        { reason: 'x', refund: money(1_000_000_000) },
        { reason: 'x', return: FEW },
        { reason: 'x', omit: FEW },
        { reason: 'x', refund: money(1) },
        { reason: 'x', replace: [{ line: 0, quantity: 1 }] },
      ];
    case 'dispute':
      return [
        { reason: 'x', wants: { refund: money(1_000_000_000) } },
        { reason: 'x', wants: { omit: FEW } },
      ];
    case 'timeout':
      return [
        { deadline: 'inspection', created: LATE },
        { deadline: 'nonsense', created: LATE },
        ...(state?.deadlines ?? []).map(({ deadline, at }) => ({ deadline, created: at + DEADLINE_GRACE })),
      ];
    default:
      return [];
  }
}

function probesOf(
  state: TradeState | undefined,
  kinds: readonly MessageKind[] = MESSAGE_KINDS,
): readonly { readonly step: Step; readonly message: TradeMessage }[] {
  return kinds.flatMap((kind) =>
    ROLES.flatMap((role) => {
      const right = state === undefined ? [] : waysOfKind(state, role, kind);
      const wrong = wrongFields(state, role, kind).map((fields): Step => ({ role, kind, way: 'wrong', fields }));
      return [...right, ...wrong].map((step) => {
        const said = payloadOf(step, state);
        const payload = {
          ...said,
          network: state?.network ?? said.network,
          created: (step.fields['created'] as number | undefined) ?? nowIn(state),
        };
        return { step, message: { id: recordId(encode(payload)), payload } };
      });
    }),
  );
}

/** What a machine takes that it must not. */
export function takenWrongly(
  state: TradeState | undefined,
  rules: Rules = RULES,
  kinds: readonly MessageKind[] = MESSAGE_KINDS,
): string | undefined {
  for (const { step, message } of probesOf(state, kinds)) {
    // A second offer never belongs to a trade.
    if (state !== undefined && step.kind === 'offer') continue;
    const outcome = apply(state, message, rules);
    if (!outcome.ok) continue;
    const wrong = wrongWith(state, outcome.state, message, step.role);
    if (wrong !== undefined) return `${step.role} ${step.kind} in "${state?.word ?? 'no trade'}": ${wrong}`;
  }
  return undefined;
}

/**
 * What a machine says wrongly of what it takes: it offers somebody a kind that it then refuses, or tells somebody who may never
 * send a kind anything but that.
 */
export function toldWrongly(
  state: TradeState | undefined,
  rules: Rules = RULES,
  kinds: readonly MessageKind[] = MESSAGE_KINDS,
): string | undefined {
  if (state === undefined) return undefined;
  for (const role of ROLES) {
    for (const kind of kinds) {
      // A second offer never belongs to a trade, whoever made it.
      if (kind === 'offer') continue;
      const outcome = apply(state, draft(state, role, kind, moreThanBefore(state, kind)), rules);
      const where = `${role} ${kind} in "${state.word}"`;
      if (allowed(state, role, rules).includes(kind) && !outcome.ok) return `${where}: offered, and refused`;
      if (!WHO[kind].includes(role) && (outcome.ok || outcome.code !== 'TRADE_ROLE'))
        return `${where}: not refused as none of its business`;
    }
  }
  return undefined;
}

/** Sums of money are all so far: the next one is more. */
function moreThanBefore({ payment, total }: TradeState, kind: MessageKind): StepOptions {
  const more = (before: number | undefined, usual: number): StepOptions => ({
    amount: { ...total, amount: Math.max(usual, (before ?? 0) + 1) },
  });
  const owed = payment.owed?.amount ?? 1;
  if (kind === 'payment-seen') return more(payment.seen?.amount, total.amount);
  if (kind === 'refunded') return more(payment.refunded?.amount, owed);
  return kind === 'refund-seen' ? more(payment.refundSeen?.amount, owed) : {};
}

/** Just after the last message. */
function nowIn(state: TradeState | undefined): number {
  return 1 + Math.max(0, ...(state?.log.entries ?? []).map(({ message }) => message.payload.created));
}
