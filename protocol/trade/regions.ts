import type { CID } from 'multiformats/cid';
import type { Money } from '../money.js';
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
import type { Proposal } from './proposal.js';
import { otherRole, ROLES, type Role } from './roles.js';
import { wordOf, type Word } from './words.js';

/** What was agreed. */
export type ContractRegion =
  | { readonly status: 'open'; readonly last: Proposal; readonly open: readonly Proposal[]; readonly turn: Role }
  | { readonly status: 'agreed' | 'completed'; readonly agreement: Agreement }
  | { readonly status: 'declined' | 'withdrawn' | 'expired'; readonly last: Proposal }
  | { readonly status: 'cancelled'; readonly last: Proposal; readonly agreement?: Agreement };

/** The buyer's word for one payment. */
export interface Claim {
  readonly message: CID;
  readonly amount: Money;
}

/**
 * What was paid. `claims` and `seen` are facts: they only ever grow. `void`: it was due, and the contract was cancelled
 * before anybody spoke of a payment. `refund-due`: cancelled, and there was a claim or money was seen.
 */
export interface PaymentRegion {
  readonly status: 'none' | 'not-due' | 'due' | 'claimed' | 'short' | 'seen' | 'void' | 'refund-due';
  readonly claims: readonly Claim[];
  /** All the money that the seller saw come. */
  readonly seen?: Money;
}

/** What was delivered. `shipped` and `received` are facts: they only ever grow. `return-due`: cancelled after something was sent. */
export interface DeliveryRegion {
  readonly status: 'none' | 'due' | 'shipped' | 'received' | 'void' | 'return-due';
  readonly shipped: readonly CID[];
  readonly received: readonly CID[];
}

/** What is contested. `frozen`: somebody contradicted an accept of its own. */
export type DisputeRegion =
  { readonly status: 'none' } | { readonly status: 'frozen'; readonly conflicts: readonly Conflict[] };

/** Everything that a set of messages says, and nothing that depends on the order in which they came. */
export interface Regions {
  readonly contract: ContractRegion;
  readonly payment: PaymentRegion;
  readonly delivery: DeliveryRegion;
  readonly dispute: DisputeRegion;
  /** The one word that people see. */
  readonly word: Word;
  /** Who proposed to cancel a contract that needs both for it, and took no other step since. */
  readonly cancelProposedBy: readonly Role[];
  readonly conflicts: readonly Conflict[];
  readonly equivocations: readonly Equivocation[];
}

/** The contract, once there is one; a cancelled one too. */
export function agreementIn(contract: ContractRegion): Agreement | undefined {
  switch (contract.status) {
    case 'agreed':
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
  const facts = factsOf(entries, agreement);
  const cancelled = isCancelled(entries, facts.paidInFull);
  const completed = !cancelled && facts.paidInFull && facts.completing;
  const contract = contractRegion(negotiation, cancelled, completed);
  const payment = paymentRegion(facts, agreement, cancelled);
  const delivery = deliveryRegion(facts, agreement, cancelled);
  const freezing = conflicts.filter((conflict) => conflict.freezes);
  const dispute: DisputeRegion = freezing.length === 0 ? { status: 'none' } : { status: 'frozen', conflicts: freezing };
  return {
    contract,
    payment,
    delivery,
    dispute,
    word: wordOf({ contract, payment, delivery, dispute }),
    cancelProposedBy: contract.status === 'agreed' ? ROLES.filter((role) => proposesToCancel(entries, role)) : [],
    conflicts,
    equivocations: equivocationsIn(entries),
  };
}

interface Facts {
  readonly claims: readonly Claim[];
  readonly seen: Money | undefined;
  readonly paidInFull: boolean;
  readonly shipped: readonly CID[];
  readonly received: readonly CID[];
  /** Something was received while the trade was not cancelled. */
  readonly completing: boolean;
}

function factsOf(entries: readonly Entry[], agreement: Agreement | undefined): Facts {
  const claims = ofKind(entries, 'paid').map(({ message }) => ({
    message: message.id,
    amount: message.payload.amount,
  }));
  const total = agreement?.terms.total;
  // Forks can hold contracts in two currencies; only money in the currency of the one that counts is counted for it.
  const amounts = ofKind(entries, 'payment-seen').map((entry) => entry.message.payload.amount);
  const seen = amounts
    .filter((amount) => total === undefined || amount.currency === total.currency)
    .reduce<Money | undefined>(
      (most, amount) => (most === undefined || amount.amount > most.amount ? amount : most),
      undefined,
    );
  const received = ofKind(entries, 'received');
  return {
    claims: claims.sort((a, b) => compareIds(a.message, b.message)),
    seen,
    paidInFull: total !== undefined && (seen?.amount ?? 0) >= total.amount,
    shipped: sortedIds(ofKind(entries, 'shipped')),
    received: sortedIds(received),
    completing: received.some((entry) => entry.verdict.completes === true),
  };
}

/**
 * Whether the trade is cancelled: by a cancel that needed no consent, by one that gives it, or by two that crossed. Once
 * the trade is complete the first no longer counts, and the others only where their author had not, on another branch of
 * its own, taken the step that completed it: else a cancel kept up the sleeve could undo a finished trade.
 */
function isCancelled(entries: readonly Entry[], paidInFull: boolean): boolean {
  const completing = paidInFull ? entries.filter((entry) => entry.verdict.completes === true) : [];
  const steps = completing.length === 0 ? [] : [...completing, ...ofKind(entries, 'payment-seen')];
  const cancels = ofKind(entries, 'cancel').filter(
    (cancel) => !steps.some((step) => step.role === cancel.role && concurrent(step, cancel)),
  );
  if (cancels.some(({ verdict }) => verdict.consents === true || (verdict.alone === true && steps.length === 0)))
    return true;
  return cancels.some(
    (one) => one.role === 'buyer' && cancels.some((other) => other.role === 'seller' && concurrent(one, other)),
  );
}

function proposesToCancel(entries: readonly Entry[], role: Role): boolean {
  const own = entries.filter((entry) => entry.role === role);
  const steps = own.filter((entry) => !isKind(entry, 'cancel'));
  return own.some((entry) => isKind(entry, 'cancel') && !steps.some((step) => follows(step, entry)));
}

function contractRegion(negotiation: Negotiation, cancelled: boolean, completed: boolean): ContractRegion {
  const { agreement, last, open, ended } = negotiation;
  if (cancelled) return { status: 'cancelled', last, ...(agreement === undefined ? {} : { agreement }) };
  if (agreement !== undefined) return { status: completed ? 'completed' : 'agreed', agreement };
  const first = open[0];
  if (first !== undefined) return { status: 'open', last: first, open, turn: otherRole(first.by) };
  return { status: ended ?? 'expired', last };
}

function paymentRegion(facts: Facts, agreement: Agreement | undefined, cancelled: boolean): PaymentRegion {
  const { claims, seen } = facts;
  return { status: paymentStatus(facts, agreement, cancelled), claims, ...(seen === undefined ? {} : { seen }) };
}

function paymentStatus(facts: Facts, agreement: Agreement | undefined, cancelled: boolean): PaymentRegion['status'] {
  if (agreement === undefined) return 'none';
  if (cancelled) return facts.claims.length > 0 || facts.seen !== undefined ? 'refund-due' : 'void';
  if (agreement.terms.total.amount === 0) return 'not-due';
  if (facts.paidInFull) return 'seen';
  if (facts.seen !== undefined) return 'short';
  return facts.claims.length > 0 ? 'claimed' : 'due';
}

function deliveryRegion(facts: Facts, agreement: Agreement | undefined, cancelled: boolean): DeliveryRegion {
  const { shipped, received } = facts;
  return { status: deliveryStatus(facts, agreement, cancelled), shipped, received };
}

function deliveryStatus(facts: Facts, agreement: Agreement | undefined, cancelled: boolean): DeliveryRegion['status'] {
  if (agreement === undefined) return 'none';
  if (cancelled) return facts.shipped.length > 0 ? 'return-due' : 'void';
  if (facts.received.length > 0) return 'received';
  return facts.shipped.length > 0 ? 'shipped' : 'due';
}

function sortedIds(entries: readonly Entry[]): readonly CID[] {
  return entries.map((entry) => entry.message.id).sort(compareIds);
}
