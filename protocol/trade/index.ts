/**
 * Trades: the messages, and the pure state machine over the set of them.
 *
 * A message is valid or not by its past alone (the messages reached through its `heads`), judged by the one table in
 * rules.ts. A state is a function of the *set* of valid messages. So whatever is lost, repeated or comes late on the way,
 * everybody who holds the same messages sees the same trade.
 *
 * ```ts
 * let outcome = apply(undefined, offer);          // {ok: true, state, effects} or {ok: false, code, message, allowed}
 * if (outcome.ok) outcome = apply(outcome.state, accept);
 * if (outcome.ok) console.log(outcome.state.word); // accepted
 * ```
 */
export { admits } from './admission.js';
export { describeMachine } from './describe.js';
export { effectsBetween, type Effect, type TradeEvent } from './effects.js';
export { DEADLINE_GRACE, deadlinesOf, OFFER_EXPIRY } from './guards.js';
export type { Equivocation, Log, Pair } from './log.js';
export type { Agreement, Conflict } from './negotiation.js';
export { CONFIRMATION_TIME, type Proposal } from './proposal.js';
export type { Claim, ContractRegion, DeliveryRegion, DisputeRegion, PaymentRegion, Regions } from './regions.js';
export { stateOf, type Replay, type ReplayOptions } from './replay.js';
export { otherRole, ROLES, type Parties, type Role } from './roles.js';
export { RULES, type Refusal, type Rule, type Rules } from './rules.js';
export {
  MAX_HEADS,
  MAX_MESSAGES,
  MAX_MESSAGES_A_PARTY,
  MESSAGE_KINDS,
  receiptSchema,
  TRADE_SCHEMAS,
  type MessageKind,
  type Receipt,
  type TradeMessage,
  type TradePayload,
  type TradePayloadOf,
} from './schema.js';
export {
  allowed,
  apply,
  messagesOf,
  nextHeads,
  refusalError,
  roleOf,
  type Applied,
  type Outcome,
  type TradeState,
} from './state.js';
export {
  checkTerms,
  DELIVERY_METHODS,
  lineSchema,
  SETTLEMENT_METHODS,
  STOCK_PROMISES,
  termsSchema,
  totalOf,
  type Line,
  type StockPromise,
  type Terms,
  type TermsProblem,
} from './terms.js';
export { WORDS, type Phase, type Word } from './words.js';
