import type { CID } from 'multiformats/cid';
import type { ErrorCode } from '../errors.js';
import type { ContentGuard, StateGuard } from './guards.js';
import type { ContractRegion, DeliveryRegion, DisputeRegion, PaymentRegion } from './regions.js';
import { ROLES, type Role } from './roles.js';
import type { MessageKind } from './schema.js';

/**
 * The rules of trading, a row for each kind of message: who may send it, in which states, what it needs. Validity,
 * `allowed`, and the page in docs/ all come from this table and from nothing else.
 */
export interface Rule {
  readonly by: readonly Role[];
  /** Statuses of each region in its past in which it may be sent; a region left out does not matter. `none`: no trade yet. */
  readonly contract: readonly (ContractRegion['status'] | 'none')[];
  readonly payment?: readonly PaymentRegion['status'][];
  readonly delivery?: readonly DeliveryRegion['status'][];
  readonly dispute?: readonly DisputeRegion['status'][];
  /** What more the state in its past must be. */
  readonly state: readonly StateGuard[];
  /** What the message itself must say. */
  readonly content: readonly ContentGuard[];
  readonly help: string;
  /** What comes next, for the one who sent it. */
  readonly next: string;
}

export type Rules = Readonly<Record<MessageKind, Rule>>;

export const RULES = {
  offer: {
    by: ROLES,
    contract: ['none'],
    state: [],
    content: ['terms-hold'],
    help: 'Opens a trade with terms for the other side to answer.',
    next: 'Wait for the answer, or withdraw.',
  },
  counter: {
    by: ROLES,
    contract: ['open'],
    state: ['your-turn'],
    content: ['answers-open', 'terms-hold'],
    help: 'Answers with other terms; now the other side answers.',
    next: 'Wait for the answer, or withdraw.',
  },
  accept: {
    by: ROLES,
    contract: ['open'],
    state: ['your-turn'],
    content: ['answers-open', 'in-time'],
    help: 'Agrees to the terms: this makes the contract. Of goods subject to stock the seller confirms with an accept of the accept.',
    next: 'The buyer pays, the seller delivers.',
  },
  decline: {
    by: ROLES,
    contract: ['open'],
    state: ['your-turn'],
    content: ['answers-open'],
    help: 'Ends the negotiation.',
    next: 'Nothing: the trade is over.',
  },
  withdraw: {
    by: ROLES,
    contract: ['open'],
    state: ['own-proposal-open'],
    content: ['withdraws-own'],
    help: 'Takes back the own proposal. An answer that crosses it wins.',
    next: 'Nothing, unless an answer was on its way.',
  },
  timeout: {
    by: ROLES,
    contract: ['open'],
    state: [],
    content: ['known-deadline', 'deadline-passed'],
    help: 'Says that the proposal ran out unanswered. An answer that crosses it wins.',
    next: 'Nothing, unless an answer was on its way.',
  },
  cancel: {
    by: ROLES,
    contract: ['open', 'agreed'],
    state: ['no-own-cancel'],
    content: [],
    help: 'Ends the trade at once while nothing is paid or shipped; afterwards it proposes to, and the other side consents by a cancel of its own. A proposal stands until its author takes another step.',
    next: 'Where something was paid or shipped: wait for the other side to cancel too.',
  },
  paid: {
    by: ['buyer'],
    contract: ['agreed'],
    payment: ['due', 'short'],
    dispute: ['none'],
    state: [],
    content: ['contract-money'],
    help: 'The buyer says to have paid; again only where the seller saw too little.',
    next: 'Wait until the seller has seen the money.',
  },
  'payment-seen': {
    by: ['seller'],
    contract: ['agreed', 'cancelled'],
    payment: ['due', 'claimed', 'short', 'void', 'refund-due'],
    state: [],
    content: ['contract-money', 'more-than-before'],
    help: 'The seller says how much money came in all; no claim is needed before. After a cancel too, for that is to the buyer’s good.',
    next: 'Deliver.',
  },
  shipped: {
    by: ['seller'],
    contract: ['agreed'],
    delivery: ['due'],
    dispute: ['none'],
    state: [],
    content: [],
    help: 'The seller says to have sent the goods, handed them over or done the service; with cash on delivery before any payment.',
    next: 'Wait until the buyer has received the goods.',
  },
  received: {
    by: ['buyer'],
    contract: ['agreed', 'cancelled'],
    delivery: ['shipped', 'return-due'],
    state: ['not-received'],
    content: [],
    help: 'The buyer says that the goods came. After a cancel too, for that is to the seller’s good.',
    next: 'Pay, where that is still to be done.',
  },
} as const satisfies Rules;

/** Why a message is not valid, or not yet: with what its author could send instead. */
export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  /** What was wrong, the state, and what is allowed now. */
  readonly message: string;
  /** The field to blame. */
  readonly where?: string;
  /** What the author could send in the state that the message was judged by. */
  readonly allowed: readonly MessageKind[];
  /** TRADE_HEADS: messages that it names and that are not there. With all of them it may be valid. */
  readonly missing?: readonly CID[];
  /** The time, ms, from which it is worth another try. */
  readonly retryAt?: number;
}
