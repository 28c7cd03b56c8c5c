import type { CID } from 'multiformats/cid';
import type { Money } from '../../money.js';
import type { Side } from '../roles.js';
import type { MessageKind } from '../schema.js';
import type { SettlementMethod, Terms } from '../terms.js';
import { direct } from './direct.js';

/** The buyer's word for one payment. */
export interface Claim {
  readonly message: CID;
  readonly amount: Money;
}

/** What the log says about money, minor units of the contract's currency. */
export interface MoneyFacts {
  readonly terms: Terms;
  /** What is to be paid in the end: the total less what was waived; 0 where the contract ended before its time. */
  readonly price: number;
  /** The contract was cancelled or lapsed. */
  readonly ended: boolean;
  /** Something of the total was waived: by a remedy, by ruling, or by the end. */
  readonly waived: boolean;
  readonly claims: readonly Claim[];
  /** The seller has not said what came since one of the claims. */
  readonly unanswered: boolean;
  /** All that the seller saw come; undefined where it has said nothing. */
  readonly seen: number | undefined;
  /** All that the seller said to have sent back. */
  readonly refunded: number;
  /** All that the buyer saw come back. */
  readonly refundSeen: number;
}

/**
 * `none`: there is no contract. `not-due`: it costs nothing. `claimed`: the seller has not answered a claim yet, the first or one
 * after a part of the money. `short`: it has, and not all came. `over`: more was seen than is due. `void`: it was due, and the
 * contract ended before anybody spoke of a payment. `refund-…`: money has to go back: `due`, `claimed` to be sent, `seen`.
 */
export type PaymentStatus =
  | 'none'
  | 'not-due'
  | 'due'
  | 'claimed'
  | 'short'
  | 'seen'
  | 'over'
  | 'void'
  | 'refund-due'
  | 'refund-claimed'
  | 'refund-seen';

/** Part of what is to be paid, and when. */
export interface Stage {
  readonly title?: string;
  readonly amount: Money;
}

/** Something that a side does next about money: the message by which it says so, and the amount in it. */
export interface SettlementStep {
  readonly by: Side;
  readonly kind: MessageKind;
  readonly amount: Money;
}

/**
 * A way to settle (DESIGN section 8). The machine asks only `status` and `owed`; the rest is what runners and people are to do.
 * A method whose money moves by an issuer's statements brings these into the log as messages of its own, and answers the same
 * questions from them.
 */
export interface Settlement {
  readonly method: SettlementMethod;
  /** What is to be paid: at once, or by milestones. */
  quote(terms: Terms): readonly Stage[];
  status(facts: MoneyFacts): PaymentStatus;
  /** What has to go back to the buyer, minor units. */
  owed(facts: MoneyFacts): number;
  /** The buyer puts in the money. */
  fund(facts: MoneyFacts): SettlementStep | undefined;
  /** The money is set aside until the goods are approved; undefined where nobody holds it. */
  hold(facts: MoneyFacts): SettlementStep | undefined;
  /** The seller gets it. */
  capture(facts: MoneyFacts): SettlementStep | undefined;
  /** What was set aside goes back, since the seller never got it. */
  release(facts: MoneyFacts): SettlementStep | undefined;
  /** The seller gives it back. */
  refund(facts: MoneyFacts): SettlementStep | undefined;
}

const SETTLEMENTS: Readonly<Record<SettlementMethod, Settlement>> = { direct };

export function settlementOf(terms: Terms): Settlement {
  return SETTLEMENTS[terms.settlement.method];
}
