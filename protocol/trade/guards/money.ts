import { formatMoney, type Money } from '../../money.js';
import { agreementIn } from '../regions.js';
import type { ContentContext, Objection } from './content.js';

/** What messages about money say. */

interface Said {
  readonly amount: Money;
  /** The currency of the contract. */
  readonly currency: string;
  /** The same said before, where the amount is all so far. */
  readonly before: Money | undefined;
  /** A claim waits for an answer, which may be that no more came. */
  readonly asked: boolean;
}

function said({ payload, regions }: ContentContext): Said | undefined {
  const agreement = regions === undefined ? undefined : agreementIn(regions.contract);
  if (regions === undefined || agreement === undefined) return undefined;
  const { currency } = agreement.terms.total;
  const { status, seen, refunded, refundSeen } = regions.payment;
  switch (payload.kind) {
    case 'paid':
      return { amount: payload.amount, currency, before: undefined, asked: false };
    case 'payment-seen':
      return { amount: payload.amount, currency, before: seen, asked: status === 'claimed' };
    case 'refunded':
      return { amount: payload.amount, currency, before: refunded, asked: false };
    case 'refund-seen':
      return { amount: payload.amount, currency, before: refundSeen, asked: false };
    default:
      return undefined;
  }
}

export function checkAmount(context: ContentContext): Objection | undefined {
  const money = said(context);
  if (money === undefined) return undefined;
  const { amount, currency } = money;
  const where = 'amount';
  if (amount.currency !== currency) {
    return { code: 'TRADE_TERMS', where, message: `The contract is in ${currency}, not in ${amount.currency}.` };
  }
  if (amount.amount > 0) return undefined;
  return { code: 'TRADE_TERMS', where, message: 'An amount that was paid is more than zero.' };
}

export function checkMore(context: ContentContext): Objection | undefined {
  const money = said(context);
  if (money?.before === undefined || money.amount.amount > money.before.amount) return undefined;
  if (money.asked && money.amount.amount === money.before.amount) return undefined;
  const least = money.asked ? 'cannot be less' : 'must be more';
  const message = `${formatMoney(money.before)} were named already; the amount is all so far, so it ${least}.`;
  return { code: 'TRADE_STATE', where: 'amount', message };
}
