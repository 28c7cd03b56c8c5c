import type { CID } from 'multiformats/cid';
import type { ErrorCode } from '../errors.js';
import type { ContentGuard } from './guards/content.js';
import type { StateGuard } from './guards/state.js';
import type { ContractRegion, PaymentRegion } from './regions.js';
import type { DisputeRegion } from './dispute.js';
import { ROLES, SIDES, type Role } from './roles.js';
import type { MessageKind } from './schema.js';

/**
 * The rules of trading, a row for each kind of message: who may send it, in which states, what it needs. Validity,
 * `allowed`, and the page in docs/ all come from this table and from nothing else.
 */
export interface Rule {
  readonly by: readonly Role[];
  /** Statuses of each region in its past in which it may be sent; one left out does not matter, or what else it needs decides. `none`: no trade yet. */
  readonly contract?: readonly (ContractRegion['status'] | 'none')[];
  readonly payment?: readonly PaymentRegion['status'][];
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

/** Nothing is in the arbiter's hands, and the trade is not over. */
const UNDISPUTED = ['none', 'settled', 'withdrawn'] as const;

export const RULES = {
  offer: {
    by: SIDES,
    contract: ['none'],
    state: [],
    content: ['terms-hold', 'arbiter-apart', 'buyers-commitments'],
    help: 'Opens a trade with terms for the other side to answer.',
    next: 'Wait for the answer, or withdraw.',
  },
  counter: {
    by: SIDES,
    contract: ['open'],
    state: ['your-turn'],
    content: ['answers-open', 'terms-hold', 'arbiter-apart', 'buyers-commitments'],
    help: 'Answers with other terms; now the other side answers.',
    next: 'Wait for the answer, or withdraw.',
  },
  accept: {
    by: SIDES,
    contract: ['open'],
    state: ['your-turn'],
    content: ['answers-open', 'in-time', 'buyers-commitments'],
    help: 'Agrees to the terms: this makes the contract. Of goods subject to stock the seller confirms with an accept of the accept.',
    next: 'The buyer pays, the seller delivers.',
  },
  decline: {
    by: SIDES,
    contract: ['open'],
    state: ['your-turn'],
    content: ['answers-open'],
    help: 'Ends the negotiation.',
    next: 'Nothing: the trade is over.',
  },
  withdraw: {
    by: SIDES,
    contract: ['open'],
    state: ['own-proposal-open'],
    content: ['withdraws-own'],
    help: 'Takes back the own proposal. An answer that crosses it wins.',
    next: 'Nothing, unless an answer was on its way.',
  },
  timeout: {
    by: SIDES,
    state: ['deadline-runs'],
    content: ['known-deadline', 'deadline-passed'],
    help: 'Says that a deadline has passed. It changes the status only: a step that was on its way opens it again.',
    next: 'See what the deadline leads to.',
  },
  cancel: {
    by: SIDES,
    contract: ['open', 'agreed'],
    dispute: [...UNDISPUTED, 'frozen'],
    state: ['no-own-cancel'],
    content: [],
    help: 'Ends the trade at once while nothing is paid or shipped, for the buyer also when the delivery is late, for the seller also when the payment was; otherwise it proposes to, and the other side consents by a cancel of its own. A proposal stands until its author takes another step.',
    next: 'Where something was paid or shipped: wait for the other side to cancel too.',
  },
  paid: {
    by: ['buyer'],
    contract: ['agreed', 'lapsed'],
    payment: ['due', 'short', 'void', 'refund-due'],
    dispute: [...UNDISPUTED, 'frozen', 'open', 'ruled'],
    state: ['not-frozen', 'still-payable'],
    content: ['contract-money'],
    help: 'The buyer says to have paid; again only where the seller has answered that, and saw too little. It opens a contract again that lapsed; not one of which money went back.',
    next: 'Wait until the seller has seen the money.',
  },
  'payment-seen': {
    by: ['seller'],
    contract: ['agreed', 'lapsed', 'cancelled'],
    payment: ['due', 'claimed', 'short', 'seen', 'over', 'void', 'refund-due', 'refund-claimed', 'refund-seen'],
    state: [],
    content: ['contract-money', 'more-than-before'],
    help: 'The seller says how much money came in all; no claim is needed before. The same once more answers a claim after which no more came. After a cancel or a refund too, for that is to the buyer’s good.',
    next: 'Deliver.',
  },
  refunded: {
    by: ['seller'],
    payment: ['over', 'refund-due'],
    state: [],
    content: ['contract-money', 'more-than-before'],
    help: 'The seller says how much money it sent back in all.',
    next: 'Wait until the buyer has seen it.',
  },
  'refund-seen': {
    by: ['buyer'],
    payment: ['over', 'refund-due', 'refund-claimed'],
    state: [],
    content: ['contract-money', 'more-than-before'],
    help: 'The buyer says how much money came back in all; no claim is needed before.',
    next: 'Nothing, where nothing else has to go back.',
  },
  shipped: {
    by: ['seller'],
    dispute: [...UNDISPUTED, 'frozen', 'open', 'ruled'],
    state: ['not-frozen', 'left-to-ship'],
    content: ['parts-fit', 'code-opens'],
    help: 'The seller says to have sent goods, handed them over or done the service; with cash on delivery before any payment. With the code of the buyer it also proves that they were received.',
    next: 'Wait until the buyer has received the goods.',
  },
  received: {
    by: ['buyer'],
    contract: ['agreed', 'cancelled'],
    state: ['left-to-receive'],
    content: ['parts-fit'],
    help: 'The buyer says that goods came: now it inspects them. After a cancel too, for that is to the seller’s good.',
    next: 'Approve, or propose a remedy.',
  },
  approved: {
    by: ['buyer'],
    contract: ['agreed'],
    dispute: [...UNDISPUTED, 'ruled'],
    state: ['all-sent', 'not-approved'],
    content: [],
    help: 'The buyer says that all came and is as agreed: the inspection is over.',
    next: 'Pay, where that is still to be done.',
  },
  returned: {
    by: ['buyer'],
    state: ['left-to-return'],
    content: ['parts-fit'],
    help: 'The buyer says to have sent goods back.',
    next: 'Wait until the seller has seen them.',
  },
  'return-seen': {
    by: ['seller'],
    state: ['return-unseen'],
    content: ['parts-fit'],
    help: 'The seller says that goods came back; nothing needs to be said to be sent before.',
    next: 'Send the money back, where that is due.',
  },
  consent: {
    by: ['arbiter'],
    state: ['not-consented'],
    content: [],
    help: 'The arbiter that the contract names says that it will rule where the sides do not agree.',
    next: 'Wait for a dispute.',
  },
  remedy: {
    by: SIDES,
    contract: ['agreed'],
    dispute: [...UNDISPUTED, 'open'],
    state: ['at-stake', 'no-own-remedy'],
    content: ['remedy-asks', 'remedy-fits'],
    help: 'Proposes to change the contract after the fact: a refund, goods returned, replaced or left out. Instead of one of the other side’s that is open, it declines that.',
    next: 'Wait for the answer; where none comes in time, dispute.',
  },
  'remedy-accept': {
    by: SIDES,
    state: ['remedy-to-answer'],
    content: ['answers-remedy'],
    help: 'Agrees to a remedy: it is part of the contract now, and settles a dispute.',
    next: 'Do what was agreed.',
  },
  'remedy-decline': {
    by: SIDES,
    state: ['remedy-to-answer'],
    content: ['answers-remedy'],
    help: 'Refuses a remedy; its author may propose another, or dispute.',
    next: 'Propose another remedy, or wait.',
  },
  dispute: {
    by: SIDES,
    dispute: [...UNDISPUTED, 'frozen'],
    state: ['at-stake', 'no-own-remedy'],
    content: ['remedy-fits'],
    help: 'Disputes: the other deadlines stand still, and the arbiter may rule. Without one, or where none rules in time, the trade ends unresolved.',
    next: 'Make statements, agree on a remedy, or wait for the ruling.',
  },
  'dispute-withdrawn': {
    by: SIDES,
    state: ['own-dispute'],
    content: [],
    help: 'Takes back the own dispute: the deadlines run on.',
    next: 'Go on.',
  },
  statement: {
    by: ROLES,
    dispute: ['open'],
    state: ['arbiter-consented'],
    content: [],
    help: 'Says something to a dispute, with or without files.',
    next: 'Wait for the others.',
  },
  ruling: {
    by: ['arbiter'],
    dispute: ['open'],
    state: ['arbiter-consented'],
    content: ['remedy-fits'],
    help: 'The arbiter decides: it may split. From now on what it rules is owed, and nobody needs to consent.',
    next: 'Nothing: the sides do what was ruled.',
  },
  rating: {
    by: SIDES,
    state: ['ended', 'no-own-rating'],
    content: [],
    help: 'Rates the other side after the end, once.',
    next: 'Nothing: the other side may reply.',
  },
  reply: {
    by: SIDES,
    state: ['rated-without-reply'],
    content: [],
    help: 'Replies to a rating, once.',
    next: 'Nothing.',
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
