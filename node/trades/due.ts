import type { Money } from '../../protocol/money.js';
import {
  agreementIn,
  allowed,
  leftToReceive,
  leftToReturn,
  leftToSee,
  leftToShip,
  otherSide,
  partsOf,
  type Amounts,
  type DeadlineName,
  type Parts,
  type MessageKind,
  type Role,
  type TradeState,
} from '../../protocol/trade/index.js';

/** Something that somebody owes in a trade: the message by which it is said to be done, and how much is meant. */
export interface Due {
  readonly by: Role;
  readonly step: MessageKind;
  readonly amount?: Money;
  readonly parts?: Parts;
  /** When the deadline for it passes, ms; while it stands still there is none. */
  readonly until?: number;
}

/** What is waited for in a trade. Nothing is due in one that has ended and owes nothing, nor what its rules do not allow now. */
export function dueIn(state: TradeState): Due[] {
  return owedIn(state).filter(({ by, step }) => allowed(state, by).includes(step));
}

function owedIn(state: TradeState): Due[] {
  const { contract, dispute, remedies } = state;
  const until = (deadline: DeadlineName): { until?: number } => {
    const at = state.deadlines.find((one) => one.deadline === deadline)?.at;
    return at === undefined ? {} : { until: at };
  };
  if (contract.status === 'open') {
    const confirms = contract.last.kind === 'accept';
    return [{ by: contract.turn, step: 'accept', ...until(confirms ? 'confirmation' : 'offer-expiry') }];
  }
  if (dispute.status === 'unresolved') return [];
  const due: Due[] = remedies.map(({ by }) => ({ by: otherSide(by), step: 'remedy-accept', ...until('answer') }));
  if (dispute.status === 'open') return [...due, ...arbiters(state, until('ruling')), ...owed(state, until)];
  if (contract.status === 'agreed') due.push(...toPay(state, until('payment')), ...toDeliver(state, until));
  return [...due, ...owed(state, until)];
}

type Until = (deadline: DeadlineName) => { until?: number };

function arbiters(state: TradeState, until: { until?: number }): Due[] {
  if (agreementIn(state.contract)?.terms.arbiter === undefined) return [];
  return [{ by: 'arbiter', step: state.consent === undefined ? 'consent' : 'ruling', ...until }];
}

function toPay({ payment }: TradeState, until: { until?: number }): Due[] {
  const { price, seen, status } = payment;
  if (price === undefined) return [];
  switch (status) {
    case 'due':
    case 'short':
      return [
        { by: 'buyer', step: 'paid', amount: { ...price, amount: price.amount - (seen?.amount ?? 0) }, ...until },
      ];
    case 'claimed':
      return [{ by: 'seller', step: 'payment-seen', amount: price }];
    default:
      return [];
  }
}

function toDeliver({ delivery, payment }: TradeState, until: Until): Due[] {
  const { goods, status } = delivery;
  if (goods === undefined) return [];
  const due = [
    // Who pays first is agreed by what people do: without a payment nobody is late.
    ...(payment.status === 'due' ? [] : some('seller', 'shipped', leftToShip(goods), until('delivery'))),
    ...some('buyer', 'received', leftToReceive(goods), until('inspection')),
  ];
  return status === 'received' ? [...due, { by: 'buyer', step: 'approved', ...until('inspection') }] : due;
}

/** What has to go back, whatever the contract says by now. */
function owed({ payment, delivery }: TradeState, until: Until): Due[] {
  const due: Due[] = [];
  if (payment.owed !== undefined && payment.status === 'refund-due')
    due.push({ by: 'seller', step: 'refunded', amount: payment.owed });
  if (payment.owed !== undefined && payment.status === 'refund-claimed')
    due.push({ by: 'buyer', step: 'refund-seen', amount: payment.owed, ...until('refund') });
  const { goods } = delivery;
  if (goods === undefined) return due;
  const left = leftToReturn(goods);
  const unseen = leftToSee(goods).map((amount, unit) => amount - (left[unit] ?? 0));
  return [...due, ...some('buyer', 'returned', left, {}), ...some('seller', 'return-seen', unseen, until('return'))];
}

function some(by: Role, step: MessageKind, amounts: Amounts, until: { until?: number }): Due[] {
  const parts = partsOf(amounts);
  return parts.length === 0 ? [] : [{ by, step, parts, ...until }];
}
