import type { Agreement } from './negotiation.js';
import type { Remedy } from './messages/dispute.js';
import type { Decision } from './dispute.js';
import {
  amountsOf,
  covers,
  isNone,
  least,
  minus,
  most,
  none,
  orderedIn,
  plus,
  type Amounts,
  type Parts,
} from './parts.js';
import type { AgreedRemedy } from './remedies.js';
import { standing, uncrossed, type Steps } from './steps.js';
import type { Entry } from './log.js';

/** How much of each unit of the contract is where. Facts but `required` and `returning`, which the sides or a ruling can change. */
export interface Goods {
  readonly ordered: Amounts;
  /** To be delivered in all: what was ordered, less what was omitted, and what is replaced. */
  readonly required: Amounts;
  readonly shipped: Amounts;
  readonly received: Amounts;
  /** Approved by the buyer, by its silence, or by ruling. */
  readonly approved: Amounts;
  /** Approved with the signature of the buyer or of the arbiter. */
  readonly signed: Amounts;
  /** What the buyer has to send back. */
  readonly returning: Amounts;
  /** What it said to have sent back. */
  readonly returned: Amounts;
  /** What the seller saw come back. */
  readonly returnSeen: Amounts;
}

/** @param ended the contract was cancelled or lapsed: nothing more is delivered, and what was goes back */
export function goodsIn(
  steps: Steps,
  { terms }: Agreement,
  agreed: readonly AgreedRemedy[],
  { ruling }: Decision,
  ended: boolean,
): Goods {
  const ordered = orderedIn(terms);
  const units = ordered.length;
  const said = (entries: readonly Entry[]) =>
    entries.reduce((sum, { verdict }) => plus(sum, verdict.amounts ?? none(units)), none(units));
  const best = (entries: readonly Entry[], of: (entry: Entry) => Amounts | undefined) =>
    entries.reduce((so, entry) => most(so, of(entry) ?? none(units)), none(units));

  const remedies: readonly Remedy[] = [
    ...agreed.map(({ remedy }) => remedy),
    ...(ruling === undefined ? [] : [ruling.message.payload]),
  ];
  const sumOf = (of: (remedy: Remedy) => Parts | undefined) =>
    remedies.reduce((sum, remedy) => plus(sum, amountsOf(of(remedy) ?? [], units) ?? none(units)), none(units));
  const replaced = sumOf((remedy) => remedy.replace);
  const wanted = plus(
    minus(
      ordered,
      sumOf((remedy) => remedy.omit),
    ),
    replaced,
  );

  const shipments = steps.of('shipped');
  // Two devices may both have said "all that is left": no more went out than there was to send.
  const shipped = least(said(shipments), plus(ordered, replaced));
  const handedOver = shipments.filter(({ message }) => message.payload.code !== undefined);
  const received = least(plus(said(steps.of('received')), said(handedOver)), shipped);
  const objections = steps
    .ofAny('dispute', 'remedy')
    .filter(({ role, verdict }) => role === 'buyer' && verdict.completed !== true);
  const silences = standing(steps, 'inspection', objections);
  const signed = best(
    [...steps.of('approved'), ...(ruling === undefined ? [] : [ruling])],
    ({ verdict }) => verdict.amounts,
  );
  const approved = most(
    signed,
    best(silences, ({ verdict }) => verdict.ends?.approved),
  );
  const sellersDisputes = steps.of('dispute').filter(({ role }) => role === 'seller');
  const unseen = uncrossed(steps, 'return', sellersDisputes);
  return {
    ordered,
    required: ended ? shipped : wanted,
    shipped,
    received: most(received, signed),
    approved,
    signed,
    returning:
      ended && ruling === undefined
        ? shipped
        : least(
            sumOf((remedy) => remedy.return),
            shipped,
          ),
    returned: least(said(steps.of('returned')), shipped),
    returnSeen: most(
      least(said(steps.of('return-seen')), shipped),
      best(unseen, ({ verdict }) => verdict.ends?.returned),
    ),
  };
}

export function leftToShip({ required, shipped }: Goods): Amounts {
  return minus(required, shipped);
}

export function leftToReceive({ shipped, received }: Goods): Amounts {
  return minus(shipped, received);
}

/** What the buyer has still to send back. */
export function leftToReturn({ returning, returned, returnSeen }: Goods): Amounts {
  return minus(returning, most(returned, returnSeen));
}

/** What has to go back and was not seen to have come. */
export function leftToSee({ returning, returnSeen }: Goods): Amounts {
  return minus(returning, returnSeen);
}

/** What the buyer said to have sent back and the seller has not seen. */
export function onTheWayBack({ returning, returned, returnSeen }: Goods): Amounts {
  return minus(least(returned, returning), returnSeen);
}

/** Whether all that is to be delivered was approved or goes back; what goes back may have been approved before, so that they do not add up. */
export function isApproved({ required, returning }: Goods, approved: Amounts): boolean {
  return covers(most(approved, returning), required);
}

/** Whether everything was sent that is to be, and that is something. */
export function isSent(goods: Goods): boolean {
  return isNone(leftToShip(goods)) && !isNone(goods.shipped);
}
