import type { Money } from '../../money.js';
import type { MoneyFacts, PaymentStatus, Settlement, SettlementStep } from './index.js';

/**
 * Bank transfer, QR, e-wallet, cash on delivery: the money goes from hand to hand outside of Niaga, and each side signs what
 * it did and what it saw. Nobody holds it in between, so there is nothing to set aside or to release.
 */
export const direct: Settlement = {
  method: 'direct',
  quote: ({ total, delivery }) => delivery?.milestones ?? [{ amount: total }],
  status,
  owed,
  fund(facts) {
    const { price, seen = 0 } = facts;
    const pays = ['due', 'short'].includes(status(facts));
    return pays ? { by: 'buyer', kind: 'paid', amount: money(facts, price - seen) } : undefined;
  },
  hold: () => undefined,
  capture(facts) {
    const sees = ['due', 'claimed', 'short'].includes(status(facts));
    return sees ? { by: 'seller', kind: 'payment-seen', amount: money(facts, facts.price) } : undefined;
  },
  release: () => undefined,
  refund(facts): SettlementStep | undefined {
    switch (status(facts)) {
      case 'refund-due':
      case 'over':
        return { by: 'seller', kind: 'refunded', amount: money(facts, owed(facts)) };
      case 'refund-claimed':
        return { by: 'buyer', kind: 'refund-seen', amount: money(facts, owed(facts)) };
      default:
        return undefined;
    }
  },
};

function money({ terms }: MoneyFacts, amount: number): Money {
  return { amount, currency: terms.total.currency };
}

/** What came beyond the price. Where a contract ended and the seller never said what came: what the buyer claims. */
function owed({ ended, claims, seen, price }: MoneyFacts): number {
  if (seen !== undefined) return Math.max(0, seen - price);
  if (!ended) return 0;
  const claimed = claims.reduce((sum, { amount }) => sum + amount.amount, 0);
  return Math.min(claimed, Number.MAX_SAFE_INTEGER);
}

function status(facts: MoneyFacts): PaymentStatus {
  const { price, ended, waived, unanswered, seen, refunded, refundSeen } = facts;
  const back = owed(facts);
  if (back > 0) {
    // A tip, or a transfer sent twice: it can go back, and holds up nothing.
    if (!waived) return refundSeen >= back ? 'seen' : 'over';
    if (refundSeen >= back) return 'refund-seen';
    return refunded >= back ? 'refund-claimed' : 'refund-due';
  }
  if (ended) return 'void';
  if (price === 0) return 'not-due';
  if (seen !== undefined && seen >= price) return 'seen';
  if (unanswered) return 'claimed';
  return seen === undefined ? 'due' : 'short';
}
