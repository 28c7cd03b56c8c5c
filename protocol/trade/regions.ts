import type { CID } from 'multiformats/cid';
import type { Money } from '../money.js';
import { runningDeadlines, type Deadline } from './deadlines.js';
import { contestIn, decisionIn, type Contest, type Decision, type DisputeRegion } from './dispute.js';
import {
  goodsIn,
  isApproved,
  isSent,
  leftToSee,
  leftToShip,
  leftToReturn,
  leftToReceive,
  type Goods,
} from './goods.js';
import {
  compareIds,
  concurrent,
  equivocationsIn,
  follows,
  isKind,
  ofKind,
  type Entry,
  type Equivocation,
} from './log.js';
import { negotiate, type Agreement, type Conflict, type Negotiation } from './negotiation.js';
import { isNone } from './parts.js';
import type { Proposal } from './proposal.js';
import { ratingsIn, type Ratings } from './ratings.js';
import { remediesIn, type OpenRemedy, type Remedies } from './remedies.js';
import { otherSide, SIDES, type Side } from './roles.js';
import { settlementOf, type Claim, type MoneyFacts, type PaymentStatus } from './settlement/index.js';
import { sortedIds, standing, stepsUnder, uncrossed, type Steps } from './steps.js';
import { wordOf, type Word } from './words.js';

/**
 * What was agreed. `lapsed`: the buyer did not pay in time; a payment that was on its way, or comes later, opens it again.
 * `completed`: all that was owed for it was paid, delivered and approved.
 */
export type ContractRegion =
  | { readonly status: 'open'; readonly last: Proposal; readonly open: readonly Proposal[]; readonly turn: Side }
  | { readonly status: 'agreed' | 'lapsed' | 'completed'; readonly agreement: Agreement }
  | { readonly status: 'declined' | 'withdrawn' | 'expired'; readonly last: Proposal }
  | { readonly status: 'cancelled'; readonly last: Proposal; readonly agreement?: Agreement };

/** What was paid. `claims`, `seen`, `refunded` and `refundSeen` are facts: they only ever grow. */
export interface PaymentRegion {
  readonly status: PaymentStatus;
  readonly claims: readonly Claim[];
  /** All the money that the seller saw come. */
  readonly seen?: Money;
  /** All the money that the seller said to have sent back. */
  readonly refunded?: Money;
  /** All the money that the buyer saw come back. */
  readonly refundSeen?: Money;
  /** What is to be paid in the end, once there is a contract. */
  readonly price?: Money;
  /** What has to go back in all, where anything has. */
  readonly owed?: Money;
}

/**
 * What was delivered; `shipped` and `received` are facts: they only ever grow. `void`: nothing is to be delivered, and
 * nothing was. `approved`: the inspection is over. `return-due`, `returned`: goods have to go back, or are said to be on the
 * way; `return-seen`: they came.
 */
export interface DeliveryRegion {
  readonly status: DeliveryStatus;
  readonly shipped: readonly CID[];
  readonly received: readonly CID[];
  /** How much of what, once there is a contract. */
  readonly goods?: Goods;
  /** The time for sending the goods has passed: the buyer may cancel alone. */
  readonly late: boolean;
  /** Deliveries of digital goods whose keys the buyer is to have: all was paid. */
  readonly released: readonly CID[];
}
export type DeliveryStatus =
  'none' | 'due' | 'partly' | 'shipped' | 'received' | 'approved' | 'void' | 'return-due' | 'returned' | 'return-seen';

/** Everything that a set of messages says, and nothing that depends on the order in which they came. */
export interface Regions {
  readonly contract: ContractRegion;
  readonly payment: PaymentRegion;
  readonly delivery: DeliveryRegion;
  readonly dispute: DisputeRegion;
  /** The one word that people see. */
  readonly word: Word;
  /** Proposals to change the contract after the fact that wait for their answer. */
  readonly remedies: readonly OpenRemedy[];
  /** The arbiter's consent to this contract. */
  readonly consent?: CID;
  readonly ratings: Ratings;
  /** Deadlines that run, the next first. */
  readonly deadlines: readonly Deadline[];
  /** Who proposed to cancel a contract that needs both for it, and took no other step since. */
  readonly cancelProposedBy: readonly Side[];
  /** The contract had lapsed at some time: the seller, who was kept waiting, may cancel it alone until something was shipped. */
  readonly wasLate: boolean;
  readonly conflicts: readonly Conflict[];
  readonly equivocations: readonly Equivocation[];
}

/** The contract, once there is one; a cancelled one too. */
export function agreementIn(contract: ContractRegion): Agreement | undefined {
  switch (contract.status) {
    case 'agreed':
    case 'lapsed':
    case 'completed':
    case 'cancelled':
      return contract.agreement;
    case 'open':
    case 'declined':
    case 'withdrawn':
    case 'expired':
      return undefined;
  }
}

/** The regions of a set of valid messages that has the past of each of them. */
export function derive(entries: readonly Entry[]): Regions {
  const negotiation = negotiate(entries);
  const { agreement, conflicts } = negotiation;
  const steps = stepsUnder(entries, agreement);
  const decision = decisionIn(steps);
  const remedies = remediesIn(steps, decision.ruling === undefined ? [] : [decision.ruling]);
  const course = courseOf(entries, { agreement, steps, decision, remedies, conflicts });
  const contract = contractRegion(negotiation, course);
  const payment = paymentRegion(entries, course);
  const delivery = deliveryRegion(steps, course);
  const dispute = course.contest.region;
  const word = wordOf({ contract, payment, delivery, dispute });
  const regions = { contract, payment, delivery, dispute };
  const [consent] = sortedIds(steps.of('consent'));
  return {
    ...regions,
    word,
    remedies: over(course) ? [] : remedies.open,
    ...(consent === undefined ? {} : { consent }),
    ratings: ratingsIn(steps),
    deadlines: runningDeadlines({ ...regions, word, steps, contest: course.contest, remedies }),
    cancelProposedBy: contract.status === 'agreed' ? SIDES.filter((side) => proposesToCancel(entries, side)) : [],
    wasLate: steps.of('timeout').some(({ verdict }) => verdict.ends?.deadline === 'payment'),
    conflicts,
    equivocations: equivocationsIn(entries),
  };
}

interface Known {
  readonly agreement: Agreement | undefined;
  readonly steps: Steps;
  readonly decision: Decision;
  readonly remedies: Remedies;
  readonly conflicts: readonly Conflict[];
}

/** How far a contract came. */
interface Course {
  readonly cancelled: boolean;
  readonly lapsed: boolean;
  readonly completed: boolean;
  readonly contest: Contest;
  readonly goods?: Goods;
  readonly money?: MoneyFacts;
}

function over({ cancelled, lapsed, completed, contest }: Course): boolean {
  return cancelled || lapsed || completed || contest.region.status === 'unresolved';
}

/**
 * What ended a contract, if anything did. A trade that both sides have signed for (the buyer by approving all, the seller by
 * having seen the money) is completed whatever crosses it: neither a cancel nor a dispute undoes that.
 */
function courseOf(entries: readonly Entry[], { agreement, steps, decision, remedies, conflicts }: Known): Course {
  const contestWith = (closing: readonly Entry[]) => contestIn(steps, decision, remedies.agreed, closing, conflicts);
  if (agreement === undefined) {
    const cancelled = isCancelled(entries, []);
    return { cancelled, lapsed: false, completed: false, contest: contestWith([]) };
  }
  const { agreed } = remedies;
  const going = goodsIn(steps, agreement, agreed, decision, false);
  const asked = moneyFacts(entries, steps, agreement, remedies, decision);
  const isPaid = asked.price === 0 || (asked.seen ?? 0) >= asked.price;
  const signed = isPaid && isApproved(going, going.signed);
  const contest = contestWith(signed ? steps.of('approved') : []);
  const status = contest.region.status;
  const contested = ['open', 'frozen', 'unresolved'].includes(status);
  // Silence completes what nobody contests; what is contested of a trade that was complete is only what it left owed.
  const wasComplete = steps.ofAny('dispute', 'timeout').some(({ verdict }) => verdict.completed === true);
  const silent = isPaid && isApproved(going, going.approved) && (!contested || wasComplete);
  const cancelled = !signed && isCancelled(entries, silent ? entries : []);
  const lapsed = !signed && !cancelled && hasLapsed(steps);
  const completed = !cancelled && !lapsed && (signed || silent);
  const ended = cancelled || lapsed;
  return {
    cancelled,
    lapsed,
    completed,
    contest,
    goods: ended ? goodsIn(steps, agreement, agreed, decision, true) : going,
    money: ended ? endedMoney(asked, decision) : asked,
  };
}

function moneyFacts(
  entries: readonly Entry[],
  steps: Steps,
  { terms }: Agreement,
  { agreed }: Remedies,
  { ruling }: Decision,
): MoneyFacts {
  // Forks can hold contracts in two currencies; only money in the currency of the one that counts is counted for it.
  const largest = (of: readonly Entry<{ amount: Money } & Entry['message']['payload']>[]) =>
    of
      .map(({ message }) => message.payload.amount)
      .filter(({ currency }) => currency === terms.total.currency)
      .reduce<number | undefined>((so, { amount }) => Math.max(so ?? 0, amount), undefined);
  const waivers = [...agreed.map(({ remedy }) => remedy), ...(ruling === undefined ? [] : [ruling.message.payload])];
  const waived = waivers.reduce((sum, { refund }) => sum + (refund?.amount ?? 0), 0);
  const disputed = steps.of('dispute').filter(({ role }) => role === 'buyer');
  const unanswered = uncrossed(steps, 'refund', disputed).map(({ verdict }) => verdict.ends?.refunded ?? 0);
  const paid = ofKind(entries, 'paid');
  const sums = ofKind(entries, 'payment-seen');
  const claims = paid.map(({ message: { id, payload } }) => ({ message: id, amount: payload.amount }));
  return {
    terms,
    price: Math.max(0, terms.total.amount - waived),
    ended: false,
    waived: waived > 0,
    claims: claims.sort((a, b) => compareIds(a.message, b.message)),
    unanswered: paid.some((claim) => !sums.some((sum) => follows(sum, claim))),
    seen: largest(sums),
    refunded: largest(ofKind(entries, 'refunded')) ?? 0,
    refundSeen: Math.max(largest(ofKind(entries, 'refund-seen')) ?? 0, ...unanswered),
  };
}

/** A contract that ended costs nothing any more, unless the arbiter ruled what the seller keeps of the money. */
function endedMoney(facts: MoneyFacts, { ruling }: Decision): MoneyFacts {
  const price = ruling === undefined ? 0 : Math.min(facts.price, facts.seen ?? 0);
  return { ...facts, price, ended: true, waived: true };
}

/**
 * Whether the trade is cancelled: by a cancel that needed no consent, by one that gives it, or by two that crossed. Once
 * the trade is complete the first no longer counts, and the others only where their author had not, on another branch of
 * its own, taken another step: else a cancel kept up the sleeve could undo a finished trade.
 * @param done the log, where without the cancels the trade would be complete
 */
function isCancelled(entries: readonly Entry[], done: readonly Entry[]): boolean {
  const finished = done.length > 0;
  const cancels = ofKind(entries, 'cancel').filter(
    (cancel) => !done.some((step) => step.role === cancel.role && concurrent(step, cancel)),
  );
  if (cancels.some(({ verdict }) => verdict.consents === true || (verdict.alone === true && !finished))) return true;
  return cancels.some(
    (one) => one.role === 'buyer' && cancels.some((other) => other.role === 'seller' && concurrent(one, other)),
  );
}

function proposesToCancel(entries: readonly Entry[], side: Side): boolean {
  const own = entries.filter((entry) => entry.role === side);
  const steps = own.filter((entry) => !isKind(entry, 'cancel'));
  return own.some((entry) => isKind(entry, 'cancel') && !steps.some((step) => follows(step, entry)));
}

/**
 * Whether a contract has lapsed. Money that was sent back because of it cannot be called back: then it stays lapsed, whatever
 * was on its way, and what still comes has to go back too.
 */
function hasLapsed(steps: Steps): boolean {
  const late = steps.ofAny('paid', 'payment-seen', 'shipped');
  if (standing(steps, 'payment', late).length > 0) return true;
  const refunds = steps.ofAny('refunded', 'refund-seen');
  return refunds.some((refund) =>
    standing(
      steps,
      'payment',
      late.filter((step) => follows(refund, step)),
    ).some((timeout) => follows(refund, timeout)),
  );
}

function contractRegion(negotiation: Negotiation, { cancelled, lapsed, completed }: Course): ContractRegion {
  const { agreement, last, open, ended } = negotiation;
  if (cancelled) return { status: 'cancelled', last, ...(agreement === undefined ? {} : { agreement }) };
  if (agreement !== undefined) return { status: completed ? 'completed' : lapsed ? 'lapsed' : 'agreed', agreement };
  const first = open[0];
  if (first !== undefined) return { status: 'open', last: first, open, turn: otherSide(first.by) };
  return { status: ended ?? 'expired', last };
}

function paymentRegion(entries: readonly Entry[], { money: facts }: Course): PaymentRegion {
  if (facts === undefined) {
    const claims = ofKind(entries, 'paid').map(({ message }) => ({
      message: message.id,
      amount: message.payload.amount,
    }));
    return { status: 'none', claims };
  }
  const { terms, claims, seen, refunded, refundSeen, price } = facts;
  const settlement = settlementOf(terms);
  const { currency } = terms.total;
  const owed = settlement.owed(facts);
  return {
    status: settlement.status(facts),
    claims,
    price: { amount: price, currency },
    ...(seen === undefined ? {} : { seen: { amount: seen, currency } }),
    ...(refunded === 0 ? {} : { refunded: { amount: refunded, currency } }),
    ...(refundSeen === 0 ? {} : { refundSeen: { amount: refundSeen, currency } }),
    ...(owed === 0 ? {} : { owed: { amount: owed, currency } }),
  };
}

function deliveryRegion(steps: Steps, course: Course): DeliveryRegion {
  const { goods, money } = course;
  const facts = { shipped: sortedIds(steps.of('shipped')), received: sortedIds(steps.of('received')) };
  if (goods === undefined || money === undefined) return { status: 'none', ...facts, late: false, released: [] };
  const digital = steps.of('shipped').filter(({ message }) => message.payload.content !== undefined);
  const isPaid = money.terms.total.amount === 0 || (money.seen ?? 0) >= Math.max(1, money.price);
  const late =
    !over(course) && !isNone(leftToShip(goods)) && standing(steps, 'delivery', steps.of('shipped')).length > 0;
  return {
    status: deliveryStatus(goods, course),
    ...facts,
    goods,
    late,
    released: isPaid ? sortedIds(digital) : [],
  };
}

function deliveryStatus(goods: Goods, { cancelled, lapsed }: Course): DeliveryStatus {
  if (isNone(goods.required) && isNone(goods.shipped)) return 'void';
  const ended = cancelled || lapsed;
  if (!ended && !isNone(leftToShip(goods))) return isNone(goods.shipped) ? 'due' : 'partly';
  if (!isNone(leftToSee(goods))) return isNone(leftToReturn(goods)) ? 'returned' : 'return-due';
  if (ended && !isNone(goods.returning)) return 'return-seen';
  if (isApproved(goods, goods.approved) && isSent(goods)) return 'approved';
  return isNone(leftToReceive(goods)) ? 'received' : 'shipped';
}
