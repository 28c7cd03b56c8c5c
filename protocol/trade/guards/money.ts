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
}

function said({ payload, regions }: ContentContext): Said | undefined {
  const agreement = regions === undefined ? undefined : agreementIn(regions.contract);
  if (regions === undefined || agreement === undefined) return undefined;
  const { currency } = agreement.terms.total;
  switch (payload.kind) {
    case 'paid':
      return { amount: payload.amount, currency, before: undefined };
    case 'payment-seen':
      return { amount: payload.amount, currency, before: regions.payment.seen };
    case 'refunded':
      return { amount: payload.amount, currency, before: regions.payment.refunded };
    case 'refund-seen':
      return { amount: payload.amount, currency, before: regions.payment.refundSeen };
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
  const message = `${formatMoney(money.before)} were named already; the amount is all so far, so it must be more.`;
  return { code: 'TRADE_STATE', where: 'amount', message };
}
