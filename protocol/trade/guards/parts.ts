import { opens } from '../../private.js';
import { encodeUtf8 } from '../../utf8.js';
import { leftToReceive, leftToReturn, leftToSee, leftToShip, onTheWayBack, type Goods } from '../goods.js';
import { amountsOf, covers, isNone, type Amounts } from '../parts.js';
import { agreementIn, type Regions } from '../regions.js';
import type { TradePayload } from '../schema.js';
import type { ContentContext, Objection } from './content.js';

/** What messages about goods say. */

/** What is left of what a message speaks of; undefined for messages that speak of no goods. */
export function leftFor(kind: TradePayload['kind'], goods: Goods): Amounts | undefined {
  switch (kind) {
    case 'shipped':
      return leftToShip(goods);
    case 'received':
      return leftToReceive(goods);
    case 'returned':
      return leftToReturn(goods);
    case 'return-seen':
      return leftToSee(goods);
    default:
      return undefined;
  }
}

/**
 * How much of each unit a message says, in the state of its past: what its parts name, else all that is left. Seen to come
 * back is, unless it is named, what was said to be on the way, or all where nothing was said.
 */
export function amountsSaid(payload: TradePayload, { delivery: { goods } }: Regions): Amounts | undefined {
  if (goods === undefined) return undefined;
  const left = leftFor(payload.kind, goods);
  if (left === undefined) return undefined;
  const parts = 'parts' in payload ? (payload.parts as Parameters<typeof amountsOf>[0] | undefined) : undefined;
  if (parts !== undefined) return amountsOf(parts, goods.ordered.length);
  const coming = onTheWayBack(goods);
  return payload.kind === 'return-seen' && !isNone(coming) ? coming : left;
}

export function checkParts({ payload, regions }: ContentContext): Objection | undefined {
  const goods = regions?.delivery.goods;
  if (regions === undefined || goods === undefined) return undefined;
  const left = leftFor(payload.kind, goods);
  if (left === undefined) return undefined;
  const amounts = amountsSaid(payload, regions);
  const where = 'parts';
  if (amounts === undefined) {
    return { code: 'TRADE_TERMS', where, message: 'The parts name a line that the contract has not, or one twice.' };
  }
  if (covers(left, amounts)) return undefined;
  return { code: 'TRADE_STATE', where, message: `Of that, there is less left: ${left.join(', ')} by line.` };
}

export function checkCode({ payload, regions }: ContentContext): Objection | undefined {
  if (payload.kind !== 'shipped' || payload.code === undefined || regions === undefined) return undefined;
  const commitment = agreementIn(regions.contract)?.terms.delivery?.code;
  const { salt, value } = payload.code;
  if (commitment !== undefined && opens(commitment, salt, encodeUtf8(value))) return undefined;
  const message = 'The code is not the one that the buyer committed to.';
  return { code: 'TRADE_TERMS', where: 'code', message };
}
