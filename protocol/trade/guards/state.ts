import type { ErrorCode } from '../../errors.js';
import { isApproved, isSent, leftToReceive, leftToReturn, leftToSee, leftToShip, type Goods } from '../goods.js';
import { isNone, type Amounts } from '../parts.js';
import { agreementIn, type Regions } from '../regions.js';
import { isSide, otherSide, type Role, type Side } from '../roles.js';
import { WORDS } from '../words.js';

export interface StateGuardRow {
  readonly code: ErrorCode;
  readonly says: string;
  readonly holds: (regions: Regions, role: Role) => boolean;
  readonly objection: string;
}

/** What a rule may ask of the state in a message's past, whatever the message says. */
export const STATE_GUARDS = {
  'your-turn': {
    code: 'TRADE_TURN',
    says: 'what is open was proposed by the other side',
    holds: (regions, role) => nothingOpen(regions) || openBy(regions, (by) => by !== role),
    objection: 'It is the other side that must answer now.',
  },
  'own-proposal-open': {
    code: 'TRADE_TURN',
    says: 'what is open was proposed by itself',
    holds: (regions, role) => nothingOpen(regions) || openBy(regions, (by) => by === role),
    objection: 'There is no proposal of your own to take back: the last one is the other side’s.',
  },
  'deadline-runs': {
    code: 'TRADE_STATE',
    says: 'a deadline runs',
    holds: ({ deadlines }) => deadlines.length > 0,
    objection: 'No deadline runs in this trade.',
  },
  'no-own-cancel': {
    code: 'TRADE_STATE',
    says: 'no own proposal to cancel stands',
    holds: ({ cancelProposedBy }, role) => !cancelProposedBy.some((side) => side === role),
    objection: 'You have proposed to cancel already; the other side has to consent.',
  },
  'not-frozen': {
    code: 'TRADE_STATE',
    says: 'no side contradicted its own accept, or a ruling came since',
    holds: ({ dispute }) => dispute.conflicts.length === 0 || dispute.status === 'ruled',
    objection: 'The trade is frozen: a side contradicted its own accept.',
  },
  'still-payable': {
    code: 'TRADE_STATE',
    says: 'nothing has to go back, or only because the contract lapsed before all was paid, and none of it did',
    holds: ({ contract, payment: { status, refunded, refundSeen } }) =>
      status !== 'refund-due' || (contract.status === 'lapsed' && refunded === undefined && refundSeen === undefined),
    objection: 'Money has to go back to you: nothing is to be paid.',
  },
  'left-to-ship': {
    code: 'TRADE_STATE',
    says: 'not all was shipped',
    holds: ({ delivery }) => some(delivery.goods, leftToShip),
    objection: 'Everything that is to be delivered was shipped already.',
  },
  'left-to-receive': {
    code: 'TRADE_STATE',
    says: 'something was shipped that was not received',
    holds: ({ delivery }) => some(delivery.goods, leftToReceive),
    objection: 'Nothing is on the way that was not received already.',
  },
  'all-sent': {
    code: 'TRADE_STATE',
    says: 'everything was shipped',
    holds: ({ delivery: { goods } }) => goods !== undefined && isSent(goods),
    objection: 'Not everything was shipped yet.',
  },
  'not-approved': {
    code: 'TRADE_STATE',
    says: 'it was not approved before',
    holds: ({ delivery: { goods } }) => goods !== undefined && !isApproved(goods, goods.signed),
    objection: 'The goods were approved already.',
  },
  'left-to-return': {
    code: 'TRADE_STATE',
    says: 'goods have to go back that were not returned',
    holds: ({ delivery }) => some(delivery.goods, leftToReturn),
    objection: 'No goods have to go back that were not returned already.',
  },
  'return-unseen': {
    code: 'TRADE_STATE',
    says: 'goods have to go back that were not seen to come',
    holds: ({ delivery }) => some(delivery.goods, leftToSee),
    objection: 'No goods have to come back that were not seen already.',
  },
  'at-stake': {
    code: 'TRADE_STATE',
    says: 'something was paid or shipped and, where the contract has ended, has to go back; or the trade is frozen',
    holds: isAtStake,
    objection: 'Nothing is at stake: while nothing is paid or shipped, each side can cancel.',
  },
  'no-own-remedy': {
    code: 'TRADE_TURN',
    says: 'no own remedy is open',
    holds: ({ remedies }, role) => !remedies.some(({ by }) => by === role),
    objection: 'You have proposed a remedy that is not answered yet.',
  },
  'remedy-to-answer': {
    code: 'TRADE_TURN',
    says: 'a remedy of the other side is open',
    holds: ({ remedies }, role) => remedies.some(({ by }) => by !== role),
    objection: 'There is no remedy of the other side to answer.',
  },
  'own-dispute': {
    code: 'TRADE_STATE',
    says: 'an own dispute is open',
    holds: ({ dispute }, role) => dispute.by.some((side) => side === role),
    objection: 'You have no open dispute.',
  },
  'not-consented': {
    code: 'TRADE_STATE',
    says: 'it has not consented before',
    holds: ({ consent }) => consent === undefined,
    objection: 'The arbiter has consented already.',
  },
  'arbiter-consented': {
    code: 'TRADE_STATE',
    says: 'an arbiter has consented first',
    holds: ({ consent }, role) => isSide(role) || consent !== undefined,
    objection: 'An arbiter first consents to the contract.',
  },
  ended: {
    code: 'TRADE_STATE',
    says: 'the trade has ended, and there was a contract',
    holds: ({ contract, word }) => agreementIn(contract) !== undefined && WORDS[word].phase === 'final',
    objection: 'Ratings are given after the end of a trade that had a contract.',
  },
  'no-own-rating': {
    code: 'TRADE_STATE',
    says: 'it has not rated before',
    holds: ({ ratings }, role) => !isSide(role) || ratings[role] === undefined,
    objection: 'You have rated this trade already.',
  },
  'rated-without-reply': {
    code: 'TRADE_STATE',
    says: 'the other side has rated, and it has not replied before',
    holds: ({ ratings }, role) => isSide(role) && isUnreplied(ratings, otherSide(role)),
    objection: 'There is no rating to reply to.',
  },
} as const satisfies Record<string, StateGuardRow>;
export type StateGuard = keyof typeof STATE_GUARDS;

/** Whether a contract can still come about is what a rule asks by its statuses; whose turn it is only follows where it can. */
function nothingOpen({ contract }: Regions): boolean {
  return contract.status !== 'open';
}

function openBy(regions: Regions, wanted: (by: Side) => boolean): boolean {
  return regions.contract.status === 'open' && regions.contract.open.some((proposal) => wanted(proposal.by));
}

function some(goods: Goods | undefined, of: (goods: Goods) => Amounts): boolean {
  return goods !== undefined && !isNone(of(goods));
}

function isAtStake({ contract, payment, delivery, dispute, word }: Regions): boolean {
  switch (contract.status) {
    case 'agreed': {
      const begun = payment.claims.length > 0 || payment.seen !== undefined || delivery.shipped.length > 0;
      return begun || dispute.conflicts.length > 0;
    }
    case 'cancelled':
    case 'lapsed':
    case 'completed':
      return WORDS[word].phase === 'owed';
    case 'open':
    case 'declined':
    case 'withdrawn':
    case 'expired':
      return false;
  }
}

function isUnreplied(ratings: Regions['ratings'], by: Side): boolean {
  const rating = ratings[by];
  return rating !== undefined && rating.reply === undefined;
}
