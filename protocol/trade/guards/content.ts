import type { CID } from 'multiformats/cid';
import type { ErrorCode } from '../../errors.js';
import type { Regions } from '../regions.js';
import type { Parties, Role } from '../roles.js';
import type { TradePayload } from '../schema.js';
import { checkDeadlineName, checkDeadlinePassed } from './deadline.js';
import { checkAmount, checkMore } from './money.js';
import { checkCode, checkParts } from './parts.js';
import { checkAnswers, checkArbiter, checkCommitments, checkInTime, checkProposal } from './proposal.js';
import { checkRemedyAnswer, checkRemedyAsks, checkRemedyFits } from './remedy.js';

export interface Objection {
  readonly code: ErrorCode;
  readonly message: string;
  readonly where?: string;
}

/** What a guard of the content sees; `regions` is undefined for the offer that opens a trade. */
export interface ContentContext {
  readonly payload: TradePayload;
  readonly role: Role;
  readonly parties: Parties;
  readonly regions: Regions | undefined;
  readonly isInPast: (id: CID) => boolean;
}

export interface ContentGuardRow {
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
  'arbiter-apart': { says: 'the arbiter is neither of the sides', check: checkArbiter },
  'buyers-commitments': {
    says: 'commitments of address and code are the buyer’s own, or those of its proposal that is answered',
    check: checkCommitments,
  },
  'contract-money': { says: '`amount` is above zero, in the contract’s currency', check: checkAmount },
  'more-than-before': {
    says: '`amount` is more than was said before; of money seen also the same, where a claim waits for an answer',
    check: checkMore,
  },
  'parts-fit': { says: '`parts` are parts of what is left', check: checkParts },
  'code-opens': { says: '`code`, where it is given, opens the commitment of the contract', check: checkCode },
  'remedy-fits': {
    says: 'what it changes is within what was ordered, shipped and is to be paid',
    check: checkRemedyFits,
  },
  'remedy-asks': { says: 'it changes something', check: checkRemedyAsks },
  'answers-remedy': { says: '`answers` names the other side’s open remedy', check: checkRemedyAnswer },
  'known-deadline': { says: '`deadline` is one that runs', check: checkDeadlineName },
  'deadline-passed': { says: '`created` is more than 10 minutes past the deadline', check: checkDeadlinePassed },
} as const satisfies Record<string, ContentGuardRow>;
export type ContentGuard = keyof typeof CONTENT_GUARDS;
