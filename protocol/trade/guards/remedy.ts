import { formatMoney } from '../../money.js';
import { leftToShip } from '../goods.js';
import { keyOf } from '../log.js';
import type { Remedy } from '../messages/dispute.js';
import { amountsOf, covers, minus, none, type Amounts } from '../parts.js';
import type { TradePayload } from '../schema.js';
import type { ContentContext, Objection } from './content.js';

/** What remedies, disputes and rulings say. */

function remedyIn(payload: TradePayload): { remedy: Remedy; where: string } | undefined {
  switch (payload.kind) {
    case 'remedy':
    case 'ruling':
      return { remedy: payload, where: '' };
    case 'dispute':
      return payload.wants === undefined ? undefined : { remedy: payload.wants, where: 'wants.' };
    default:
      return undefined;
  }
}

export function checkRemedyAsks({ payload }: ContentContext): Objection | undefined {
  const { remedy } = remedyIn(payload) ?? {};
  if (remedy === undefined) return undefined;
  const { refund, return: back, replace, omit } = remedy;
  if ([refund, back, replace, omit].some((field) => field !== undefined)) return undefined;
  const message = 'A remedy names a refund, or goods that are returned, replaced or left out.';
  return { code: 'TRADE_TERMS', where: 'refund', message };
}

export function checkRemedyFits({ payload, regions }: ContentContext): Objection | undefined {
  const found = remedyIn(payload);
  const { contract, payment, delivery } = regions ?? {};
  const goods = delivery?.goods;
  const price = payment?.price;
  if (found === undefined || goods === undefined || price === undefined) return undefined;
  const { remedy, where } = found;
  const refund = remedy.refund;
  // Of a contract that ended nothing is to be paid any more: what the seller keeps of what it got is what is ruled about.
  const most = contract?.status === 'agreed' ? price.amount : Number.MAX_SAFE_INTEGER;
  if (refund !== undefined) {
    if (refund.currency !== price.currency || refund.amount === 0 || refund.amount > most) {
      const message = `A refund is more than zero and at most what is to be paid, ${formatMoney(price)}.`;
      return { code: 'TRADE_TERMS', where: `${where}refund`, message };
    }
  }
  const going = contract?.status === 'agreed';
  const nothing = none(goods.ordered.length);
  const limits: readonly (readonly ['return' | 'replace' | 'omit', Amounts])[] = [
    ['return', contract?.status === 'agreed' ? minus(goods.shipped, goods.returning) : goods.shipped],
    ['replace', going ? goods.shipped : nothing],
    ['omit', going ? leftToShip(goods) : nothing],
  ];
  for (const [name, limit] of limits) {
    const parts = remedy[name];
    if (parts === undefined) continue;
    const amounts = amountsOf(parts, goods.ordered.length);
    if (amounts !== undefined && covers(limit, amounts)) continue;
    const message = `At most ${limit.join(', ')} pieces by line, and each line once.`;
    return { code: 'TRADE_TERMS', where: `${where}${name}`, message };
  }
  return undefined;
}

export function checkRemedyAnswer({ payload, role, regions, isInPast }: ContentContext): Objection | undefined {
  if (payload.kind !== 'remedy-accept' && payload.kind !== 'remedy-decline') return undefined;
  const key = keyOf(payload.answers);
  const remedy = regions?.remedies.find(({ id }) => keyOf(id) === key);
  const where = 'answers';
  if (remedy !== undefined && remedy.by !== role) return undefined;
  if (!isInPast(payload.answers)) {
    return { code: 'TRADE_HEADS', where, message: 'The message answers one that is not among those before it.' };
  }
  if (remedy !== undefined) return { code: 'TRADE_TURN', where, message: 'That remedy is your own.' };
  return { code: 'TRADE_STATE', where, message: 'What the message answers is not, or no longer, an open remedy.' };
}
