import type { CID } from 'multiformats/cid';
import type { ErrorCode } from '../errors.js';
import { formatMoney, type Money } from '../money.js';
import { keyOf } from './log.js';
import { agreementIn, type Regions } from './regions.js';
import type { Role } from './roles.js';
import type { TradePayload } from './schema.js';
import { checkTerms } from './terms.js';

const minute = 60 * 1000;
/** DESIGN section 6: a deadline counts as passed only so long after it, so that clocks a little apart agree. */
export const DEADLINE_GRACE = 10 * minute;
/** The one deadline that there is so far: when the open proposal expires. */
export const OFFER_EXPIRY = 'offer-expiry';

export interface Objection {
  readonly code: ErrorCode;
  readonly message: string;
  readonly where?: string;
}

/** The deadlines that run in a state, each with its time in ms. */
export function deadlinesOf(regions: Regions): readonly { deadline: string; at: number }[] {
  if (regions.contract.status !== 'open') return [];
  // The latest of rivals: a timeout ends them all.
  return [{ deadline: OFFER_EXPIRY, at: Math.max(...regions.contract.open.map((proposal) => proposal.expires)) }];
}

/** What a rule may ask of the state in a message's past, whatever the message says. */
export const STATE_GUARDS = {
  'your-turn': {
    code: 'TRADE_TURN',
    says: 'the other side has made the last proposal',
    holds: (regions: Regions, role: Role) => openBy(regions, (by) => by !== role),
    objection: 'It is the other side that must answer now.',
  },
  'own-proposal-open': {
    code: 'TRADE_TURN',
    says: 'the own last proposal is unanswered',
    holds: (regions: Regions, role: Role) => openBy(regions, (by) => by === role),
    objection: 'There is no proposal of your own to take back: the last one is the other side’s.',
  },
  'no-own-cancel': {
    code: 'TRADE_STATE',
    says: 'no own proposal to cancel stands',
    holds: (regions: Regions, role: Role) => !regions.cancelProposedBy.includes(role),
    objection: 'You have proposed to cancel already; the other side has to consent.',
  },
  'not-received': {
    code: 'TRADE_STATE',
    says: 'it was not received before',
    holds: (regions: Regions) => regions.delivery.received.length === 0,
    objection: 'The goods were received already.',
  },
} as const satisfies Record<
  string,
  { code: ErrorCode; says: string; holds: (regions: Regions, role: Role) => boolean; objection: string }
>;
export type StateGuard = keyof typeof STATE_GUARDS;

/** What a guard of the content sees; `regions` is undefined for the offer that opens a trade. */
export interface ContentContext {
  readonly payload: TradePayload;
  readonly role: Role;
  readonly regions: Regions | undefined;
  readonly isInPast: (id: CID) => boolean;
}

interface ContentGuardRow {
  readonly says: string;
  readonly check: (context: ContentContext) => Objection | undefined;
}

/** What a rule may ask of what a message says. */
export const CONTENT_GUARDS = {
  'answers-open': {
    says: '`answers` names the other side’s open proposal',
    check: (context) => checkAnswers(context, (by) => by !== context.role),
  },
  'withdraws-own': {
    says: '`answers` names the own open proposal',
    check: (context) => checkAnswers(context, (by) => by === context.role),
  },
  'in-time': { says: '`created` is not after the proposal’s expiry', check: checkInTime },
  'terms-hold': { says: 'the terms hold in themselves', check: checkProposal },
  'contract-money': { says: '`amount` is above zero, in the contract’s currency', check: checkMoney },
  'more-than-before': { says: '`amount` is more than was seen before', check: checkMore },
  'known-deadline': { says: '`deadline` is one that runs', check: checkDeadlineName },
  'deadline-passed': { says: '`created` is more than 10 minutes past the deadline', check: checkDeadlinePassed },
} as const satisfies Record<string, ContentGuardRow>;
export type ContentGuard = keyof typeof CONTENT_GUARDS;

function openBy(regions: Regions, wanted: (by: Role) => boolean): boolean {
  return regions.contract.status === 'open' && regions.contract.open.some((proposal) => wanted(proposal.by));
}

function answersOf(payload: TradePayload): CID | undefined {
  switch (payload.kind) {
    case 'counter':
    case 'accept':
    case 'decline':
    case 'withdraw':
      return payload.answers;
    case 'offer':
    case 'cancel':
    case 'paid':
    case 'payment-seen':
    case 'shipped':
    case 'received':
    case 'timeout':
      return undefined;
  }
}

function answeredBy({ payload, regions }: ContentContext) {
  const answers = answersOf(payload);
  if (answers === undefined || regions?.contract.status !== 'open') return undefined;
  const key = keyOf(answers);
  return regions.contract.open.find((proposal) => keyOf(proposal.id) === key);
}

function checkAnswers(context: ContentContext, wanted: (by: Role) => boolean): Objection | undefined {
  const answers = answersOf(context.payload);
  const proposal = answeredBy(context);
  if (proposal !== undefined && wanted(proposal.by)) return undefined;
  const where = 'answers';
  if (answers === undefined || !context.isInPast(answers)) {
    return { code: 'TRADE_HEADS', where, message: 'The message answers one that is not among those before it.' };
  }
  if (proposal !== undefined)
    return { code: 'TRADE_TURN', where, message: 'The message answers a proposal of the wrong side.' };
  return { code: 'TRADE_STATE', where, message: 'What the message answers is not, or no longer, an open proposal.' };
}

function checkInTime(context: ContentContext): Objection | undefined {
  const proposal = answeredBy(context);
  if (proposal === undefined || context.payload.created <= proposal.expires) return undefined;
  return { code: 'TRADE_EXPIRED', message: `The proposal expired ${new Date(proposal.expires).toISOString()}.` };
}

function checkProposal({ payload, role }: ContentContext): Objection | undefined {
  if (payload.kind !== 'offer' && payload.kind !== 'counter') return undefined;
  const problem = checkTerms(payload.terms, role, payload.created);
  return problem === undefined ? undefined : { code: 'TRADE_TERMS', ...problem };
}

function moneyOf({
  payload,
  regions,
}: ContentContext): { amount: Money; total: Money; seen: Money | undefined } | undefined {
  if (payload.kind !== 'paid' && payload.kind !== 'payment-seen') return undefined;
  const agreement = regions === undefined ? undefined : agreementIn(regions.contract);
  if (regions === undefined || agreement === undefined) return undefined;
  return { amount: payload.amount, total: agreement.terms.total, seen: regions.payment.seen };
}

function checkMoney(context: ContentContext): Objection | undefined {
  const money = moneyOf(context);
  if (money === undefined) return undefined;
  const { amount, total } = money;
  if (amount.currency !== total.currency) {
    return {
      code: 'TRADE_TERMS',
      where: 'amount',
      message: `The contract is in ${total.currency}, not in ${amount.currency}.`,
    };
  }
  return amount.amount > 0
    ? undefined
    : { code: 'TRADE_TERMS', where: 'amount', message: 'An amount that was paid is more than zero.' };
}

function checkMore(context: ContentContext): Objection | undefined {
  const money = moneyOf(context);
  if (money?.seen === undefined || money.amount.amount > money.seen.amount) return undefined;
  const message = `${formatMoney(money.seen)} were seen already; the amount is all that came so far, so it must be more.`;
  return { code: 'TRADE_STATE', where: 'amount', message };
}

function deadlineOf({ payload, regions }: ContentContext) {
  if (payload.kind !== 'timeout' || regions === undefined) return undefined;
  return deadlinesOf(regions).find(({ deadline }) => deadline === payload.deadline);
}

function checkDeadlineName(context: ContentContext): Objection | undefined {
  if (deadlineOf(context) !== undefined) return undefined;
  return { code: 'TRADE_STATE', where: 'deadline', message: 'No such deadline runs in this trade.' };
}

function checkDeadlinePassed(context: ContentContext): Objection | undefined {
  const deadline = deadlineOf(context);
  if (deadline === undefined || context.payload.created > deadline.at + DEADLINE_GRACE) return undefined;
  const message = `The deadline ${new Date(deadline.at).toISOString()} and the 10 minutes after it had not passed when the message was made.`;
  return { code: 'TRADE_STATE', where: 'created', message };
}
